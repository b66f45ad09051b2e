table "users" {
  schema = schema.main
  strict = true
  column "id" { type = text }
  column "email" { type = text }
  column "password_hash" { type = text }
  column "role" { type = text }
  column "active" { type = integer }
  column "token_version" { type = integer }
  column "created_at" { type = integer }
  primary_key { columns = [column.id] }
  index "users_email_uq" {
    unique  = true
    columns = [column.email]
  }
  index "users_created_ix" { columns = [column.created_at, column.id] }
  check "users_role_ck" { expr = "role IN ('admin', 'employee')" }
}

table "api_keys" {
  schema = schema.main
  strict = true
  column "id" { type = text }
  column "name" { type = text }
  column "hash" { type = text }
  column "permissions" { type = text }
  column "workspaces" { type = text }
  column "created_by" { type = text }
  column "created_at" { type = integer }
  column "expires_at" {
    type = integer
    null = true
  }
  column "revoked_at" {
    type = integer
    null = true
  }
  column "last_used_at" {
    type = integer
    null = true
  }
  primary_key { columns = [column.id] }
  index "api_keys_hash_uq" {
    unique  = true
    columns = [column.hash]
  }
}
