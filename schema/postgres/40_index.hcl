// Lexical index: an inverted index per workspace in immutable segments, which are merged now and then as in a
// log-structured merge tree. Every generation is in one segment, and stays there when it is retired until a merge drops it.

// What BM25 needs to know about the live chunks of a workspace.
table "index_stats" {
  schema = schema.public
  column "workspace_id" { type = uuid }
  column "language" { type = text }
  column "chunks" { type = bigint }
  column "terms" { type = bigint }
  primary_key { columns = [column.workspace_id, column.language] }
  foreign_key "index_stats_workspace_fk" {
    columns     = [column.workspace_id]
    ref_columns = [table.workspaces.column.id]
    on_delete   = CASCADE
  }
}

table "index_segments" {
  schema = schema.public
  column "id" {
    type = bigint
    identity { generated = BY_DEFAULT }
  }
  column "workspace_id" { type = uuid }
  // How many chunks it was made of, retired ones included.
  column "chunks" { type = bigint }
  // Generations that are gone for good and that the next merge drops; the formats are adapters/sqlstore's.
  column "dead" { type = bytea }
  // Its generations and their numbers of chunks. Only merges read it, so it stands last.
  column "generations" { type = bytea }
  primary_key { columns = [column.id] }
  foreign_key "index_segments_workspace_fk" {
    columns     = [column.workspace_id]
    ref_columns = [table.workspaces.column.id]
    on_delete   = CASCADE
  }
  index "index_segments_workspace_ix" { columns = [column.workspace_id] }
}

// A segment's terms in ascending order, with their chunks; a block holds the terms from first_term up to the next block's.
table "index_blocks" {
  schema = schema.public
  column "id" {
    type = bigint
    identity { generated = BY_DEFAULT }
  }
  column "segment_id" { type = bigint }
  // Bytes, whose order no locale changes.
  column "first_term" { type = bytea }
  column "data" { type = bytea }
  primary_key { columns = [column.id] }
  foreign_key "index_blocks_segment_fk" {
    columns     = [column.segment_id]
    ref_columns = [table.index_segments.column.id]
    on_delete   = CASCADE
  }
  index "index_blocks_term_uq" {
    unique  = true
    columns = [column.segment_id, column.first_term]
  }
}

// Generations that no search finds. A row goes when the generation's own row and its entries in the index are gone, or
// when it stands in its segment's list of dead ones.
table "index_tombstones" {
  schema = schema.public
  column "workspace_id" { type = uuid }
  column "generation_id" { type = bigint }
  primary_key { columns = [column.workspace_id, column.generation_id] }
}

// The vectors of live and retired chunks, from which pgvector finds the nearest in a workspace. Half precision finds; the
// vectors in embeddings give the scores. Derived from chunks and embeddings.
table "vectors" {
  schema = schema.public
  column "space_id" { type = bigint }
  column "workspace_id" { type = uuid }
  column "chunk_no" { type = bigint }
  column "code" { type = sql("halfvec") }
  primary_key { columns = [column.space_id, column.workspace_id, column.chunk_no] }
  foreign_key "vectors_space_fk" {
    columns     = [column.space_id]
    ref_columns = [table.embedding_spaces.column.id]
    on_delete   = CASCADE
  }
}
