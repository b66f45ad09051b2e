package main

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// words finds chunks by words alone.
func words(t *testing.T, app *core.App, ws workspace.ID, q string) []retrieval.Hit {
	t.Helper()
	return must(app.Search.Search(context.Background(), identity.System, ws,
		retrieval.Query{Text: q, K: 20, Arms: retrieval.LexicalArm}))(t).Hits
}

func TestReindexMakesTheSameIndexWithTheTitlesOfNow(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(t *testing.T) []string{
		"SQLite":     func(*testing.T) []string { return nil },
		"PostgreSQL": func(t *testing.T) []string { return []string{"DATABASE_URL=" + servers.Postgres(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, place(t)...)
			w.must("migrate")
			ctx, app, sys := context.Background(), w.app(), identity.System
			ws := must(app.Workspaces.Create(ctx, sys, workspace.Draft{Name: "Handbook"}))(t).ID
			long := "# Prices\n\n| Gadget | Doubloons |\n|---|---|\n" + strings.Repeat("| a lamp for the cellar | 17 |\n", 120)
			_, _, err := app.Documents.Upload(ctx, sys, ws, document.Incoming{Name: "b.md", Body: strings.NewReader(long)}, document.Details{})
			if err != nil {
				t.Fatal(err)
			}
			var ids []document.ID
			for _, text := range []string{"Trains are booked by the travel desk.", "Los trenes se reservan en la oficina de viajes.", "Trains that are gone."} {
				d, _, err := app.Documents.Upload(ctx, sys, ws, document.Incoming{Name: "a.txt", Body: strings.NewReader(text)}, document.Details{})
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, d.ID)
			}
			if err := app.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			if err := app.Documents.Delete(ctx, sys, ws, ids[2]); err != nil {
				t.Fatal(err)
			}
			before, led := words(t, app, ws, "trains travel desk trenes"), words(t, app, ws, "doubloons")
			if out := w.must("reindex"); !strings.HasPrefix(out, ws.String()+": ") {
				t.Errorf("reindex says %q", out)
			}
			if diff := cmp.Diff(before, words(t, app, ws, "trains travel desk trenes"), sameScore); diff != "" || len(before) != 2 {
				t.Errorf("searches differ (-before +after):\n%s", diff)
			}
			// The header of a table is indexed with each of its chunks, though it stands in the first one only.
			if diff := cmp.Diff(led, words(t, app, ws, "doubloons"), sameScore); diff != "" || len(led) < 2 {
				t.Errorf("searches for %d chunks of a table differ (-before +after):\n%s", len(led), diff)
			}
			title := "Zeppelins"
			must(app.Documents.Describe(ctx, sys, ws, ids[0], document.DetailsPatch{Title: &title}))(t)
			w.must("reindex", "--workspace", ws.String())
			if found := words(t, app, ws, "zeppelins"); len(found) != 1 || found[0].Document != ids[0] {
				t.Errorf("the new title finds %+v, want the document", found)
			}
			must(app.Documents.Restore(ctx, sys, ws, ids[2]))(t)
			if found := words(t, app, ws, "gone"); len(found) != 1 || found[0].Document != ids[2] {
				t.Errorf("a document that was deleted while its index was made anew, and restored, is found as %+v", found)
			}
			if r := w.ctl("", "reindex", "--workspace", "x"); r.code != exitUsage {
				t.Errorf("reindex of no id: exit code %d", r.code)
			}
		})
	}
}
