table "workspaces" {
  schema = schema.main
  strict = true
  column "id" { type = text }
  column "name" { type = text }
  // The name in lower case, by which it is unique for its owner.
  column "name_key" { type = text }
  column "description" { type = text }
  column "visibility" { type = text }
  column "owner_user_id" {
    type = text
    null = true
  }
  column "created_at" { type = integer }
  column "updated_at" { type = integer }
  column "archived_at" {
    type = integer
    null = true
  }
  // strict, annotate or off.
  column "answer_policy" {
    type    = text
    default = "annotate"
  }
  // How the workspace is searched: a JSON object with what is set.
  column "retrieval" {
    type    = text
    default = "{}"
  }
  primary_key { columns = [column.id] }
  foreign_key "workspaces_owner_fk" {
    columns     = [column.owner_user_id]
    ref_columns = [table.users.column.id]
    on_delete   = SET_NULL
  }
  index "workspaces_owner_name_uq" {
    unique  = true
    columns = [column.owner_user_id, column.name_key]
  }
  index "workspaces_created_ix" { columns = [column.created_at, column.id] }
  check "workspaces_visibility_ck" { expr = "visibility IN ('PRIVATE', 'ORG_READ', 'SHARED')" }
}

table "workspace_members" {
  schema = schema.main
  strict = true
  column "workspace_id" { type = text }
  column "user_id" { type = text }
  column "created_at" { type = integer }
  primary_key { columns = [column.workspace_id, column.user_id] }
  foreign_key "workspace_members_workspace_fk" {
    columns     = [column.workspace_id]
    ref_columns = [table.workspaces.column.id]
    on_delete   = CASCADE
  }
  foreign_key "workspace_members_user_fk" {
    columns     = [column.user_id]
    ref_columns = [table.users.column.id]
    on_delete   = CASCADE
  }
  index "workspace_members_user_ix" { columns = [column.user_id, column.workspace_id] }
}
