package core_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// shelf is an app with a workspace, and what finds titles in it.
type shelf struct {
	t    *testing.T
	app  *core.App
	here workspace.ID
}

func newShelf(t *testing.T, folder string) *shelf {
	t.Helper()
	return shelfWith(t, folder, nil)
}

func shelfWith(t *testing.T, folder string, o *core.Options) *shelf {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(folder, "x.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blobstore.Dir(filepath.Join(folder, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close(); _ = blobs.Close() })
	app, err := core.New(core.Ports{
		Store: store, Blobs: blobs, Parser: parse.InProcess(parse.Options{}),
		Embedder: offline.NewEmbedder(), Generator: offline.NewGenerator(),
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	return &shelf{t: t, app: app}
}

func (l *shelf) workspace(name string) workspace.ID {
	l.t.Helper()
	ws, err := l.app.Workspaces.Create(l.t.Context(), identity.System, workspace.Draft{Name: name})
	if err != nil {
		l.t.Fatal(err)
	}
	return ws.ID
}

func (l *shelf) put(ws workspace.ID, title, text string) {
	l.t.Helper()
	_, _, err := l.app.Documents.IngestText(l.t.Context(), identity.System, ws, document.TextDraft{
		Text: text, Details: document.Details{Title: title},
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

// find returns the hits of a query.
func (l *shelf) find(q retrieval.Query) []retrieval.Hit {
	l.t.Helper()
	if q.K == 0 {
		q.K = 10
	}
	found, err := l.app.Search.Search(l.t.Context(), identity.System, l.here, q)
	if err != nil {
		l.t.Fatal(err)
	}
	return found.Hits
}

// titles returns what a query finds by words.
func (l *shelf) titles(query string, exact bool) []string {
	l.t.Helper()
	var out []string
	for _, h := range l.find(retrieval.Query{Text: query, Arms: retrieval.LexicalArm, Exact: exact}) {
		out = append(out, h.Title)
	}
	slices.Sort(out)
	return out
}

func TestMarksInAQueryAndTypingErrorsAreUnderstood(t *testing.T) {
	t.Parallel()
	l := newShelf(t, t.TempDir())
	l.here = l.workspace("Handbook")
	l.put(l.here, "one", "The travel desk books trains for all employees of the company.")
	l.put(l.here, "two", "A desk for travel is in the hall. Trains are late, and the employees know it.")
	l.put(l.here, "three", "Vacations and vacancies are listed in the handbook of the employees.")
	for _, c := range []struct {
		query string
		exact bool
		want  []string
	}{
		{"travel desk", false, []string{"one", "two"}},
		{`"travel desk"`, false, []string{"one"}},
		{`"Travel-Desk" trains`, false, []string{"one"}},
		{`"desk travel"`, false, nil},
		{"vacan*", false, []string{"three"}},
		{"vacan*", true, nil},
		{"trainz", false, []string{"one", "two"}},
		{"trvel", false, []string{"one", "two"}},
		{"trvel", true, nil},
		{`"trvel desk"`, false, nil},
	} {
		if diff := cmp.Diff(c.want, l.titles(c.query, c.exact)); diff != "" {
			t.Errorf("%s, exact %v (-want +got):\n%s", c.query, c.exact, diff)
		}
	}
}

func TestAPhraseIsFoundHoweverManyChunksOnlyHaveItsWords(t *testing.T) {
	t.Parallel()
	l := newShelf(t, t.TempDir())
	l.here = l.workspace("Handbook")
	for i := range 150 {
		l.put(l.here, fmt.Sprint("decoy ", i), fmt.Sprintf("desk travel %d", i))
	}
	l.put(l.here, "wanted", "There is, among much else that is said here at some length, a travel desk on the second floor.")
	hits := l.find(retrieval.Query{Text: `"travel desk"`, K: 1})
	if len(hits) != 1 || hits[0].Title != "wanted" {
		t.Errorf("found %+v, want the one document that has the phrase", hits)
	}
}

func TestResultsAreTheSameWhateverOtherWorkspacesHoldAndAfterARestart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	l := newShelf(t, folder)
	l.here = l.workspace("Handbook")
	for i := range 8 {
		l.put(l.here, fmt.Sprint("doc ", i), fmt.Sprintf("Rule %d of the company is about travel number %d and vacations.", i, i*i))
	}
	ask := func(l *shelf) (out [][]retrieval.Hit) {
		for _, query := range []string{"travel vacations", "vacatoin rule", `"rule 3" comp*`, "número de viaje", "acquisition"} {
			out = append(out, l.find(retrieval.Query{Text: query}), l.find(retrieval.Query{Text: query, Diverse: new(true), K: 3}))
		}
		return out
	}
	before := ask(l)
	if diff := cmp.Diff(before, ask(l)); diff != "" {
		t.Errorf("asking again changes results (-before +after):\n%s", diff)
	}
	away := l.workspace("Away")
	for i := range 30 {
		l.put(away, fmt.Sprint("foreign ", i), fmt.Sprintf("Vacatoin, acquisitions, travel travel %d, la regla de viajes y vacaciones.", i))
	}
	if diff := cmp.Diff(before, ask(l)); diff != "" {
		t.Errorf("another workspace changes results (-before +after):\n%s", diff)
	}
	again := newShelf(t, folder)
	again.here = l.here
	if diff := cmp.Diff(before, ask(again)); diff != "" {
		t.Errorf("a restart changes results (-before +after):\n%s", diff)
	}
}

func TestWordsInTitlesCountAsTheirWeightSays(t *testing.T) {
	t.Parallel()
	for weight, want := range map[int][]string{-1: {"Grass"}, 0: {"Grass", "Zebra"}, 1: {"Grass", "Zebra"}, 4: {"Zebra", "Grass"}} {
		options := func(weight int) *core.Options { return &core.Options{Documents: document.Options{TitleWeight: weight}} }
		folder := t.TempDir()
		l := shelfWith(t, folder, options(weight))
		l.here = l.workspace("Animals")
		l.put(l.here, "Zebra", "It lives on the plains of Africa.")
		l.put(l.here, "Grass", "A zebra eats it, and then the zebra sleeps.")
		q := retrieval.Query{Text: "zebra", Arms: retrieval.LexicalArm}
		if diff := cmp.Diff(want, titlesOf(l.find(q))); diff != "" {
			t.Errorf("with the weight %d (-want +got):\n%s", weight, diff)
		}
		other := shelfWith(t, folder, options(9))
		other.here = l.here
		if _, err := other.app.Documents.Reindex(t.Context(), identity.System, l.here); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"Zebra", "Grass"}, titlesOf(other.find(q))); diff != "" {
			t.Errorf("indexed anew with another weight (-want +got):\n%s", diff)
		}
	}
}

func titlesOf(hits []retrieval.Hit) (titles []string) {
	for _, h := range hits {
		titles = append(titles, h.Title)
	}
	return titles
}

// fragile embeds documents and panics at queries.
type fragile struct{ llm.Embedder }

func (f fragile) Embed(ctx context.Context, p llm.Purpose, texts []string) ([]llm.Vector, error) {
	if p == llm.ForQuery {
		panic("fragile")
	}
	return f.Embedder.Embed(ctx, p, texts)
}

func TestAPanicOfAModelFailsTheSearchAndNotTheProgram(t *testing.T) {
	t.Parallel()
	store, err := sqlstore.Open(t.Context(), "sqlite::memory:", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	app, err := core.New(core.Ports{
		Store: store, Blobs: bucket.Memory(), Parser: parse.InProcess(parse.Options{}),
		Embedder: fragile{offline.NewEmbedder()}, Generator: offline.NewGenerator(),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &shelf{t: t, app: app}
	l.here = l.workspace("Here")
	l.put(l.here, "Vault", "The code of the vault is in the safe.")
	if err := app.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = app.Search.Search(t.Context(), identity.System, l.here, retrieval.Query{Text: "vault"})
	if err == nil || fault.Of(err) != nil || !strings.Contains(err.Error(), "fragile") {
		t.Errorf("the search ends with %v", err)
	}
}
