// Desired state of the production profile's database: the tables of schema/sqlite, with the types of PostgreSQL, and the
// vectors that pgvector searches. Expressions are written as PostgreSQL prints them, so that comparing needs no second
// database. Every constraint has a name. Not declared here: the indexes vectors_hnsw_*, which the program makes for large
// workspaces and can make again at any time.
schema "public" {
  comment = "standard public schema"
}
