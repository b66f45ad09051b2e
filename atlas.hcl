// atlas schema apply --env sqlite
//
// brings the database of the embedded profile to the state under schema/sqlite. The programs do the same by themselves
// when they open a folder.
variable "sqlite_path" {
  type        = string
  default     = "ragcorp-data/ragcorp.db"
  description = "file of the embedded profile's database"
}

env "sqlite" {
  url     = "sqlite://${var.sqlite_path}"
  dev     = "sqlite://dev?mode=memory"
  src     = "file://schema/sqlite"
  exclude = ["atlas_schema_revisions"]
}
