package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"
)

// portability is what differs between databases for exports and imports.
type portability interface {
	name() string
	// read is an expression for a column.
	read(table string, c PortableColumn) string
	// vector turns what read returned for a vector into float32 numbers, little endian.
	vector(raw []byte) ([]byte, error)
	// write turns a value of an export into an argument.
	write(table string, c PortableColumn, v any) (any, error)
	// lastNumber is the last number that a row of a numbered table was given.
	lastNumber(ctx context.Context, tx bun.Tx, t PortableTable) (int64, error)
	// numberFrom sees to it that the next row gets a greater number.
	numberFrom(ctx context.Context, tx bun.Tx, t PortableTable, last int64) error
	// derive makes what is not in an export, after all rows are there.
	derive(ctx context.Context, tx bun.Tx) error
	// placeholder is the parameter with the number, from 1.
	placeholder(n int) string
}

// portabilityOf returns that of a transaction's database.
func portabilityOf(bun.Tx) portability { return sqlitePortability{} }

// sqlitePortability is that of SQLite, whose types are those of the export.
type sqlitePortability struct{}

func (sqlitePortability) name() string { return "sqlite" }

func (sqlitePortability) read(_ string, c PortableColumn) string { return c.Name }

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

func (sqlitePortability) placeholder(int) string { return "?" }
