package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver

	"github.com/ragcorp/ragcorp/core/fault"
)

// sqliteEngine is the embedded profile: write-ahead log, one connection that writes in immediate transactions, and a pool
// of readers that never block it. It searches vectors in memory.
type sqliteEngine struct {
	writer  *sql.DB
	readers *sql.DB // nil for a database in memory, which belongs to its one connection
	vectors *vectorCache
}

var _ engine = sqliteEngine{}

const memory = ":memory:"

func openSQLite(ctx context.Context, path string, o Options) (*Store, error) {
	if path != memory {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fault.Unavailable.Wrap(err, "the folder of the database can't be made").Because(fault.ReasonDatabase)
		}
	}
	writer, err := sql.Open("sqlite", sqliteDSN(path, o, true))
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	writer.SetMaxOpenConns(1)
	e := sqliteEngine{writer: writer, vectors: &vectorCache{budget: o.VectorCacheBytes}}
	s := &Store{dialect: sqlite{}, options: o, writer: bun.NewDB(writer, sqlitedialect.New())}
	s.reader = s.writer
	if path != memory {
		readers, err := sql.Open("sqlite", sqliteDSN(path, o, false))
		if err != nil {
			return nil, fmt.Errorf("open sqlite: %w", err)
		}
		readers.SetMaxOpenConns(o.Connections)
		readers.SetMaxIdleConns(o.Connections)
		s.reader, e.readers = bun.NewDB(readers, sqlitedialect.New()), readers
	}
	s.engine = e
	if err := writer.PingContext(ctx); err != nil {
		_ = s.Close() // the error of the ping says more
		return nil, fault.Unavailable.Wrap(err, "the database file can't be opened").Because(fault.ReasonDatabase)
	}
	return s, nil
}

func sqliteDSN(path string, o Options, write bool) string {
	sync := "FULL"
	if o.Relaxed {
		sync = "NORMAL"
	}
	q := url.Values{}
	for _, pragma := range []string{
		"busy_timeout(15000)", "journal_mode(WAL)", "synchronous(" + sync + ")", "foreign_keys(1)",
		"temp_store(MEMORY)", "cache_size(-16384)", "mmap_size(0)", "journal_size_limit(67108864)",
	} {
		q.Add("_pragma", pragma)
	}
	if write {
		q.Set("_txlock", "immediate")
	} else {
		q.Add("_pragma", "query_only(1)")
	}
	if path == memory {
		return path + "?" + q.Encode()
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	if !filepath.IsAbs(path) {
		return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
	}
	return u.String()
}

// reading is nil: every transaction sees one state, and the driver knows no levels.
func (sqliteEngine) reading() *sql.TxOptions { return nil }

func (e sqliteEngine) close() error {
	if e.readers == nil {
		return e.writer.Close()
	}
	return errors.Join(e.readers.Close(), e.writer.Close())
}

func (sqliteEngine) tend(context.Context, uuid.UUID) error { return nil }

// listen has nobody to listen to: other processes on the same file are found by polling.
func (sqliteEngine) listen(context.Context, func()) {}
