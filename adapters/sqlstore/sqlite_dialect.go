package sqlstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// sqlite is the language of SQLite. Only one transaction writes at a time, so nothing needs a lock.
type sqlite struct{}

var _ dialect = sqlite{}

func (sqlite) bind(query string, args []any) (string, []any) { return query, args }

func (sqlite) lock() string       { return "" }
func (sqlite) lockFree() string   { return "" }
func (sqlite) lockShared() string { return "" }

func (sqlite) alone(context.Context, bun.Tx, lockPurpose, uuid.UUID) error { return nil }

func (sqlite) announce(context.Context, bun.Tx) error { return nil }

func (sqlite) contains(haystack, needle string) string {
	return "instr(" + haystack + ", " + needle + ") > 0"
}

func (sqlite) bytes(text string) string { return "CAST(" + text + " AS BLOB)" }

func (sqlite) members(list string, kind memberKind) string {
	if kind == ofHashes {
		return "SELECT unhex(value) FROM json_each(" + list + ")"
	}
	return "SELECT value FROM json_each(" + list + ")"
}

func (sqlite) property(object string) string {
	return "EXISTS (SELECT 1 FROM json_each(" + object + ") AS m WHERE m.key = ?" +
		" AND CASE m.type WHEN 'text' THEN m.value ELSE " + object + " -> m.fullkey END = ?)"
}

// unindexed writes a sign, which changes no value and hides the column.
func (sqlite) unindexed(column string) string { return "+" + column }

func (sqlite) blocks() string {
	return `SELECT segment_id, data FROM index_blocks WHERE id IN (
		SELECT (SELECT b.id FROM index_blocks AS b WHERE b.segment_id = s.value AND b.first_term <= t.value
			ORDER BY b.first_term DESC LIMIT 1)
		FROM json_each(?) AS s CROSS JOIN json_each(?) AS t)`
}

func (sqlite) term(t string) any { return t }

// vector is float32, little endian.
func (sqlite) vector(v llm.Vector) any {
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

func (sqlite) vectorBytes(column string) string { return column }

func (sqlite) decodeVector(raw []byte, into []float32) error {
	if len(raw) != 4*len(into) {
		return fmt.Errorf("it has %d bytes, not %d", len(raw), 4*len(into))
	}
	for i := range into {
		into[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return nil
}

func (sqlite) keepVectors(context.Context, bun.Tx, uuid.UUID, span) error { return nil }

func (sqlite) keepEmbedded(context.Context, bun.Tx, int64, string) error { return nil }

func (sqlite) dropVectors(context.Context, bun.Tx, span) error { return nil }

func (sqlite) classify(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fault.Conflict.Wrap(err, "there is one already")
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fault.Invalid.Wrap(err, "it refers to something that does not exist")
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fault.Busy.Wrap(err, "the database is busy").Because(fault.ReasonDatabase)
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return fault.Unavailable.Wrap(err, "the database can't be written to").Because(fault.ReasonDatabase)
	}
	return err
}
