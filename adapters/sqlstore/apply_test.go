package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
)

func TestOpeningTwiceLeavesNothingToApply(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "a b", "r.db")
	for range 2 {
		s, err := sqlstore.Open(t.Context(), url, nil)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := s.Apply(t.Context(), sqlstore.ApplyOptions{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Statements) != 0 {
			t.Errorf("after Open there is still to do: %q", plan.Statements)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkOpenInMemory(b *testing.B) {
	for b.Loop() {
		s, err := sqlstore.Open(b.Context(), "sqlite::memory:", nil)
		if err != nil {
			b.Fatal(err)
		}
		_ = s.Close()
	}
}
