// atlas schema apply --env sqlite
// atlas schema apply --env postgres
//
// brings a database to the state under schema/. `ctl migrate` does the same without the atlas command, and the embedded
// profile does so by itself when it opens a folder.
variable "sqlite_path" {
  type        = string
  default     = "ragcorp-data/ragcorp.db"
  description = "file of the embedded profile's database"
}

variable "postgres_url" {
  type        = string
  default     = getenv("DATABASE_URL")
  description = "database of the production profile, with search_path=public among its parameters"
}

variable "postgres_dev_url" {
  type        = string
  default     = getenv("ATLAS_DEV_URL")
  description = "an empty database on a server with pgvector, in which atlas tries things out"
}

locals {
  // The community edition of atlas knows no extensions, so a query makes the one that the tables need.
  extension = "CREATE EXTENSION IF NOT EXISTS vector SCHEMA public; SELECT 'ready'"
}

data "sql" "target" {
  url   = var.postgres_url
  query = local.extension
}

data "sql" "dev" {
  url   = var.postgres_dev_url
  query = local.extension
}

env "sqlite" {
  url     = "sqlite://${var.sqlite_path}"
  dev     = "sqlite://dev?mode=memory"
  src     = "file://schema/sqlite"
  exclude = ["atlas_schema_revisions"]
}

env "postgres" {
  url = data.sql.target.value == "ready" ? var.postgres_url : ""
  dev = data.sql.dev.value == "ready" ? var.postgres_dev_url : ""
  src = "file://schema/postgres"
  // The program makes indexes over the vectors of large workspaces.
  exclude = ["atlas_schema_revisions", "vectors.vectors_hnsw_*[type=index]"]
}
