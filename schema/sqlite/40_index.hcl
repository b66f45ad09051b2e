// Lexical index: an inverted index per workspace, in immutable segments that are merged now and then, as in a
// log-structured merge tree. A retired generation stays in its segment until a merge, under a tombstone.
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
  column "level" { type = integer }
  column "chunks" { type = integer }
  primary_key { columns = [column.id] }
  foreign_key "index_segments_workspace_fk" {
    columns     = [column.workspace_id]
    ref_columns = [table.workspaces.column.id]
    on_delete   = CASCADE
  }
  index "index_segments_workspace_ix" { columns = [column.workspace_id, column.level, column.id] }
}

table "postings" {
  schema        = schema.main
  strict        = true
  without_rowid = true
  column "segment_id" { type = integer }
  column "term" { type = text }
  // Chunk numbers, counts and lengths; the format is adapters/sqlstore's.
  column "data" { type = blob }
  primary_key { columns = [column.segment_id, column.term] }
}

table "index_tombstones" {
  schema        = schema.main
  strict        = true
  without_rowid = true
  column "workspace_id" { type = text }
  column "generation_id" { type = integer }
  primary_key { columns = [column.workspace_id, column.generation_id] }
}
