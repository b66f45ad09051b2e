package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/core/identity"
)

// files makes a folder out of pairs of path and content; a path alone, with no content, is deleted.
func (w *world) files(dir string, pairs ...string) {
	w.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		path := filepath.Join(dir, filepath.FromSlash(pairs[i]))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(pairs[i+1]), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

// serve serves the installation, and returns the flags that make ctl use it.
func (w *world) serve() []string {
	w.t.Helper()
	app := w.app()
	_, key, err := app.Accounts.CreateKey(w.t.Context(), identity.System, identity.KeyDraft{Name: "k", Permissions: identity.Permissions()})
	if err != nil {
		w.t.Fatal(err)
	}
	api := httpapi.New(httpapi.Deps{App: app, Log: zap.NewNop()}, httpapi.Options{MaxBody: 1 << 20, MaxUpload: 1 << 20, RateRPS: 50, RateBurst: 50})
	server := httptest.NewServer(api.Handler())
	w.t.Cleanup(server.Close)
	w.env["RAGCORP_API_KEY"] = key
	return []string{"--server", server.URL, "--no-wait"}
}

type ingested struct {
	Outcomes map[outcome]int
	Files    []fileOutcome
}

func (i ingested) String() string {
	var out []string
	for _, o := range outcomes() {
		if n := i.Outcomes[o]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(out, ", ")
}

func TestIngestBringsAFolderUpToDate(t *testing.T) {
	t.Parallel()
	for what, flags := range map[string]func(*world) []string{
		"the installation": func(*world) []string { return nil },
		"a server":         (*world).serve,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			dir := t.TempDir()
			w.files(dir, "a.md", "# A\n\nAlpha.", "sub/b.txt", "Beta.", "sub/same.txt", "Beta.", "c.exe", "MZ\x90\x00\xff\xff\x00\x01",
				".git/config", "hidden", "drafts/d.md", "Draft.", "empty.txt", "")
			base := append([]string{"ingest", "--workspace", "Docs", "--json", "--exclude", "drafts", "--exclude", "empty*"}, flags(w)...)
			step := func(want string, args ...string) ingested {
				t.Helper()
				got := decode[ingested](w, append(append([]string{}, base...), args...)...)
				if got.String() != want {
					t.Errorf("ingest %v: %s, want %s; %+v", args, got, want, got.Files)
				}
				return got
			}
			step("4 new", "--dry-run", "--create", dir)
			step("3 new, 1 ignored", "--create", dir)
			step("3 unchanged, 1 ignored", dir)
			w.files(dir, "a.md", "# A\n\nAlpha, changed.", "sub/e.md", "Epsilon.")
			step("1 new, 1 changed, 2 unchanged, 1 ignored", dir)
			step("1 unchanged", "--include", "sub/**/e.*", dir)
			if err := os.Remove(filepath.Join(dir, "sub", "b.txt")); err != nil {
				t.Fatal(err)
			}
			if r := w.ctl("", append(append([]string{}, base...), "--prune", "--prune-max", "10", dir)...); r.code != exitFailed || !strings.Contains(r.stderr, "1 of 4") {
				t.Errorf("pruning more than is allowed: exit code %d, %s", r.code, r.stderr)
			}
			step("3 unchanged, 1 ignored, 1 pruned", "--prune", "--include", "*.*", dir)
			step("3 unchanged, 1 ignored", "--prune", dir)
		})
	}
}

func TestIngestTellsWhatWentWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	w.files(dir, "good.txt", "Good.", "empty.txt", "", "bad.pdf", "%PDF-1.4 and nothing else")
	r := w.ctl("", "ingest", "--workspace", "Docs", "--create", dir)
	if r.code != exitFailed || !strings.Contains(r.stdout, "failed: bad.pdf: ") || !strings.Contains(r.stdout, "failed: empty.txt: file is empty") ||
		!strings.Contains(r.stderr, "2 of 3 files failed") {
		t.Errorf("exit code %d:\n%s\n%s", r.code, r.stdout, r.stderr)
	}
	for _, args := range [][]string{
		{dir},
		{"--workspace", "Docs"},
		{"--workspace", "Docs", "--include", "[", dir},
		{"--workspace", "Docs", "--prune", dir, dir},
		{"--workspace", "Docs", "--server", "nowhere", dir},
		{"--workspace", "Docs", "--server", "http://localhost:1", dir},
	} {
		if r := w.ctl("", append([]string{"ingest"}, args...)...); r.code != exitUsage {
			t.Errorf("ingest %q: exit code %d: %s", args, r.code, r.stderr)
		}
	}
	for _, args := range [][]string{
		{"--workspace", "None", dir}, {"--workspace", "Docs", filepath.Join(dir, "*.nothing")}, {"--workspace", "Docs", "--root", filepath.Join(dir, "x"), dir},
	} {
		if r := w.ctl("", append([]string{"ingest"}, args...)...); r.code != exitFailed {
			t.Errorf("ingest %q: exit code %d: %s", args, r.code, r.stderr)
		}
	}
}
