package sqlstore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/uptrace/bun"
	bundialect "github.com/uptrace/bun/dialect"

	"github.com/ragcorp/ragcorp/core/llm"
)

// portability is what differs between databases for exports and imports.
type portability interface {
	name() string
	// begin readies a transaction that may take hours.
	begin(ctx context.Context, tx bun.Tx) error
	// vector turns what dialect.vectorBytes yields into float32 numbers, little endian.
	vector(raw []byte) ([]byte, error)
	// write turns a value of an export, which isn't null, into an argument.
	write(table string, c PortableColumn, v any) (any, error)
	// lastNumber is the last number that a row of a numbered table was given.
	lastNumber(ctx context.Context, tx bun.Tx, t PortableTable) (int64, error)
	// numberFrom sees to it that the next row gets a number greater than last and than those that are there.
	numberFrom(ctx context.Context, tx bun.Tx, t PortableTable, last int64) error
	// derive makes what is not in an export, after all rows are there.
	derive(ctx context.Context, tx bun.Tx) error
}

// portabilityOf returns that of a transaction's database.
func portabilityOf(tx bun.Tx) portability {
	if tx.Dialect().Name() == bundialect.PG {
		return postgresPortability{}
	}
	return sqlitePortability{}
}

// sqlitePortability is that of SQLite, whose types are those of the export.
type sqlitePortability struct{}

func (sqlitePortability) name() string { return "sqlite" }

func (sqlitePortability) begin(context.Context, bun.Tx) error { return nil }

func (sqlitePortability) vector(raw []byte) ([]byte, error) { return raw, nil }

func (sqlitePortability) write(_ string, _ PortableColumn, v any) (any, error) { return v, nil }

func (sqlitePortability) lastNumber(ctx context.Context, tx bun.Tx, t PortableTable) (n int64, err error) {
	err = tx.Tx.QueryRowContext(ctx, "SELECT seq FROM sqlite_sequence WHERE name = ?", t.Name).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil // nothing was ever inserted, or the table goes by the numbers that are there
	}
	return n, err
}

func (sqlitePortability) numberFrom(ctx context.Context, tx bun.Tx, t PortableTable, last int64) error {
	res, err := tx.Tx.ExecContext(ctx, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", last, t.Name)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 || last == 0 {
		return err
	}
	_, err = tx.Tx.ExecContext(ctx, "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", t.Name, last)
	return err
}

func (sqlitePortability) derive(context.Context, bun.Tx) error { return nil }

// postgresPortability is that of PostgreSQL, where UUIDs, vectors and the terms of the index have types of their own.
type postgresPortability struct{}

func (postgresPortability) name() string { return "postgres" }

func (postgresPortability) begin(ctx context.Context, tx bun.Tx) error {
	_, err := tx.Tx.ExecContext(ctx, "SELECT set_config('statement_timeout', '0', true),"+
		" set_config('idle_in_transaction_session_timeout', '0', true)")
	return err
}

func (postgresPortability) vector(raw []byte) ([]byte, error) {
	numbers := make([]float32, max(0, len(raw)/4-1)) // after four bytes of header
	if err := (postgres{}).decodeVector(raw, numbers); err != nil {
		return nil, err
	}
	out := make([]byte, 0, 4*len(numbers))
	for _, x := range numbers {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out, nil
}

func (postgresPortability) write(table string, c PortableColumn, v any) (any, error) {
	switch v := v.(type) {
	case []byte:
		if c.Kind != PortableVector {
			return v, nil
		}
		if len(v)%4 != 0 {
			return nil, fmt.Errorf("a vector has %d bytes", len(v))
		}
		numbers := make(llm.Vector, len(v)/4)
		for i := range numbers {
			numbers[i] = math.Float32frombits(binary.LittleEndian.Uint32(v[4*i:]))
		}
		return postgres{}.vector(numbers), nil
	case string:
		if table == "index_blocks" && c.Name == "first_term" {
			return postgres{}.term(v), nil
		}
	}
	return v, nil
}

func (postgresPortability) lastNumber(ctx context.Context, tx bun.Tx, t PortableTable) (n int64, err error) {
	err = queryRow(ctx, tx, "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(?, ?)::regclass), 0)", t.Name, t.key[0]).Scan(&n)
	return n, err
}

func (postgresPortability) numberFrom(ctx context.Context, tx bun.Tx, t PortableTable, last int64) error {
	var n int64
	if err := tx.NewSelect().Table(t.Name).ColumnExpr("coalesce(max(?), 0)", bun.Ident(t.key[0])).Scan(ctx, &n); err != nil {
		return err
	}
	if n = max(n, last); n == 0 {
		return nil
	}
	_, err := exec(ctx, tx, "SELECT setval(pg_get_serial_sequence(?, ?)::regclass, ?)", t.Name, t.key[0], n)
	return err
}

func (postgresPortability) derive(ctx context.Context, tx bun.Tx) error {
	_, err := tx.Tx.ExecContext(ctx, `INSERT INTO vectors (space_id, workspace_id, chunk_no, code)
		SELECT e.space_id, g.workspace_id, c.no, e.vector::halfvec FROM chunks AS c
		JOIN embeddings AS e ON e.hash = c.embedded JOIN generations AS g ON g.id = c.no >> 20 ON CONFLICT DO NOTHING`)
	if err != nil {
		return fmt.Errorf("index vectors: %w", err)
	}
	return nil
}
