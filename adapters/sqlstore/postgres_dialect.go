package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// postgres is the language of PostgreSQL with pgvector. Transactions that write read what is committed, statement by
// statement, and lock what they decide by.
type postgres struct{}

var _ dialect = postgres{}

// bind numbers the parameters and names the type of UUIDs: the driver announces arguments by their types in Go.
func (postgres) bind(query string, args []any) (string, []any) {
	var b strings.Builder
	bound := make([]any, len(args))
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String(), bound
		}
		b.WriteString("$" + strconv.Itoa(n))
		if n <= len(args) {
			var cast string
			bound[n-1], cast = argument(args[n-1])
			b.WriteString(cast)
		}
		query = after
	}
}

// argument is what the driver takes, with a cast where the type doesn't follow from that.
func argument(v any) (any, string) {
	switch v := v.(type) {
	case uuid.UUID:
		return v.String(), "::uuid"
	case string, []byte, int, int64, nil:
		return v, ""
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.String {
		return r.String(), ""
	}
	return v, ""
}

func (postgres) lock() string       { return " FOR UPDATE" }
func (postgres) lockFree() string   { return " FOR UPDATE SKIP LOCKED" }
func (postgres) lockShared() string { return " FOR KEY SHARE" }

// lockSpace sets our advisory locks apart from those of others in the database.
const lockSpace = 0x72616700

func (postgres) alone(ctx context.Context, tx bun.Tx, purpose lockPurpose, subject uuid.UUID) error {
	_, err := tx.NewRaw("SELECT pg_advisory_xact_lock(?, hashtext(?))", lockSpace+int32(purpose), subject.String()).Exec(ctx)
	return err
}

func (postgres) announce(ctx context.Context, tx bun.Tx) error {
	if _, err := tx.NewRaw("SELECT pg_notify(?, '')", channel).Exec(ctx); err != nil {
		return fmt.Errorf("announce deliveries: %w", err)
	}
	return nil
}

func (postgres) contains(haystack, needle string) string {
	return "strpos(" + haystack + ", " + needle + ") > 0"
}

func (postgres) bytes(text string) string { return "convert_to(" + text + ", 'UTF8')" }

func (postgres) members(list string, kind memberKind) string {
	value := map[memberKind]string{
		ofWords: "value", ofIntegers: "value::bigint", ofIDs: "value::uuid", ofHashes: "decode(value, 'hex')",
	}[kind]
	return "SELECT " + value + " FROM json_array_elements_text(" + list + "::json) AS member (value)"
}

func (postgres) property(object string) string {
	return "EXISTS (SELECT 1 FROM json_each_text(" + object + "::json) AS m (key, value)" +
		" WHERE m.key = ? AND coalesce(m.value, 'null') = ?)"
}

func (postgres) unindexed(column string) string { return column }

func (d postgres) blocks() string {
	return `SELECT segment_id, data FROM index_blocks WHERE id IN (
		SELECT (SELECT b.id FROM index_blocks AS b WHERE b.segment_id = s.value AND b.first_term <= convert_to(t.value, 'UTF8')
			ORDER BY b.first_term DESC LIMIT 1)
		FROM (` + d.members("?", ofIntegers) + `) AS s (value) CROSS JOIN (` + d.members("?", ofWords) + `) AS t (value))`
}

func (postgres) term(t string) any { return []byte(t) }

// vector is pgvector's text.
func (postgres) vector(v llm.Vector) any {
	out := make([]byte, 0, 12*len(v)+2)
	out = append(out, '[')
	for i, x := range v {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendFloat(out, float64(x), 'g', -1, 32)
	}
	return string(append(out, ']'))
}

// vectorBytes is pgvector's binary form.
func (postgres) vectorBytes(column string) string { return "vector_send(" + column + ")" }

// decodeVector reads the number of numbers, two bytes that mean nothing, and the numbers, all big endian.
func (postgres) decodeVector(raw []byte, into []float32) error {
	const header = 4
	if len(raw) != header+4*len(into) {
		return fmt.Errorf("it has %d bytes, not %d", len(raw), header+4*len(into))
	}
	for i := range into {
		into[i] = math.Float32frombits(binary.BigEndian.Uint32(raw[header+4*i:]))
	}
	return nil
}

func (postgres) keepVectors(ctx context.Context, tx bun.Tx, ws uuid.UUID, chunks span) error {
	_, err := exec(ctx, tx, `INSERT INTO vectors (space_id, workspace_id, chunk_no, code)
		SELECT e.space_id, ?, c.no, e.vector::halfvec FROM chunks AS c JOIN embeddings AS e ON e.hash = c.embedded
		WHERE c.no BETWEEN ? AND ? ON CONFLICT DO NOTHING`, ws, chunks.first, chunks.last)
	return err
}

func (d postgres) keepEmbedded(ctx context.Context, tx bun.Tx, space int64, hashes string) error {
	_, err := exec(ctx, tx, `INSERT INTO vectors (space_id, workspace_id, chunk_no, code)
		SELECT e.space_id, g.workspace_id, c.no, e.vector::halfvec FROM embeddings AS e
		JOIN chunks AS c ON c.embedded = e.hash JOIN generations AS g ON g.id = c.no >> 20
		WHERE e.space_id = ? AND e.hash IN (`+d.members("?", ofHashes)+") ON CONFLICT DO NOTHING", space, hashes)
	return err
}

func (postgres) dropVectors(ctx context.Context, tx bun.Tx, chunks span) error {
	_, err := exec(ctx, tx, `DELETE FROM vectors WHERE space_id IN (SELECT id FROM embedding_spaces)
		AND workspace_id = (SELECT workspace_id FROM generations WHERE id = ?) AND chunk_no BETWEEN ? AND ?`,
		chunks.first>>ordinalBits, chunks.first, chunks.last)
	return err
}

// classify goes by the codes of https://www.postgresql.org/docs/17/errcodes-appendix.html.
func (postgres) classify(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return unreachable(err)
	}
	switch e.Code {
	case "23505", "23P01":
		return fault.Conflict.Wrap(err, "there is one already")
	case "23503":
		return fault.Invalid.Wrap(err, "it refers to something that does not exist")
	case "22021", "22P05":
		return fault.Invalid.Wrap(err, "it holds characters that can't be stored")
	case "40001", "40P01", "55P03", "57014":
		return fault.Busy.Wrap(err, "the database is busy").Because(fault.ReasonDatabase)
	case "25006", "57P01", "57P02", "57P03":
		return fault.Unavailable.Wrap(err, "the database is not available").Because(fault.ReasonDatabase)
	}
	switch e.Code[:2] {
	case "08", "53", "58":
		return fault.Unavailable.Wrap(err, "the database is not available").Because(fault.ReasonDatabase)
	}
	return err
}

// unreachable gives a kind to errors that come from the way to the server.
func unreachable(err error) error {
	var connect *pgconn.ConnectError
	var network net.Error
	gone := func(lost error) bool { return errors.Is(err, lost) }
	if errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		slices.ContainsFunc([]error{driver.ErrBadConn, sql.ErrConnDone, net.ErrClosed, io.EOF, io.ErrUnexpectedEOF}, gone) {
		return fault.Unavailable.Wrap(err, "the database does not answer").Because(fault.ReasonDatabase)
	}
	return err
}
