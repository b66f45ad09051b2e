package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/coretest"
)

func TestUsersConform(t *testing.T) {
	t.Parallel()
	onEverySQLite(t, coretest.TestUsers)
}

func TestKeysConform(t *testing.T) {
	t.Parallel()
	onEverySQLite(t, coretest.TestKeys)
}

// onEverySQLite runs a suite on a database in memory, which has one connection, and on one in a file, which has many.
func onEverySQLite(t *testing.T, suite func(*testing.T, func(*testing.T) *sqlstore.Store)) {
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
}
