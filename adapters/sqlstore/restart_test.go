package sqlstore

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// Searches find the same chunks in the same order with the very same scores when they are repeated, and when the database was
// closed and opened again.
func TestSearchesFindTheSameAgainAndAfterARestart(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "r.db") },
		"PostgreSQL": func(t *testing.T) string { return servers.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			w := openIndexWorld(t, url, &Options{Relaxed: true})
			w.fill(60, 3, 40)
			w.remove(w.add(4, 40))
			ask := w.questions()
			before := ask(w)
			if diff := cmp.Diff(before, ask(w)); diff != "" {
				t.Errorf("again (-first +again):\n%s", diff)
			}
			again := *w
			var err error
			again.Store, err = Open(t.Context(), url, nil)
			w.must(err)
			defer func() { w.must(again.Close()) }()
			if diff := cmp.Diff(before, ask(&again)); diff != "" {
				t.Errorf("after a restart (-before +after):\n%s", diff)
			}
		})
	}
}

// questions draws queries for words, some of them misspelt and some of them beginnings, and vectors. What it returns asks them.
func (w *indexWorld) questions() func(w *indexWorld) []string {
	var lexical []retrieval.LexicalQuery
	var dense []retrieval.DenseQuery
	for range 20 {
		wrong, begun := w.term()+"q", w.term()
		lexical = append(lexical, retrieval.LexicalQuery{K: 20, BM25: retrieval.DefaultBM25(), Terms: []retrieval.TermGroup{
			{Alternatives: []string{w.term()}, Weight: 1},
			{Alternatives: []string{w.term()}, Weight: 2},
			{Alternatives: []string{wrong}, Weight: 1, Edits: 2},
			{Alternatives: []string{begun}, Weight: 1, Prefix: begun},
		}})
		dense = append(dense, retrieval.DenseQuery{Space: w.space, Vector: w.vector(), K: 20})
	}
	return func(w *indexWorld) (out []string) {
		for i := range lexical {
			words, err := w.Index().Lexical(w.tb.Context(), w.scope, lexical[i])
			w.must(err)
			near, err := w.Index().Dense(w.tb.Context(), w.scope, dense[i])
			w.must(err)
			out = append(out, fmt.Sprintf("%+v", words), fmt.Sprintf("%+v", near))
		}
		return out
	}
}
