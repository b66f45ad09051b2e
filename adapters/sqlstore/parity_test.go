package sqlstore

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// The same documents, some of them deleted again, are found alike in both databases: the same chunks in the same order with
// the very same scores, by words and by vectors, with a filter and without.
func TestBothDatabasesFindTheSame(t *testing.T) {
	t.Parallel()
	documents := 3000
	if testing.Short() {
		documents = 600
	}
	worlds := []*indexWorld{
		newIndexWorld(t, &Options{Relaxed: true}),
		openIndexWorld(t, servers.Postgres(t), nil),
	}
	var outcomes [2][]string
	for i, w := range worlds {
		w.fill(documents-10, 3, 40)
		var some []document.ID
		for n := range 10 {
			m := w.add(4, 40)
			if n%2 == 0 {
				w.remove(m)
			}
			some = append(some, m.ID)
		}
		w.compact()
		for n := range 40 {
			var f retrieval.Filter
			if n%4 == 3 {
				f.Documents = some
			}
			outcomes[i] = append(outcomes[i], w.findings(t, f)...)
		}
	}
	if diff := cmp.Diff(outcomes[0], outcomes[1]); diff != "" {
		t.Errorf("the databases differ (-SQLite +PostgreSQL):\n%s", diff)
	}
}

// findings draws a query and prints what either arm finds.
func (w *indexWorld) findings(t *testing.T, f retrieval.Filter) (out []string) {
	t.Helper()
	var terms []retrieval.TermGroup
	for range 4 {
		terms = append(terms, retrieval.TermGroup{Alternatives: []string{w.term()}, Weight: 1})
	}
	lexical, err := w.Index().Lexical(t.Context(), w.scope, retrieval.LexicalQuery{
		Terms: terms, K: 20, Filter: f, BM25: retrieval.DefaultBM25(),
	})
	w.must(err)
	dense, err := w.Index().Dense(t.Context(), w.scope, retrieval.DenseQuery{Space: w.space, Vector: w.vector(), K: 20, Filter: f})
	w.must(err)
	for arm, scored := range [][]retrieval.Scored{lexical.Scored, dense} {
		for place, s := range scored {
			out = append(out, fmt.Sprintf("arm %d: %d %s %v", arm, place, s.Chunk, s.Score))
		}
	}
	return out
}
