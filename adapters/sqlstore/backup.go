package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"
)

// Snapshot is the database as one read transaction sees it, in a form that any database of ours can take in.
type Snapshot struct {
	tx     bun.Tx
	tables []PortableTable
}

// Export runs fn on a snapshot, which nobody's writes change and which holds up nobody's writes. It is of no use after fn.
func (s *Store) Export(ctx context.Context, fn func(ctx context.Context, x *Snapshot) error) error {
	tables, err := portableTables()
	if err != nil {
		return err
	}
	return s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := portabilityOf(tx).begin(ctx, tx); err != nil {
			return fmt.Errorf("begin an export: %w", err)
		}
		return fn(ctx, &Snapshot{tx, tables})
	})
}

// Tables returns the tables in an order in which rows may be inserted: none refers to one that comes later.
func (x *Snapshot) Tables() []PortableTable { return x.tables }

// Database is the kind of database.
func (x *Snapshot) Database() string { return portabilityOf(x.tx).name() }

// Rows calls yield with every row of a table, in the order of its key: a JSON list of the columns' values. A blob is a
// string in base64, a vector one of float32 numbers, little endian. The row is valid until yield returns; an error of yield
// is returned as it is.
func (x *Snapshot) Rows(ctx context.Context, t PortableTable, yield func(row []byte) error) (err error) {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if columns[i] = c.Name; c.Kind == PortableVector {
			columns[i] = speaks(x.tx).vectorBytes(c.Name)
		}
	}
	rows, err := x.tx.Tx.QueryContext(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+t.Name+" ORDER BY "+strings.Join(t.key, ", "))
	if err != nil {
		return fmt.Errorf("read table %s: %w", t.Name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	var out bytes.Buffer
	line := json.NewEncoder(&out)
	line.SetEscapeHTML(false)
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return fmt.Errorf("read table %s: %w", t.Name, err)
		}
		if err := t.encode(x.tx, values); err != nil {
			return err
		}
		out.Reset()
		if err := line.Encode(values); err != nil {
			return fmt.Errorf("encode a row of %s: %w", t.Name, err)
		}
		if err := yield(out.Bytes()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// encode turns what a driver returned into what stands in an export.
func (t PortableTable) encode(tx bun.Tx, values []any) (err error) {
	for i, c := range t.Columns {
		raw, isBytes := values[i].([]byte)
		switch {
		case values[i] == nil:
		case isBytes && len(raw) == 0:
			values[i] = []byte{} // a driver may return nil for it, which JSON would write as null
		case c.Kind == PortableText && isBytes:
			values[i] = string(raw)
		case c.Kind == PortableVector:
			if values[i], err = portabilityOf(tx).vector(raw); err != nil {
				return fmt.Errorf("column %s.%s: %w", t.Name, c.Name, err)
			}
		}
		// What JSON can't hold must not change on the way.
		if s, ok := values[i].(string); ok && !utf8.ValidString(s) {
			return fmt.Errorf("column %s.%s holds a text that is not valid UTF-8", t.Name, c.Name)
		}
	}
	return nil
}

// StoredFile is a file that a document refers to.
type StoredFile struct {
	Key       string
	MediaType string
	Size      int64 // bytes
	Deleted   bool  // the document is deleted, so the file may be gone at any moment
}

// Files calls yield with every file that a document refers to, in the order of their keys.
func (x *Snapshot) Files(ctx context.Context, yield func(f StoredFile) error) (err error) {
	rows, err := x.tx.NewSelect().Table("documents").Column("blob_key", "media_type", "size").
		ColumnExpr("CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END").Where("blob_key <> ''").Order("blob_key").Rows(ctx)
	if err != nil {
		return fmt.Errorf("list files: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	last := ""
	for rows.Next() {
		var f StoredFile
		var deleted int
		if err := rows.Scan(&f.Key, &f.MediaType, &f.Size, &deleted); err != nil {
			return fmt.Errorf("list files: %w", err)
		}
		if f.Deleted = deleted != 0; f.Key == last {
			continue
		}
		last = f.Key
		if err := yield(f); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Sequences returns, by table, the last number that a row was given. A number must not come back after a restore: the index
// remembers those of generations that are gone.
func (x *Snapshot) Sequences(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
	for _, t := range x.tables {
		if !t.numbered {
			continue
		}
		n, err := portabilityOf(x.tx).lastNumber(ctx, x.tx, t)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("read the sequence of %s: %w", t.Name, err)
		}
		out[t.Name] = n
	}
	return out, nil
}
