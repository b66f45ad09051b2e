// Package archive is the file format of backups: one stream of rows and files that is written and read from its beginning
// to its end, with little of it in memory. It knows nothing of databases and of what the rows mean.
//
// An archive is a tar file in Zstandard compression (tar --zstd -tf shows it), with these entries, in this order:
//
//	manifest.json            Manifest: what this is, and the tables with their columns
//	blobs/KEY                the bytes of a file; its media type is the PAX record RAGCORP.media-type
//	tables/NAME/NNNNNN.jsonl rows of a table: a line for each, a JSON list of values in the order of the columns
//	contents.json            Contents: how much there was of everything, with checksums
//
// An archive without contents.json was cut off. In rows, a column of kind text is a string, integer a number, blob a string
// in base64, vector a string in base64 of float32 numbers, little endian; each may be null.
package archive

import (
	"errors"
	"fmt"
	"time"
)

// The format, as the manifest names it. The version changes when older programs could not read an archive any more.
const (
	Format  = "ragcorp-backup"
	Version = 1
)

// Manifest begins an archive.
type Manifest struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Time    time.Time `json:"created_at"`
	Program string    `json:"program"`  // that wrote it
	Source  string    `json:"database"` // the kind of database that the rows come from
	Tables  []Table   `json:"tables"`   // in the order in which rows may be inserted
}

// Table is a table whose rows are in the archive.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Column is a column of a table.
type Column struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// The kinds of columns.
const (
	KindText    = "text"
	KindInteger = "integer"
	KindBlob    = "blob"
	KindVector  = "vector"
)

// Contents ends an archive.
type Contents struct {
	Tables    map[string]Sum   `json:"tables"`
	Blobs     Sum              `json:"blobs"`
	Missing   []string         `json:"missing"`   // keys of blobs that were removed while the backup ran
	Sequences map[string]int64 `json:"sequences"` // by table: the last number that was given to a row, gone or not
}

// Sum says how much there is of something.
type Sum struct {
	Count  int64  `json:"count"` // rows or blobs
	Bytes  int64  `json:"bytes"` // of them
	SHA256 string `json:"sha256"`
}

// ErrDamaged reports that an archive can't be read as what it should be.
var ErrDamaged = errors.New("the archive is damaged")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrDamaged, fmt.Errorf(format, args...))
}
