table "users" {
  schema = schema.public
  column "id" { type = uuid }
  column "email" { type = text }
  column "password_hash" { type = text }
  column "role" { type = text }
  column "active" { type = bigint }
  column "token_version" { type = bigint }
  column "created_at" { type = bigint }
  primary_key { columns = [column.id] }
  index "users_email_uq" {
    unique  = true
    columns = [column.email]
  }
  index "users_created_ix" { columns = [column.created_at, column.id] }
  check "users_role_ck" { expr = "(role = ANY (ARRAY['admin'::text, 'employee'::text]))" }
}

table "api_keys" {
  schema = schema.public
  column "id" { type = uuid }
  column "name" { type = text }
  column "hash" { type = text }
  column "permissions" { type = text }
  column "workspaces" { type = text }
  column "created_by" { type = text }
  column "created_at" { type = bigint }
  column "expires_at" {
    type = bigint
    null = true
  }
  column "revoked_at" {
    type = bigint
    null = true
  }
  column "last_used_at" {
    type = bigint
    null = true
  }
  primary_key { columns = [column.id] }
  index "api_keys_hash_uq" {
    unique  = true
    columns = [column.hash]
  }
}
