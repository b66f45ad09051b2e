package core_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/eval"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// bound makes one document of all texts of a title, each under a heading that says nothing but its number, and returns for each
// title and heading which text it is.
func bound(ctx context.Context, t *testing.T, app *core.App, ws workspace.ID, dir string) map[string]string {
	t.Helper()
	books, place := map[string]*strings.Builder{}, map[string]string{}
	count := map[string]int{}
	for d, err := range eval.Documents(os.DirFS(dir)) {
		if err != nil {
			t.Fatal(err)
		}
		if books[d.Title] == nil {
			books[d.Title] = &strings.Builder{}
		}
		count[d.Title]++
		heading := fmt.Sprint("Parte ", count[d.Title])
		fmt.Fprintf(books[d.Title], "## %s\n\n%s\n\n", heading, d.Text)
		place[d.Title+"/"+heading] = d.ID
	}
	for title, b := range books {
		shelve(ctx, t, app, ws, title, b.String())
	}
	return place
}

// TestSectionsOfLongDocuments measures what two tiers do to rankings, and what passages do to answers, where each text of a set
// in BEIR's layout is a section of a long document.
func TestSectionsOfLongDocuments(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SECTIONS_DATA")
	if dir == "" {
		t.Skip("SECTIONS_DATA names no data set such as XQuAD-es")
	}
	life(t, t.TempDir(), &mortal{embedded: map[string]int{}, batches: -1}, func(ctx context.Context, app *core.App, _ *sqlstore.Store) {
		ws := newWorkspace(ctx, t, app)
		place := bound(ctx, t, app, ws, dir)
		queries, err := eval.Queries(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, twoTier := range []bool{false, true} {
			var rankings []eval.Ranking
			for _, q := range queries {
				r, err := app.Search.Search(ctx, identity.System, ws, retrieval.Query{Text: q.Text, K: 20, TwoTier: twoTier})
				if err != nil {
					t.Fatal(err)
				}
				rankings = append(rankings, eval.Ranking{Found: sectionsOf(r.Hits, place), Grades: q.Grades})
			}
			scores, err := eval.Measure(rankings, 10)
			t.Logf("two tiers %v: %+v, %v", twoTier, scores, err)
		}
		for _, e := range retrieval.Expansions() {
			t.Logf("answers with %s: %s", e, answered(ctx, t, app, ws, dir, e))
		}
	})
}

// sectionsOf names the texts that hits are in, each once.
func sectionsOf(hits []retrieval.Hit, place map[string]string) []string {
	var out []string
	seen := map[string]bool{}
	for _, h := range hits {
		if len(h.Headings) == 0 {
			continue
		}
		if id := place[h.Title+"/"+h.Headings[len(h.Headings)-1]]; id != "" && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// answered asks the questions of ask.jsonl and says what became of them.
func answered(ctx context.Context, t *testing.T, app *core.App, ws workspace.ID, dir string, e retrieval.Expansion) string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "ask.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	asked, right, cited, exact := 0, 0, 0, 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var q struct {
			Question string
			Answers  []string
		}
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			t.Fatal(err)
		}
		a, err := app.Chat.Ask(ctx, identity.System, chat.Question{Workspace: ws, Text: q.Question, Expand: e})
		if err != nil {
			t.Fatal(err)
		}
		asked++
		for _, want := range q.Answers {
			if strings.Contains(strings.ToLower(a.Text), strings.ToLower(want)) {
				right++
				break
			}
		}
		for _, c := range a.Citations {
			cited++
			if stored(ctx, t, app, ws, c.Document)[c.Span.Start:c.Span.End] == c.Quote {
				exact++
			}
		}
	}
	return fmt.Sprintf("%d of %d hold an accepted answer, %d of %d citations are exact", right, asked, exact, cited)
}
