package sqlstore

import (
	"context"
	"database/sql"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	bundialect "github.com/uptrace/bun/dialect"

	"github.com/ragcorp/ragcorp/core/llm"
)

// dialect is what differs between databases in the statements of this package. What bun writes differs by itself.
type dialect interface {
	// classify turns a driver's error into one with a kind, where a caller can act on it, by its code.
	classify(err error) error
	// bind writes a statement, whose parameters are question marks, and its arguments as the driver wants them.
	bind(query string, args []any) (string, []any)

	// lock is appended to a select in a write transaction whose rows are about to be updated.
	lock() string
	// lockFree is lock that leaves out rows which somebody else has locked.
	lockFree() string
	// lockShared is appended to a select whose rows must not be deleted before the transaction ends.
	lockShared() string
	// alone lets one transaction at a time go on from here, of those with the same purpose and subject.
	alone(ctx context.Context, tx bun.Tx, purpose lockPurpose, subject uuid.UUID) error
	// announce tells other processes, on commit, that deliveries may be due.
	announce(ctx context.Context, tx bun.Tx) error

	// contains is an expression that is true where the text of the first operand contains the second.
	contains(haystack, needle string) string
	// bytes is an expression for a text as bytes.
	bytes(text string) string
	// members is a query for the members of a JSON list.
	members(list string, kind memberKind) string
	// property is a condition with two parameters: the JSON object has this member with this value. A value that is no
	// string is written in JSON.
	property(object string) string
	// unindexed keeps the database from looking a column up in an index.
	unindexed(column string) string
	// blocks is a query with two parameters, JSON lists of segments and of terms: for the segment and the data of the blocks
	// in which the terms would stand.
	blocks() string
	// term is an argument for index_blocks.first_term.
	term(t string) any

	// vector is an argument for embeddings.vector.
	vector(v llm.Vector) any
	// vectorBytes is an expression for what decodeVector takes.
	vectorBytes(column string) string
	decodeVector(raw []byte, into []float32) error
	// keepVectors prepares chunks, given by a range of numbers, for the search by vector.
	keepVectors(ctx context.Context, tx bun.Tx, ws uuid.UUID, chunks span) error
	// keepEmbedded prepares all chunks with some of the texts for the search by vector.
	keepEmbedded(ctx context.Context, tx bun.Tx, space int64, hashes string) error
	// dropVectors undoes keepVectors.
	dropVectors(ctx context.Context, tx bun.Tx, chunks span) error
}

// lockPurpose says what a transaction wants to do alone.
type lockPurpose int32

const (
	toClaim   lockPurpose = iota + 1 // deliveries
	toCompact                        // the index of a workspace
	toMigrate                        // the schema
	toIndex                          // the vectors of a workspace in a space
)

// memberKind is what a JSON list holds.
type memberKind int

const (
	ofWords memberKind = iota
	ofIntegers
	ofIDs    // UUIDs
	ofHashes // bytes in hexadecimal digits
)

// span is a range of chunk numbers; both ends belong to it.
type span struct{ first, last int64 }

func spanOf(generation int64) span {
	return span{chunkNo(generation, 0), chunkNo(generation, maxOrdinal)}
}

// speaks returns the dialect of a connection.
func speaks(db bun.IDB) dialect {
	if db.Dialect().Name() == bundialect.PG {
		return postgres{}
	}
	return sqlite{}
}

// query runs a select whose parameters are question marks. Unlike bun's, it hands arguments to the driver instead of
// printing them into the statement.
func query(ctx context.Context, tx bun.Tx, statement string, args ...any) (*sql.Rows, error) {
	statement, args = speaks(tx).bind(statement, args)
	return tx.Tx.QueryContext(ctx, statement, args...) //nolint:rowserrcheck,sqlclosecheck // the caller's
}

// queryRow is query for one row.
func queryRow(ctx context.Context, tx bun.Tx, statement string, args ...any) *sql.Row {
	statement, args = speaks(tx).bind(statement, args)
	return tx.Tx.QueryRowContext(ctx, statement, args...)
}

// exec is query for statements that return no rows.
func exec(ctx context.Context, tx bun.Tx, statement string, args ...any) (sql.Result, error) {
	statement, args = speaks(tx).bind(statement, args)
	return tx.Tx.ExecContext(ctx, statement, args...)
}

// prepare prepares a statement whose parameters are question marks.
func prepare(ctx context.Context, tx bun.Tx, statement string) (*sql.Stmt, error) {
	statement, _ = speaks(tx).bind(statement, nil)
	return tx.Tx.PrepareContext(ctx, statement)
}
