// Desired state of the embedded profile's database. Times are microseconds since 1970 in UTC, ids are UUIDs as text,
// JSON is text. Every constraint has a name. Nothing outside these files creates a table.
schema "main" {}
