// Lexical index: an inverted index per workspace in immutable segments, which are merged now and then as in a
// log-structured merge tree. Every generation is in one segment, and stays there when it is retired until a merge drops it.

// What BM25 needs to know about the live chunks of a workspace.
table "index_stats" {
  schema = schema.main
  strict = true
  column "workspace_id" { type = text }
  column "language" { type = text }
  column "chunks" { type = integer }
  column "terms" { type = integer }
  primary_key { columns = [column.workspace_id, column.language] }
  foreign_key "index_stats_workspace_fk" {
    columns     = [column.workspace_id]
    ref_columns = [table.workspaces.column.id]
    on_delete   = CASCADE
  }
}

table "index_segments" {
  schema = schema.main
  strict = true
  column "id" {
    type           = integer
    auto_increment = true
  }
  column "workspace_id" { type = text }
  // How many chunks it was made of, retired ones included.
  column "chunks" { type = integer }
  // Generations that are gone for good and that the next merge drops; the formats are adapters/sqlstore's.
  column "dead" { type = blob }
  // Its generations and their numbers of chunks. Only merges read it, so it stands last.
  column "generations" { type = blob }
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
  schema = schema.main
  strict = true
  column "id" { type = integer }
  column "segment_id" { type = integer }
  column "first_term" { type = text }
  column "data" { type = blob }
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
  schema        = schema.main
  strict        = true
  without_rowid = true
  column "workspace_id" { type = text }
  column "generation_id" { type = integer }
  primary_key { columns = [column.workspace_id, column.generation_id] }
}
