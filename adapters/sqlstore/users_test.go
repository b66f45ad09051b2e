package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

func TestUsersConform(t *testing.T) {
	t.Parallel()
	onEveryDatabase(t, coretest.TestUsers)
}

func TestKeysConform(t *testing.T) {
	t.Parallel()
	onEveryDatabase(t, coretest.TestKeys)
}

// onEveryDatabase runs a suite on SQLite in memory, which has one connection, on SQLite in a file, which has many, and on
// PostgreSQL.
func onEveryDatabase(t *testing.T, suite func(*testing.T, func(*testing.T) *sqlstore.Store)) {
	t.Helper()
	open := func(t *testing.T, url string) *sqlstore.Store {
		t.Helper()
		s, err := sqlstore.Open(t.Context(), url, &sqlstore.Options{Relaxed: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		suite(t, func(t *testing.T) *sqlstore.Store { return open(t, "sqlite::memory:") })
	})
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		suite(t, func(t *testing.T) *sqlstore.Store {
			return open(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
		})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		servers.PostgresServer(t)
		suite(t, func(t *testing.T) *sqlstore.Store { return open(t, servers.Postgres(t)) })
	})
}
