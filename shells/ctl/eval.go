package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/eval"
	"github.com/ragcorp/ragcorp/core/retrieval"
)

// evaluation is what the flags of eval say.
type evaluation struct {
	data      string
	limit     int
	k         int
	passages  int
	arm       string
	workspace string
	asJSON    bool
	guard     string
}

func evalCommand() command {
	return command{
		name: "eval", summary: "measure the search with a set of judged queries",
		help: `
Reads a set in the layout of BEIR: corpus.jsonl, queries.jsonl and qrels/test.tsv in one folder. Its documents are loaded into an
installation that is thrown away afterwards, with the models and chunk sizes of the present configuration. With --workspace
the queries go to a workspace of the present installation instead, whose documents have the set's ids as their source.

Each query takes the same way as one over HTTP. A document ranks where its best passage ranks. Queries for which the set
judges no document to be relevant are left out.

With --guard the detector of prompt injection is measured: each line of the file is a JSON object with a text, whether it is an
attack, and its kind, such as {"text": "...", "attack": false, "kind": "ordinary"}.`,
		define: func(f *flag.FlagSet) action {
			var e evaluation
			f.StringVar(&e.data, "data", "", "`FOLDER` of the set; needed")
			f.IntVar(&e.limit, "limit", 0, "ask the first `N` queries only")
			f.IntVar(&e.k, "k", 10, "cut rankings after `N` documents")
			f.IntVar(&e.passages, "passages", 50, "ask for `N` passages per query, at most 50")
			f.StringVar(&e.arm, "arm", "hybrid", "`WAY` of searching: hybrid, lexical or dense")
			f.StringVar(&e.workspace, "workspace", "", "`ID` of a workspace to ask instead of loading the documents")
			f.StringVar(&e.guard, "guard", "", "`FILE` of texts, to measure the detector of prompt injection instead of the search")
			f.BoolVar(&e.asJSON, "json", false, "print JSON, with the ranking of every query")
			return func(ctx context.Context, p *process, _ []string) error { return e.run(ctx, p) }
		},
	}
}

// arms lists the ways of searching.
func arms() map[string]retrieval.Arms {
	return map[string]retrieval.Arms{"hybrid": retrieval.AllArms, "lexical": retrieval.LexicalArm, "dense": retrieval.DenseArm}
}

func (e evaluation) check() error {
	_, known := arms()[e.arm]
	switch {
	case e.data == "":
		return usageError{"--data is missing"}
	case !known:
		return usageError{"--arm must be one of " + strings.Join(slices.Sorted(maps.Keys(arms())), ", ")}
	case e.k < 1 || e.limit < 0:
		return usageError{"--k must be at least 1, and --limit not negative"}
	case e.passages < 1 || e.passages > 50:
		return usageError{"--passages must be from 1 to 50"}
	}
	return nil
}

func (e evaluation) run(ctx context.Context, p *process) error {
	if e.guard != "" {
		return e.measureGuard(p)
	}
	if err := e.check(); err != nil {
		return err
	}
	c, err := p.config()
	if err != nil {
		return err
	}
	queries, err := eval.Queries(os.DirFS(e.data))
	if err != nil {
		return err
	}
	if e.limit > 0 {
		queries = queries[:min(e.limit, len(queries))]
	}
	if len(queries) == 0 {
		return errors.New("the set has no query for which a document is judged to be relevant")
	}
	if e.workspace != "" {
		ws, err := uuid.Parse(e.workspace)
		if err != nil {
			return usageError{"--workspace is no id"}
		}
		return p.withApp(ctx, func(app *core.App) error {
			return e.measure(ctx, p, &subject{app: app, config: c, workspace: ws}, queries)
		})
	}
	return e.apart(ctx, p, c, queries)
}

// apart measures in an installation that is thrown away.
func (e evaluation) apart(ctx context.Context, p *process, c adapters.Config, queries []eval.Query) (err error) {
	dir, err := os.MkdirTemp("", "ragcorp-eval-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	app, closeApp, err := openApp(ctx, scratch(c, dir))
	if err != nil {
		return err
	}
	defer closeApp()
	s := &subject{app: app, config: c}
	if err := s.load(ctx, e.data, p.Stderr); err != nil {
		return err
	}
	return e.measure(ctx, p, s, queries)
}

// scratch is the configuration of an installation in a temporary folder that takes whatever a set contains.
func scratch(c adapters.Config, dir string) adapters.Config {
	c.Data.Dir, c.Data.DatabaseURL, c.Data.BlobURL = dir, "sqlite:"+filepath.Join(dir, "eval.db"), "mem:"
	c.Data.RelaxedSync, c.Data.AutoMigrate = true, true
	c.Documents.MaxTitle, c.Documents.MaxText, c.HTTP.MaxUpload = 100_000, 100_000_000, 500<<20
	c.Auth.JWTSecret, c.Auth.APIKeys, c.Auth.RBAC = rand.Text(), "", ""
	return c
}

func (e evaluation) measure(ctx context.Context, p *process, s *subject, queries []eval.Query) error {
	began := time.Now()
	rankings, times, err := s.ask(ctx, queries, retrieval.Query{K: e.passages, Arms: arms()[e.arm]})
	if err != nil {
		return err
	}
	scores, err := eval.Measure(rankings, e.k)
	if err != nil {
		return err
	}
	r := report{
		Data: e.data, Arm: e.arm, Embedder: s.config.Data.EmbedURL, Documents: s.documents, Queries: len(queries), K: e.k,
		Seconds: time.Since(began).Seconds(), LoadSeconds: s.took.Seconds(), scores: scores, times: times,
	}
	if e.asJSON {
		return r.printJSON(p.Stdout, queries, rankings)
	}
	return r.print(p.Stdout)
}

// report is the outcome of an evaluation.
type report struct {
	Data        string
	Arm         string
	Embedder    string
	Documents   int // loaded; 0 when a workspace was asked
	Queries     int
	K           int
	Seconds     float64
	LoadSeconds float64

	scores eval.Scores
	times  []time.Duration // of the queries, ascending
}

func (r report) print(w io.Writer) error {
	set := fmt.Sprintf("%d queries", r.Queries)
	if r.Documents > 0 {
		set = fmt.Sprintf("%d documents, loaded in %.1f s; %s", r.Documents, r.LoadSeconds, set)
	}
	rows := [][2]string{{"set", r.Data}, {"", set}, {"arm", r.Arm + ", " + adapters.Redact(r.Embedder)}}
	for _, m := range r.metrics() {
		rows = append(rows, [2]string{m.name, fmt.Sprintf("%.4f", m.value)})
	}
	rows = append(rows, [2]string{"time", fmt.Sprintf("median %v, 95%% within %v", r.quantile(0.5), r.quantile(0.95))})
	for _, row := range rows {
		if _, err := fmt.Fprintf(w, "%-12s %s\n", row[0], row[1]); err != nil {
			return err
		}
	}
	return nil
}

type metric struct {
	name  string
	value float64
}

func (r report) metrics() []metric {
	return []metric{
		{fmt.Sprintf("ndcg@%d", r.K), r.scores.NDCG},
		{fmt.Sprintf("mrr@%d", r.K), r.scores.MRR},
		{fmt.Sprintf("recall@%d", r.K), r.scores.Recall},
		{"hit@1", r.scores.Hit1},
	}
}

// quantile is the time within which a share of the queries was answered.
func (r report) quantile(share float64) time.Duration {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[min(int(share*float64(len(r.times))), len(r.times)-1)].Round(10 * time.Microsecond)
}

func (r report) printJSON(w io.Writer, queries []eval.Query, rankings []eval.Ranking) error {
	type queryJSON struct {
		ID       string   `json:"query_id"`
		Found    []string `json:"retrieved_docs"`
		Relevant []string `json:"relevant_docs"`
		NDCG     float64  `json:"ndcg"`
	}
	metrics := map[string]float64{}
	for _, m := range r.metrics() {
		metrics[m.name] = m.value
	}
	each := make([]queryJSON, len(queries))
	for i, q := range queries {
		each[i] = queryJSON{ID: q.ID, Found: rankings[i].Found[:min(r.K, len(rankings[i].Found))], NDCG: rankings[i].NDCG(r.K)}
		for _, id := range slices.Sorted(maps.Keys(q.Grades)) {
			if q.Grades[id] > 0 {
				each[i].Relevant = append(each[i].Relevant, id)
			}
		}
	}
	return printJSON(w, map[string]any{
		"timestamp": moment(time.Now()), "data": r.Data, "arm": r.Arm, "embedding_model": adapters.Redact(r.Embedder),
		"corpus_size": r.Documents, "query_count": r.Queries, "top_k": r.K, "load_seconds": r.LoadSeconds, "elapsed_seconds": r.Seconds,
		"median_ms": float64(r.quantile(0.5).Microseconds()) / 1000, "p95_ms": float64(r.quantile(0.95).Microseconds()) / 1000,
		"metrics": metrics, "per_query": each,
	})
}
