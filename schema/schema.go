// Package schema holds the desired state of the databases, as the atlas command reads it, embedded in the program.
package schema

import "embed"

// SQLite is the schema of the embedded profile, in files named NN_noun.hcl.
//
//go:embed sqlite/*.hcl
var SQLite embed.FS

// Postgres is the schema of the production profile, in files of the same names.
//
//go:embed postgres/*.hcl
var Postgres embed.FS
