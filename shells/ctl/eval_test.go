package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/eval"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// smallSet writes a set of four documents, two of which have the same text, and returns its folder.
func smallSet(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"corpus.jsonl": `{"_id":"trains","title":"Travel","text":"Trains are booked by the travel desk."}
{"_id":"soup","title":"Kitchen","text":"The soup of the day is made of lentils."}
{"_id":"soup-again","title":"Menu","text":"The soup of the day is made of lentils."}
{"_id":"blank","title":"","text":" "}
{"_id":"untitled","title":"","text":"Parking is free for visitors."}
`,
		"queries.jsonl": `{"_id":"q1","text":"who books trains"}
{"_id":"q2","text":"which soup is made of lentils"}
{"_id":"q3","text":"a query that nobody judged"}
`,
		"qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\ttrains\t1\nq2\tsoup-again\t1\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type evaluated struct {
	CorpusSize int `json:"corpus_size"`
	QueryCount int `json:"query_count"`
	Metrics    map[string]float64
	PerQuery   []struct {
		ID    string   `json:"query_id"`
		Found []string `json:"retrieved_docs"`
	} `json:"per_query"`
}

func TestEvalMeasuresASetInEveryWayOfSearching(t *testing.T) {
	t.Parallel()
	w, dir := newWorld(t), smallSet(t)
	for _, arm := range []string{"hybrid", "fused", "lexical", "spelled", "dense", "ranks", "diverse"} {
		e := decode[evaluated](w, "eval", "--data", dir, "--arm", arm, "--k", "2", "--json")
		if e.CorpusSize != 4 || e.QueryCount != 2 || len(e.PerQuery) != 2 || len(e.Metrics) != 6 {
			t.Errorf("%s: %+v", arm, e)
			continue
		}
		if diff := cmp.Diff([]string{"soup", "soup-again"}, sorted(e.PerQuery[1].Found)); diff != "" {
			t.Errorf("%s: both documents of one text should be found (-want +got):\n%s", arm, diff)
		}
		if e.PerQuery[0].Found[0] != "trains" || e.Metrics["recall@2"] != 1 {
			t.Errorf("%s: %+v", arm, e)
		}
	}
	out := w.must("eval", "--data", dir, "--limit", "1")
	if !strings.Contains(out, "ndcg@10      1.0000") || !strings.Contains(out, "4 documents") || !strings.Contains(out, "1 queries") {
		t.Errorf("eval says:\n%s", out)
	}
	if _, err := os.Stat(w.env["DATA_DIR"]); err == nil {
		t.Error("eval touches the present installation")
	}
}

func sorted(s []string) []string {
	if len(s) == 2 && s[0] > s[1] {
		s[0], s[1] = s[1], s[0]
	}
	return s
}

func TestEvalCanAskAWorkspaceThatIsThere(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	app := w.app()
	ws, err := app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: "Handbook"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := app.Documents.IngestText(ctx, identity.System, ws.ID, document.TextDraft{
		Text: "Trains are booked by the travel desk.", Details: document.Details{Title: "Travel", Source: "trains"},
	}); err != nil {
		t.Fatal(err)
	}
	e := decode[evaluated](w, "eval", "--data", smallSet(t), "--workspace", ws.ID.String(), "--json")
	if e.CorpusSize != 0 || e.Metrics["hit@1"] != 0.5 {
		t.Errorf("eval: %+v, want that one of two queries is answered", e)
	}
}

func TestEvalFailsOnASetThatIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if r := w.ctl("", "eval", "--data", t.TempDir()); r.code != exitFailed {
		t.Errorf("an empty folder: exit code %d, %q", r.code, r.stderr)
	}
	dir := smallSet(t)
	if err := os.WriteFile(filepath.Join(dir, "corpus.jsonl"), []byte("{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := w.ctl("", "eval", "--data", dir); r.code != exitFailed || !strings.Contains(r.stderr, "corpus.jsonl: line 1") {
		t.Errorf("a broken corpus: exit code %d, %q", r.code, r.stderr)
	}
}

func TestEvalFailsBelowAThreshold(t *testing.T) {
	t.Parallel()
	w, dir := newWorld(t), smallSet(t)
	if r := w.ctl("", "eval", "--data", dir, "--at-least", "ndcg@10=0.8, mrr@10=0.75"); r.code != exitOK {
		t.Errorf("above: exit code %d, %s", r.code, r.stderr)
	}
	r := w.ctl("", "eval", "--data", dir, "--at-least", "precision@10=0.9")
	if r.code != exitFailed || !strings.Contains(r.stderr, "precision@10 is 0.1000, below 0.9") || !strings.Contains(r.stdout, "ndcg@10") {
		t.Errorf("below: exit code %d, %q", r.code, r.stderr)
	}
	for _, wrong := range []string{"ndcg@10", "ndcg@10=x", "nothing@10=1"} {
		if r := w.ctl("", "eval", "--data", dir, "--at-least", wrong); r.code != exitUsage {
			t.Errorf("--at-least %s: exit code %d, %q", wrong, r.code, r.stderr)
		}
	}
}

func TestEvalComparesWithAnEarlierRun(t *testing.T) {
	t.Parallel()
	w, dir := newWorld(t), smallSet(t)
	before := filepath.Join(t.TempDir(), "before.json")
	if err := os.WriteFile(before, []byte(w.must("eval", "--data", dir, "--arm", "lexical", "--json")), 0o600); err != nil {
		t.Fatal(err)
	}
	e := decode[struct{ Comparison comparison }](w, "eval", "--data", dir, "--compare", before, "--json")
	if e.Comparison.P != 1 || e.Comparison.Better+e.Comparison.Worse != 0 || e.Comparison.With != before {
		t.Errorf("compared: %+v, want no difference", e.Comparison)
	}
	if got := decode[struct{ Comparison comparison }](w, "eval", "--data", dir, "--arm", "dense", "--compare", before, "--json"); got.Comparison.Reordered == 0 {
		t.Errorf("another arm: %+v, want that a query found documents in another order", got.Comparison)
	}
	if r := w.ctl("", "eval", "--data", dir, "--compare", before, "--k", "3"); r.code != exitFailed {
		t.Errorf("a run with another cut: exit code %d", r.code)
	}
	out := w.must("eval", "--data", dir, "--ablation")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 1+len(steps()) || !slices.Equal(strings.Fields(lines[1])[:4], []string{"lexical", "0.8155", "+0.0000", "1.000"}) {
		t.Errorf("--ablation prints:\n%s", out)
	}
}

// The rankings are those of SQLite, and nothing is left on the server.
func TestEvalMeasuresOnPostgreSQL(t *testing.T) {
	t.Parallel()
	w, dir, server := newWorld(t), smallSet(t), servers.Postgres(t)
	databases := func() (n int) {
		db, err := sql.Open("pgx", server)
		if err == nil {
			err = errors.Join(db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_database WHERE starts_with(datname, 'ragcorp_aside_')").Scan(&n), db.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, arm := range []string{"lexical", "hybrid"} {
		before := filepath.Join(t.TempDir(), arm+".json")
		if err := os.WriteFile(before, []byte(w.must("eval", "--data", dir, "--arm", arm, "--json")), 0o600); err != nil {
			t.Fatal(err)
		}
		e := decode[struct{ Comparison comparison }](w, "eval", "--data", dir, "--arm", arm, "--database", server, "--compare", before, "--json")
		if e.Comparison.Reordered != 0 || e.Comparison.Difference != 0 {
			t.Errorf("%s: compared with SQLite: %+v, want no difference", arm, e.Comparison)
		}
	}
	if n := databases(); n != 0 {
		t.Errorf("%d databases are left", n)
	}
	for _, wrong := range []string{"sqlite:x.db", "postgres://127.0.0.1:1/x"} {
		if r := w.ctl("", "eval", "--data", dir, "--database", wrong); r.code == exitOK {
			t.Errorf("--database %s: exit code %d", wrong, r.code)
		}
	}
}

func TestEvalMisspellsTheSameWayForTheSameSeed(t *testing.T) {
	t.Parallel()
	queries := []eval.Query{{ID: "1", Text: "which soup is made of lentils"}, {ID: "2", Text: "who books trains"}}
	if diff := cmp.Diff(queries, misspelt(queries, 0)); diff != "" {
		t.Errorf("seed 0 changes queries:\n%s", diff)
	}
	a, b := misspelt(queries, 3), misspelt(queries[1:], 3)
	if a[0].Text == queries[0].Text || a[1].Text == queries[1].Text || a[1].Text != b[0].Text {
		t.Errorf("misspelt = %+v and %+v", a, b)
	}
}

func TestEvalMeasuresNoSearchThatGoesOnWithoutAModel(t *testing.T) {
	t.Parallel()
	model := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ Input []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !strings.Contains(in.Input[0], "\n") { // a query
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		data := make([]map[string]any, len(in.Input))
		for i := range data {
			data[i] = map[string]any{"index": i, "embedding": []int{1, 1}}
		}
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(map[string]any{"data": data})
	}))
	defer model.Close()
	const degraded = "went on without the step dense"
	w := newWorld(t, "EMBED_URL=openai:"+model.URL+"/v1#m", "EMBED_DIMENSION=2", "RETRY_MAX_ATTEMPTS=1")
	if r := w.ctl("", "eval", "--data", smallSet(t)); r.code != exitFailed || !strings.Contains(r.stderr, degraded) {
		t.Errorf("eval: exit code %d, %q", r.code, r.stderr)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, `{"matches":[],"degraded":["dense"]}`)
	}))
	defer server.Close()
	r := w.ctl("", "eval", "--data", smallSet(t), "--server", server.URL, "--workspace", "01890000-0000-7000-8000-000000000001")
	if r.code != exitFailed || !strings.Contains(r.stderr, degraded) {
		t.Errorf("eval of a server: exit code %d, %q", r.code, r.stderr)
	}
}

func TestEvalAsksAServerByItsAPI(t *testing.T) {
	t.Parallel()
	const ws, doc = "01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002"
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("X-API-Key") != "secret" {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch r.URL.Path {
		case "/v1/workspaces/" + ws + "/query":
			_, _ = io.WriteString(rw, `{"matches":[{"document_id":"`+doc+`"},{"document_id":"`+doc+`"}]}`)
		case "/v1/workspaces/" + ws + "/documents/" + doc:
			_, _ = io.WriteString(rw, `{"id":"`+doc+`","source":"trains"}`)
		default:
			rw.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	w, dir := newWorld(t), smallSet(t)
	e := decode[evaluated](w, "eval", "--data", dir, "--server", server.URL+"/", "--key", "secret", "--workspace", ws, "--json")
	if e.Metrics["hit@1"] != 0.5 || len(e.PerQuery) != 2 || len(e.PerQuery[0].Found) != 1 || asked != 3 {
		t.Errorf("eval: %+v after %d calls, want that one of two queries is answered after 3", e, asked)
	}
	if r := w.ctl("", "eval", "--data", dir, "--server", server.URL, "--workspace", ws); r.code != exitFailed || !strings.Contains(r.stderr, "401") {
		t.Errorf("without a key: exit code %d, %q", r.code, r.stderr)
	}
	if r := w.ctl("", "eval", "--data", dir, "--server", server.URL); r.code != exitUsage {
		t.Errorf("without a workspace: exit code %d", r.code)
	}
}
