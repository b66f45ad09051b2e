table "events" {
  schema = schema.main
  strict = true
  column "id" { type = text }
  column "name" { type = text }
  column "time" { type = integer }
  column "actor" { type = text }
  column "workspace_id" {
    type = text
    null = true
  }
  column "subject" { type = text }
  column "topic" { type = text }
  column "data" { type = text }
  primary_key { columns = [column.id] }
  index "events_workspace_ix" { columns = [column.workspace_id, column.id] }
}

table "deliveries" {
  schema = schema.main
  strict = true
  column "event_id" { type = text }
  column "topic" { type = text }
  // The event's workspace, empty when it has none; workspaces take turns.
  column "workspace_id" { type = text }
  column "state" { type = text }
  column "attempts" { type = integer }
  column "failures" { type = integer }
  column "available_at" { type = integer }
  column "lease_token" {
    type = text
    null = true
  }
  column "lease_until" {
    type = integer
    null = true
  }
  column "error" { type = text }
  column "settled_at" {
    type = integer
    null = true
  }
  primary_key { columns = [column.event_id] }
  foreign_key "deliveries_event_fk" {
    columns     = [column.event_id]
    ref_columns = [table.events.column.id]
    on_delete   = CASCADE
  }
  index "deliveries_due_ix" {
    columns = [column.topic, column.workspace_id, column.event_id]
    where   = "state IN ('pending', 'leased')"
  }
  index "deliveries_state_ix" { columns = [column.state, column.event_id] }
  check "deliveries_state_ck" { expr = "state IN ('pending', 'leased', 'done', 'dead')" }
}

// When a workspace was last served, so that workspaces take turns.
table "delivery_turns" {
  schema        = schema.main
  strict        = true
  without_rowid = true
  column "workspace_id" { type = text }
  column "served_at" { type = integer }
  primary_key { columns = [column.workspace_id] }
}
