// Requests that are done once: what came of them, under the key of whoever sent them.
table "requests" {
  schema        = schema.main
  strict        = true
  without_rowid = true
  // As in events.
  column "actor" { type = text }
  column "operation" { type = text }
  column "key" { type = text }
  column "content" { type = text }
  // JSON; null while it is being worked on.
  column "outcome" {
    type = text
    null = true
  }
  column "begun_at" { type = integer }
  primary_key { columns = [column.actor, column.operation, column.key] }
  index "requests_begun_ix" { columns = [column.begun_at] }
}
