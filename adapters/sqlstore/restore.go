package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Import runs fn, which fills an empty database with the rows of an export, in one transaction: after an error, or when the
// process dies, the database is as empty as before. fault.Conflict when it isn't empty.
func (s *Store) Import(ctx context.Context, fn func(ctx context.Context, in *Loading) error) error {
	tables, err := portableTables()
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		if err := portabilityOf(tx).begin(ctx, tx); err != nil {
			return fmt.Errorf("begin an import: %w", err)
		}
		if err := empty(ctx, tx, tables); err != nil {
			return err
		}
		in := &Loading{tx: tx, known: tables}
		defer func() { err = errors.Join(err, in.close()) }()
		return fn(ctx, in)
	})
}

// Empty reports whether an import may begin: fault.Conflict when there is anything in the database.
func (s *Store) Empty(ctx context.Context) error {
	tables, err := portableTables()
	if err != nil {
		return err
	}
	return s.read(ctx, func(ctx context.Context, tx bun.Tx) error { return empty(ctx, tx, tables) })
}

func empty(ctx context.Context, tx bun.Tx, tables []PortableTable) error {
	for _, t := range tables {
		found, err := tx.NewSelect().Table(t.Name).Exists(ctx)
		if err != nil {
			return fmt.Errorf("look into table %s: %w", t.Name, err)
		}
		if found {
			return fault.Conflict.Errorf("the database is not empty: there are %s", strings.ReplaceAll(t.Name, "_", " ")).
				Because("not_empty")
		}
	}
	return nil
}

// Loading is an import that is going on.
type Loading struct {
	tx    bun.Tx
	known []PortableTable
	open  *loadingTable
}

// loadingTable is the table whose rows come in now.
type loadingTable struct {
	PortableTable

	one, many *sql.Stmt
	values    []any // of rows that wait
	bytes     int   // of them
}

// Rows of an import wait until they are so many, or take so much memory, and go in by one statement.
const (
	loadRows  = 64
	loadBytes = 1 << 20
)

// Row adds a row of a table whose columns are given, as Snapshot.Rows yields it. All rows of a table must come in a row. A
// table or a column that this program doesn't know is fault.Invalid; a column that the export doesn't have takes its default.
func (in *Loading) Row(ctx context.Context, t PortableTable, row []byte) error {
	if in.open == nil || in.open.Name != t.Name {
		if err := in.begin(ctx, t); err != nil {
			return err
		}
	}
	values, err := in.open.decode(in.tx, row)
	if err != nil {
		return fmt.Errorf("a row of table %s: %w", t.Name, err)
	}
	in.open.values = append(in.open.values, values...)
	in.open.bytes += len(row)
	if len(in.open.values) < loadRows*len(in.open.Columns) && in.open.bytes < loadBytes {
		return nil
	}
	return in.flush(ctx)
}

// Finish makes what isn't in an export, and sees to it that the numbers of rows go on after those of the sequences.
func (in *Loading) Finish(ctx context.Context, sequences map[string]int64) error {
	if err := in.flush(ctx); err != nil {
		return err
	}
	for _, t := range in.known {
		if !t.numbered {
			continue
		}
		if err := portabilityOf(in.tx).numberFrom(ctx, in.tx, t, sequences[t.Name]); err != nil {
			return fmt.Errorf("set the sequence of %s: %w", t.Name, err)
		}
	}
	return portabilityOf(in.tx).derive(ctx, in.tx)
}

// begin turns to another table.
func (in *Loading) begin(ctx context.Context, t PortableTable) error {
	if err := in.flush(ctx); err != nil {
		return err
	}
	if err := in.close(); err != nil {
		return err
	}
	if err := in.knows(t); err != nil {
		return err
	}
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	head := "INSERT INTO " + t.Name + " (" + strings.Join(names, ", ") + ") VALUES "
	open := &loadingTable{PortableTable: t}
	in.open = open
	for _, s := range []struct {
		into **sql.Stmt
		rows int
	}{{&open.one, 1}, {&open.many, loadRows}} {
		var err error
		if *s.into, err = prepare(ctx, in.tx, head+tuples(s.rows, len(names))); err != nil { //nolint:sqlclosecheck // closed with the table
			return fmt.Errorf("insert into %s: %w", t.Name, err)
		}
	}
	return nil
}

// knows checks names before they get into a statement.
func (in *Loading) knows(t PortableTable) error {
	i := slices.IndexFunc(in.known, func(k PortableTable) bool { return k.Name == t.Name })
	if i < 0 {
		return fault.Invalid.Errorf("this program knows no table %q; a newer one has made the export", t.Name)
	}
	for _, c := range t.Columns {
		if !slices.Contains(in.known[i].Columns, c) {
			return fault.Invalid.Errorf("this program knows no column %q of table %s; a newer one has made the export", c.Name, t.Name)
		}
	}
	return nil
}

// tuples are parameters for the values of rows.
func tuples(rows, columns int) string {
	tuple := "(?" + strings.Repeat(", ?", columns-1) + ")"
	return tuple + strings.Repeat(", "+tuple, rows-1)
}

// flush inserts the rows that wait.
func (in *Loading) flush(ctx context.Context) error {
	if in.open == nil {
		return nil
	}
	t := in.open
	stmt, size := t.one, len(t.Columns)
	if len(t.values) == loadRows*size {
		stmt, size = t.many, len(t.values)
	}
	for values := range slices.Chunk(t.values, max(size, 1)) {
		if _, err := stmt.ExecContext(ctx, values...); err != nil {
			return fmt.Errorf("insert into %s: %w", t.Name, err)
		}
	}
	clear(t.values)
	t.values, t.bytes = t.values[:0], 0
	return nil
}

func (in *Loading) close() error {
	if in.open == nil {
		return nil
	}
	var errs []error
	for _, s := range []*sql.Stmt{in.open.one, in.open.many} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	in.open = nil
	return errors.Join(errs...)
}

// decode is the inverse of encode.
func (t *loadingTable) decode(tx bun.Tx, row []byte) ([]any, error) {
	var values []any
	d := json.NewDecoder(bytes.NewReader(row))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		return nil, err
	}
	if len(values) != len(t.Columns) {
		return nil, fmt.Errorf("it has %d values for %d columns", len(values), len(t.Columns))
	}
	for i, c := range t.Columns {
		v, err := c.value(values[i])
		if err == nil && v != nil {
			v, err = portabilityOf(tx).write(t.Name, c, v)
		}
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		values[i] = v
	}
	return values, nil
}

// value turns what JSON holds into what the column's kind means.
func (c PortableColumn) value(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // null is a value
	case json.Number:
		if c.Kind == PortableInteger {
			return v.Int64()
		}
	case string:
		switch c.Kind {
		case PortableText:
			return v, nil
		case PortableBlob, PortableVector:
			return base64.StdEncoding.DecodeString(v)
		case PortableInteger:
		}
	}
	return nil, fmt.Errorf("a value of kind %s is expected", c.Kind)
}
