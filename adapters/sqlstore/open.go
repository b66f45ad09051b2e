package sqlstore

import (
	"context"
	"strings"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Options are the settings of a Store; nil means defaults.
type Options struct {
	// Connections is how many are open at once, at most; on SQLite those that read, beside the one that writes. Defaults to 16.
	Connections int
	// Relaxed lets SQLite lose an acknowledged write when the power fails (never when the process dies), for the sake of speed.
	// Defaults to false: every write is on the disk before it is acknowledged.
	Relaxed bool
	// VectorCacheBytes bounds the memory for the codes of vectors by which SQLite's are searched. Workspaces that don't fit are
	// searched from the disk. Defaults to 1 GiB.
	VectorCacheBytes int64
	// ExactMost is up to how many chunks a workspace on PostgreSQL is searched by vector exactly; a larger one is searched through
	// an index of its own. Defaults to 10,000.
	ExactMost int
	// KeepSchema leaves the schema as it is; a schema that differs from the wanted one is then an error of kind fault.Conflict.
	// Defaults to false: the schema is brought up to date on opening, unless that would destroy data.
	KeepSchema bool
	// AnySchema doesn't look at the schema at all: for those who are about to call Apply. Nothing else may be relied on then.
	AnySchema bool
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Connections <= 0 {
		c.Connections = 16
	}
	if c.ExactMost <= 0 {
		c.ExactMost = exactMost
	}
	if c.VectorCacheBytes <= 0 {
		c.VectorCacheBytes = 1 << 30
	}
	return c
}

// Open opens the database that the URL names and brings its schema up to date:
//
//	sqlite:PATH       a file, made if there is none
//	sqlite::memory:   in memory, empty, gone on Close
//	postgres://...    a database of PostgreSQL 17 with pgvector 0.8; postgresql:// is the same
//
// An unknown scheme is an error of kind fault.Invalid.
func Open(ctx context.Context, url string, o *Options) (*Store, error) {
	var s *Store
	var err error
	switch scheme, rest, _ := strings.Cut(url, ":"); {
	case scheme == "sqlite" && rest != "":
		s, err = openSQLite(ctx, strings.TrimPrefix(rest, "//"), o.withDefaults())
	case scheme == "postgres" || scheme == "postgresql":
		s, err = openPostgres(ctx, url, o.withDefaults())
	default:
		return nil, fault.Invalid.Errorf("the database URL must be sqlite:PATH, sqlite::memory: or postgres://...")
	}
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close() // the error of preparing says more
		return nil, err
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context) error {
	if s.options.AnySchema {
		return nil
	}
	plan, err := s.engine.apply(ctx, ApplyOptions{DryRun: s.options.KeepSchema, Destructive: s.options.KeepSchema, Quick: true})
	if err != nil {
		return err
	}
	if s.options.KeepSchema && len(plan.Statements) > 0 {
		return fault.Conflict.Errorf("the schema of the database is not up to date; run `ctl migrate`").Because("schema_behind")
	}
	return nil
}
