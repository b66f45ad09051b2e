package sqlstore_test

import (
	"testing"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/coretest"
)

func TestIndexConforms(t *testing.T) {
	t.Parallel()
	onEveryDatabase(t, coretest.TestIndex)
}

func TestIndexConformsWithoutMemoryForVectors(t *testing.T) {
	t.Parallel()
	coretest.TestIndex(t, func(t *testing.T) *sqlstore.Store {
		s, err := sqlstore.Open(t.Context(), "sqlite::memory:", &sqlstore.Options{VectorCacheBytes: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	})
}
