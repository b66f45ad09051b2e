package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
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
	for _, arm := range []string{"hybrid", "lexical", "dense"} {
		e := decode[evaluated](w, "eval", "--data", dir, "--arm", arm, "--k", "2", "--json")
		if e.CorpusSize != 4 || e.QueryCount != 2 || len(e.PerQuery) != 2 || len(e.Metrics) != 4 {
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
