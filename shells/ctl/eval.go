package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
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
	typos     uint64
	workspace string
	server    string
	key       string
	database  string
	ablation  bool
	compare   string
	atLeast   string
	asJSON    bool
	guard     string
}

func evalCommand() command {
	return command{
		name: "eval", summary: "measure the search with a set of judged queries",
		help: `
Reads a set in the layout of BEIR: corpus.jsonl, queries.jsonl and qrels/test.tsv in one folder. Its documents are loaded into an
installation that is thrown away afterwards, with the models and chunk sizes of the present configuration. With --workspace
the queries go to a workspace of the present installation instead, whose documents have the set's ids as their source; with
--server too they go to the API of another one.

Each query takes the same way as one over HTTP. A document ranks where its best passage ranks. Queries for which the set
judges no document to be relevant are left out.

The ways of searching: lexical is BM25 alone, for words as they are spelled; spelled adds that unknown words stand for those that
look like them; dense is vectors alone; fused is spelled and dense together; rerank is fused, and ordered anew by the reranker of the
configuration; hybrid is what the API does: all as the configuration says, and so what looks like prompt injection is treated too;
ranks is fused by reciprocal ranks; diverse is fused with maximal marginal relevance. --ablation measures all of them, on the queries as they are and with typing errors.

The installation that is thrown away is a folder with SQLite, or with --database a new database on a server of PostgreSQL, which
is dropped in the end. --compare with a run on the other says how many queries found other documents, or the same in another order.

With --typos every query gets one typing error: in one word of at least five letters, two letters are swapped, or one is left
out, added or replaced; word, error, place and letter are drawn evenly by a generator that is seeded by the number and the query.

With --guard the detector of prompt injection is measured: each line of the file is a JSON object with a text, whether it is an
attack, and its kind, such as {"text": "...", "attack": false, "kind": "ordinary"}.`,
		define: func(f *flag.FlagSet) action {
			var e evaluation
			f.StringVar(&e.data, "data", "", "`FOLDER` of the set; needed")
			f.IntVar(&e.limit, "limit", 0, "ask the first `N` queries only")
			f.IntVar(&e.k, "k", 10, "cut rankings after `N` documents")
			f.IntVar(&e.passages, "passages", 50, "ask for `N` passages per query, at most 50")
			f.StringVar(&e.arm, "arm", "hybrid", "`WAY` of searching: "+strings.Join(slices.Sorted(maps.Keys(ways())), ", "))
			f.Uint64Var(&e.typos, "typos", 0, "misspell the queries, by a generator with this `SEED`")
			f.StringVar(&e.workspace, "workspace", "", "`ID` of a workspace to ask instead of loading the documents")
			f.StringVar(&e.guard, "guard", "", "`FILE` of texts, to measure the detector of prompt injection instead of the search")
			f.StringVar(&e.server, "server", "", "`URL` of the server that has the workspace")
			f.StringVar(&e.key, "key", "", "API `KEY` for the server")
			f.StringVar(&e.database, "database", "", "`URL` of a server of PostgreSQL to measure on, by a user who may make databases")
			f.BoolVar(&e.ablation, "ablation", false, "measure all ways of searching, with typing errors and without")
			f.StringVar(&e.compare, "compare", "", "`FILE` with the JSON of an earlier run, to test the difference")
			f.StringVar(&e.atLeast, "at-least", "", "fail below these `VALUES`, such as ndcg@10=0.69,mrr@10=0.65")
			f.BoolVar(&e.asJSON, "json", false, "print JSON, with the ranking of every query")
			return func(ctx context.Context, p *process, _ []string) error { return e.run(ctx, p) }
		},
	}
}

// ways lists the ways of searching.
func ways() map[string]retrieval.Query {
	return map[string]retrieval.Query{
		"lexical": {Arms: retrieval.LexicalArm, Exact: true, Guard: retrieval.GuardOff, Rerank: new(false)},
		"spelled": {Arms: retrieval.LexicalArm, Guard: retrieval.GuardOff, Rerank: new(false)},
		"dense":   {Arms: retrieval.DenseArm, Guard: retrieval.GuardOff, Rerank: new(false)},
		"fused":   {Guard: retrieval.GuardOff, Rerank: new(false)},
		"hybrid":  {},
		"ranks":   {Fusion: retrieval.Ranks, Guard: retrieval.GuardOff, Rerank: new(false)},
		"diverse": {Diverse: new(true), Guard: retrieval.GuardOff, Rerank: new(false)},
		"rerank":  {Guard: retrieval.GuardOff, Rerank: new(true)},
	}
}

func (e evaluation) check() error {
	_, known := ways()[e.arm]
	switch {
	case e.data == "":
		return usageError{"--data is missing"}
	case !known:
		return usageError{"--arm must be one of " + strings.Join(slices.Sorted(maps.Keys(ways())), ", ")}
	case e.k < 1 || e.limit < 0:
		return usageError{"--k must be at least 1, and --limit not negative"}
	case e.passages < 1 || e.passages > 50:
		return usageError{"--passages must be from 1 to 50"}
	case e.ablation && (e.compare != "" || e.atLeast != "" || e.typos != 0):
		return usageError{"--ablation prints a table and takes neither --compare nor --at-least nor --typos"}
	}
	_, err := thresholds(e.atLeast)
	return errors.Join(err, e.checkPlace())
}

// checkPlace checks what says where is searched.
func (e evaluation) checkPlace() error {
	switch {
	case e.server != "" && (e.workspace == "" || e.arm != "hybrid" || e.ablation):
		return usageError{"--server needs --workspace, and searches in its own way only"}
	case e.database != "" && e.workspace != "":
		return usageError{"--database is for a set that is loaded, not for a --workspace"}
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
	queries, err := e.queries()
	if err != nil {
		return err
	}
	if e.server != "" {
		return e.measure(ctx, p, newRemote(e), queries)
	}
	c, err := p.config()
	if err != nil {
		return err
	}
	if e.workspace == "" {
		return e.apart(ctx, p, c, queries)
	}
	ws, err := uuid.Parse(e.workspace)
	if err != nil {
		return usageError{"--workspace is no id"}
	}
	return p.withApp(ctx, func(app *core.App) error {
		return e.measure(ctx, p, &subject{app: app, config: c, workspace: ws, passages: e.passages}, queries)
	})
}

// queries reads those to be asked.
func (e evaluation) queries() ([]eval.Query, error) {
	queries, err := eval.Queries(os.DirFS(e.data))
	if err != nil {
		return nil, err
	}
	if e.limit > 0 {
		queries = queries[:min(e.limit, len(queries))]
	}
	if len(queries) == 0 {
		return nil, errors.New("the set has no query for which a document is judged to be relevant")
	}
	return misspelt(queries, e.typos), nil
}

// misspelt returns queries with typing errors, or as they are when the seed is 0.
func misspelt(queries []eval.Query, seed uint64) []eval.Query {
	if seed == 0 {
		return queries
	}
	out := slices.Clone(queries)
	for i, q := range out {
		out[i].Text = eval.Misspell(q.Text, seed)
	}
	return out
}

// apart measures in an installation that is thrown away.
func (e evaluation) apart(ctx context.Context, p *process, c adapters.Config, queries []eval.Query) (err error) {
	dir, err := os.MkdirTemp("", "ragcorp-eval-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	c = scratch(c, dir)
	if e.database != "" {
		var drop func(context.Context) error
		if c.Data.DatabaseURL, drop, err = sqlstore.Aside(ctx, e.database); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
	}
	app, closeApp, err := openApp(ctx, c)
	if err != nil {
		return err
	}
	defer closeApp()
	s := &subject{app: app, config: c, passages: e.passages}
	if err := s.load(ctx, e.data, p.Stderr); err != nil {
		return err
	}
	return e.measure(ctx, p, s, queries)
}

// scratch is the configuration of an installation in a temporary folder that takes whatever a set contains.
func scratch(c adapters.Config, dir string) adapters.Config {
	c.Data.Dir, c.Data.DatabaseURL, c.Data.BlobURL = dir, "sqlite:"+filepath.Join(dir, "eval.db"), "mem:"
	c.Data.NextURL = ""
	c.Data.RelaxedSync, c.Data.AutoMigrate = true, true
	c.Documents.MaxTitle, c.Documents.MaxText, c.HTTP.MaxUpload = 100_000, 100_000_000, 500<<20
	c.Auth.JWTSecret, c.Auth.APIKeys, c.Auth.RBAC = rand.Text(), "", ""
	return c
}

// searched is something that answers queries: it returns what was found for each of them, and the times, ascending.
type searched interface {
	ask(ctx context.Context, queries []eval.Query, how retrieval.Query) ([]eval.Ranking, []time.Duration, error)
	describe(r *report)
}

func (e evaluation) measure(ctx context.Context, p *process, s searched, queries []eval.Query) error {
	if e.ablation {
		return e.ablate(ctx, p, s, queries)
	}
	began := time.Now()
	rankings, times, err := s.ask(ctx, queries, ways()[e.arm])
	if err != nil {
		return err
	}
	scores, err := eval.Measure(rankings, e.k)
	if err != nil {
		return err
	}
	r := report{
		Data: e.data, Arm: e.arm, Typos: e.typos, Queries: len(queries), K: e.k,
		Seconds: time.Since(began).Seconds(), scores: scores, times: times,
	}
	s.describe(&r)
	if e.compare != "" {
		if r.compared, err = compareWith(e.compare, queries, rankings, e.k); err != nil {
			return err
		}
	}
	if e.asJSON {
		err = r.printJSON(p.Stdout, queries, rankings)
	} else {
		err = r.print(p.Stdout)
	}
	return errors.Join(err, r.reaches(e.atLeast))
}
