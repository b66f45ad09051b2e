package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// threeNumbers is a model that speaks OpenAI's wire format.
func threeNumbers(t *testing.T) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Input []string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		data := make([]map[string]any, len(in.Input))
		for i, s := range in.Input {
			data[i] = map[string]any{"index": i, "embedding": []float64{1, float64(len(s)%7) / 10, 0.1}}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestTheCommandsChangeTheEmbeddingModel(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(t *testing.T) []string{
		"SQLite":     func(*testing.T) []string { return nil },
		"PostgreSQL": func(t *testing.T) []string { return []string{"DATABASE_URL=" + servers.Postgres(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, place(t)...)
			w.must("migrate")
			url, old := threeNumbers(t), "offline-hash-1"
			next := "openai:" + strings.TrimPrefix(url, "http://") + "/m"
			ws := library(t, w, 40)
			w.env["EMBED_NEXT_URL"] = "openai:" + url + "/v1#m"
			// spaces expects the spaces as they are listed, and where a search looks.
			expect := func(serving string, want ...spaceJSON) {
				t.Helper()
				got := decode[struct{ Spaces []spaceJSON }](w, "spaces", "--json").Spaces
				for i := range got {
					got[i].Dimension = 0
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("spaces (-want +got):\n%s", diff)
				}
				found := must(w.app().Search.Search(context.Background(), identity.System, ws, retrieval.Query{Text: "pump 7", K: 5}))(t)
				if len(found.Hits) != 5 || found.Trace.Space != serving {
					t.Errorf("a search found %d hits in %q, want 5 in %q", len(found.Hits), found.Trace.Space, serving)
				}
			}
			refused := func(why string, args ...string) {
				t.Helper()
				if r := w.ctl("", args...); r.code != exitFailed || !strings.Contains(r.stderr, why) {
					t.Errorf("ctl %v: exit code %d, %q, want %q", args, r.code, r.stderr, why)
				}
			}
			expect(old, spaceJSON{Name: old, Serving: true, Embedded: 40}, spaceJSON{Name: next, Missing: 40})
			refused("40 chunks have no vector", "spaces", "use", next)
			if out := w.must("spaces", "fill"); !strings.Contains(out, next+": 40 chunks of 1 workspaces are missing") {
				t.Errorf("spaces fill says %q", out)
			}
			if out := w.must("spaces", "fill", "--wait"); !strings.HasSuffix(out, "\n0 chunks are missing\n") {
				t.Errorf("spaces fill --wait says %q", out)
			}
			w.must("spaces", "use", next)
			expect(next, spaceJSON{Name: old, Embedded: 40}, spaceJSON{Name: next, Serving: true, Embedded: 40})
			w.must("spaces", "use", old)
			expect(old, spaceJSON{Name: old, Serving: true, Embedded: 40}, spaceJSON{Name: next, Embedded: 40})
			w.must("spaces", "use", next)
			refused("still configured", "spaces", "remove", old)
			archive := filepath.Join(t.TempDir(), "backup")
			w.must("backup", archive)
			copied := newWorld(t, "EMBED_NEXT_URL="+w.env["EMBED_NEXT_URL"])
			copied.must("restore", archive)
			if diff := cmp.Diff(w.must("spaces"), copied.must("spaces")); diff != "" {
				t.Errorf("what was restored has other spaces (-want +got):\n%s", diff)
			}

			delete(w.env, "EMBED_NEXT_URL") // too early
			expect("", spaceJSON{Name: old, Embedded: 40}, spaceJSON{Name: next, Serving: true, Embedded: 40})
			refused("searches look in", "spaces", "remove", next)
			if r := w.ctl("", "doctor"); r.code != exitFailed || !strings.Contains(r.stdout, "searches look in "+next+", for which no model is configured") {
				t.Errorf("doctor: exit code %d, %s", r.code, r.stdout)
			}
			w.env["EMBED_URL"] = "openai:" + url + "/v1#m"
			if out := w.must("spaces", "remove", old); out != old+" is removed, with 40 vectors.\n" {
				t.Errorf("spaces remove says %q", out)
			}
			expect(next, spaceJSON{Name: next, Serving: true, Embedded: 40})
			refused("there is no embedding space", "spaces", "remove", old)
			if r := w.ctl("", "spaces", "use"); r.code != exitUsage {
				t.Errorf("spaces use without a name: exit code %d", r.code)
			}
		})
	}
}

// library brings a document with so many sections, each of them a chunk, and returns its workspace.
func library(t *testing.T, w *world, sections int) workspace.ID {
	t.Helper()
	ctx, app := context.Background(), w.app()
	ws := must(app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: "Pumps"}))(t).ID
	var text strings.Builder
	for i := range sections {
		fmt.Fprintf(&text, "# Section %d\n\nPump %d is opened with key %d. %s\n\n", i, i, i*7919%1000, strings.Repeat("It is closed by hand, slowly, and with care. ", 15))
	}
	_, _, err := app.Documents.Upload(ctx, identity.System, ws, document.Incoming{Name: "pumps.md", Body: strings.NewReader(text.String())}, document.Details{})
	if err == nil {
		err = app.Drain(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ws
}
