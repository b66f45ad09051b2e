package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"ariga.io/atlas/sql/migrate"
	atlas "ariga.io/atlas/sql/schema"
	atlassqlite "ariga.io/atlas/sql/sqlite"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/schema"
)

// sqliteDialect is the embedded profile: write-ahead log, one connection that writes in immediate transactions, and a pool
// of readers that never block it.
type sqliteDialect struct {
	writer *sql.DB
}

var _ dialect = sqliteDialect{}

const memory = ":memory:"

func openSQLite(ctx context.Context, path string, o Options) (*Store, error) {
	if path != memory {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fault.Unavailable.Wrap(err, "the folder of the database can't be made")
		}
	}
	writer, err := sql.Open("sqlite", sqliteDSN(path, o, true))
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	writer.SetMaxOpenConns(1)
	s := &Store{dialect: sqliteDialect{writer}, options: o, writer: bun.NewDB(writer, sqlitedialect.New())}
	s.reader = s.writer // a database in memory belongs to its one connection
	if path != memory {
		readers, err := sql.Open("sqlite", sqliteDSN(path, o, false))
		if err != nil {
			return nil, fmt.Errorf("open sqlite: %w", err)
		}
		readers.SetMaxOpenConns(o.Readers)
		readers.SetMaxIdleConns(o.Readers)
		s.reader = bun.NewDB(readers, sqlitedialect.New())
	}
	if err := writer.PingContext(ctx); err != nil {
		_ = s.Close() // the error of the ping says more
		return nil, fault.Unavailable.Wrap(err, "the database file can't be opened")
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

func (sqliteDialect) lock() string { return "" }

func (sqliteDialect) contains(haystack, needle string) string {
	return "instr(" + haystack + ", " + needle + ") > 0"
}

func (sqliteDialect) classify(err error) error {
	var e *sqlite.Error
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
		return fault.Busy.Wrap(err, "the database is busy")
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return fault.Unavailable.Wrap(err, "the database can't be written to")
	}
	return err
}

// apply holds the write lock from inspecting to committing, so that two processes on a fresh folder don't meet.
func (d sqliteDialect) apply(ctx context.Context, o ApplyOptions) (plan Plan, err error) {
	mark, err := fingerprint(schema.SQLite, "sqlite")
	if err != nil {
		return Plan{}, fmt.Errorf("read schema: %w", err)
	}
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return Plan{}, d.classify(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var have int32
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return Plan{}, d.classify(err)
	}
	if o.Quick && have == mark {
		return Plan{}, nil
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = off"); err != nil {
		return Plan{}, d.classify(err)
	}
	defer func() {
		_, restore := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA foreign_keys = on")
		err = errors.Join(err, restore)
	}()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return Plan{}, d.classify(err)
	}
	plan, err = d.applyLocked(ctx, conn, o, mark)
	end := "COMMIT"
	if err != nil || o.DryRun {
		end = "ROLLBACK"
	}
	if _, endErr := conn.ExecContext(context.WithoutCancel(ctx), end); endErr != nil {
		return Plan{}, errors.Join(err, d.classify(endErr))
	}
	return plan, err
}

func (d sqliteDialect) applyLocked(ctx context.Context, conn *sql.Conn, o ApplyOptions, mark int32) (Plan, error) {
	drv, err := atlassqlite.Open(conn)
	if err != nil {
		return Plan{}, fmt.Errorf("open schema driver: %w", err)
	}
	want, err := sqliteSchema()
	if err != nil {
		return Plan{}, fmt.Errorf("evaluate schema: %w", err)
	}
	have, err := drv.InspectSchema(ctx, "main", &atlas.InspectOptions{Exclude: []string{"atlas_schema_revisions"}})
	if err != nil {
		return Plan{}, fmt.Errorf("inspect schema: %w", err)
	}
	changes, err := drv.SchemaDiff(have, want)
	if err != nil {
		return Plan{}, fmt.Errorf("compare schemas: %w", err)
	}
	if !o.Destructive {
		if err := refuseDestruction(changes); err != nil {
			return Plan{}, err
		}
	}
	p, err := drv.PlanChanges(ctx, planName("sqlite"), changes)
	if err != nil {
		return Plan{}, fmt.Errorf("plan schema: %w", err)
	}
	if !o.DryRun {
		return Plan{statements(p)}, d.execute(ctx, conn, p, mark)
	}
	return Plan{statements(p)}, nil
}

func (sqliteDialect) execute(ctx context.Context, conn *sql.Conn, p *migrate.Plan, mark int32) error {
	for _, c := range p.Changes {
		if _, err := conn.ExecContext(ctx, c.Cmd, c.Args...); err != nil {
			return fmt.Errorf("apply schema: %s: %w", c.Comment, err)
		}
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", mark))
	return err
}

// sqliteSchema evaluates the desired state, once.
var sqliteSchema = sync.OnceValues(func() (*atlas.Schema, error) {
	p, err := hclFiles(schema.SQLite, "sqlite")
	if err != nil {
		return nil, err
	}
	var realm atlas.Realm
	if err := atlassqlite.EvalHCL.Eval(p, &realm, nil); err != nil {
		return nil, err
	}
	main, ok := realm.Schema("main")
	if !ok {
		return nil, errors.New("there is no schema main")
	}
	return main, nil
})
