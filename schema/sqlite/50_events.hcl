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
  // Of the actor, when it happened.
  column "role" {
    type    = text
    default = ""
  }
  // W3C traceparent of what caused it; empty when that was not traced.
  column "trace" {
    type    = text
    default = ""
  }
  primary_key { columns = [column.id] }
  index "events_workspace_ix" { columns = [column.workspace_id, column.id] }
  // The order of the audit trail.
  index "events_time_ix" { columns = [column.time, column.id] }
}

table "deliveries" {
  schema        = schema.main
  strict        = true
  without_rowid = true
  column "event_id" { type = text }
  column "topic" { type = text }
  // The event's workspace, empty when it has none; workspaces take turns.
  column "workspace_id" { type = text }
  column "state" { type = text }
  column "attempts" { type = integer }
  column "failures" { type = integer }
  // 1: to be claimed from available_at on, which is hardly ever in the future. 0: not before available_at, because it is
  // leased or waits for another try; the first claim after that makes it 1. Null: settled or dead. So a claim finds the
  // oldest event by walking an index in which nearly everything may be claimed, however much waits.
  column "due" {
    type    = integer
    null    = true
    default = 1
  }
  // While leased: when the lease runs out.
  column "available_at" { type = integer }
  column "lease_token" {
    type = text
    null = true
  }
  // While leased: when the lease runs out. While pending: until when it is on offer to a transport; null when it is not.
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
    columns = [column.topic, column.workspace_id, column.event_id, column.available_at]
    where   = "due = 1"
  }
  index "deliveries_later_ix" {
    columns = [column.available_at]
    where   = "due = 0"
  }
  index "deliveries_leased_ix" {
    columns = [column.workspace_id, column.available_at]
    where   = "state = 'leased'"
  }
  index "deliveries_state_ix" { columns = [column.state, column.topic, column.event_id] }
  index "deliveries_settled_ix" {
    columns = [column.state, column.settled_at]
    where   = "settled_at IS NOT NULL"
  }
  check "deliveries_state_ck" { expr = "state IN ('pending', 'leased', 'done', 'dead')" }
  check "deliveries_due_ck" { expr = "CASE WHEN due IS NULL THEN state IN ('done', 'dead') ELSE state IN ('pending', 'leased') END" }
}

// The last turn that a workspace took: turns are counted over all workspaces, so the smallest waits longest. A count,
// not a time, because claims of one moment and of machines whose clocks differ have an order too.
table "delivery_turns" {
  schema        = schema.main
  strict        = true
  without_rowid = true
  column "workspace_id" { type = text }
  column "turn" { type = integer }
  primary_key { columns = [column.workspace_id] }
  index "delivery_turns_ix" { columns = [column.turn] }
}
