package coretest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// misspelt makes a query for a word that may have errors.
func misspelt(word string, edits int) retrieval.LexicalQuery {
	q := asked(10, word)
	q.Terms[0].Edits = edits
	return q
}

func indexSpellings(t *testing.T, w *indexWorld) {
	for i := range 300 {
		w.add(w.draft(fmt.Sprint("filler ", i)), text.English, fmt.Sprintf("vacuum%d va%dcuum volume", i, i))
	}
	w.add(w.draft("doc"), text.English, "vacation policy", "vacations", "travel zeal", "größe")
	for round := range 2 { // in many segments, then in few
		for word, want := range map[string]int{
			"vacatoin": 1, "vacatio": 1, "vacation": 1, "vacationss": 1, "wacation": 0, "trafel": 1, "zael": 1, "größse": 1, "gräße": 1, "q": 0,
		} {
			if got := w.checkLexical(w.all, misspelt(word, 2)); len(got) != want {
				t.Errorf("round %d: %q found %d chunks, want %d", round, word, len(got), want)
			}
		}
		if got := w.checkLexical(w.all, misspelt("vacatoin", 0)); len(got) != 0 {
			t.Errorf("a word that must be right found %d chunks", len(got))
		}
		q := asked(1000, "none")
		q.Terms[0].Prefix = "vacation"
		if got := w.checkLexical(w.all, q); len(got) != 2 {
			t.Errorf("a prefix found %d chunks, want 2", len(got))
		}
		w.must(w.Janitor().Compact(w.ctx(), w.ws.ID))
	}
}

func indexHiddenSpellings(t *testing.T, w *indexWorld) {
	secret := w.draft("secret")
	secret.AllowedRoles = []identity.Role{identity.Admin}
	w.add(secret, text.English, "acquisition targets")
	w.add(w.draft("open"), text.English, "acquisitive people")
	away := w.draft("away")
	away.Workspace = w.workspace("Away", w.owner).ID
	w.add(away, text.English, "acquisitions")
	worker := w.reader(w.user("worker@example.com", identity.Employee))
	for s, want := range map[workspace.Scope][]string{
		worker: {"acquisitive"}, w.reader(w.user("admin@example.com", identity.Admin)): {"acquisition"},
	} {
		for _, word := range []string{"acquisition", "acquisitiom"} {
			if s != worker && word == "acquisition" {
				continue // an admin finds it as it is
			}
			found, err := w.Index().Lexical(w.ctx(), s, misspelt(word, 3))
			w.must(err)
			if !slices.Equal(found.Words[0].Alternatives, want) {
				t.Errorf("%q stands for %q, want %q", word, found.Words[0].Alternatives, want)
			}
			w.checkLexical(s, misspelt(word, 3))
		}
		q := asked(10, "none")
		q.Terms[0].Prefix = "acq"
		for _, term := range w.wordsOf(s, q) {
			if s == worker && term == "acquisition" || term == "acquisitions" {
				t.Errorf("a prefix shows %q", term)
			}
		}
	}
}

// wordsOf returns the terms that the first word of a query stands for.
func (w *indexWorld) wordsOf(s workspace.Scope, q retrieval.LexicalQuery) []string {
	w.t.Helper()
	found, err := w.Index().Lexical(w.ctx(), s, q)
	w.must(err)
	return found.Words[0].Alternatives
}
