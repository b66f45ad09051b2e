package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/core/eval"
)

// report is the outcome of an evaluation.
type report struct {
	Data        string
	Arm         string
	Typos       uint64
	Embedder    string // or the server that was asked
	Contexts    string // the model that wrote those of chunks; empty for none
	Documents   int    // loaded; 0 when a workspace was asked
	Queries     int
	K           int
	Seconds     float64
	LoadSeconds float64

	scores   eval.Scores
	times    []time.Duration // of the queries, ascending
	compared *comparison     // nil when there was nothing to compare with
}

func (r report) print(w io.Writer) error {
	set := fmt.Sprintf("%d queries", r.Queries)
	if r.Documents > 0 {
		set = fmt.Sprintf("%d documents, loaded in %.1f s; %s", r.Documents, r.LoadSeconds, set)
	}
	rows := [][2]string{{"set", r.Data}, {"", set}, {"arm", r.Arm + ", " + adapters.Redact(r.Embedder)}}
	if r.Contexts != "" {
		rows = append(rows, [2]string{"contexts", adapters.Redact(r.Contexts)})
	}
	if r.Typos != 0 {
		rows = append(rows, [2]string{"typos", fmt.Sprintf("one in each query, seed %d", r.Typos)})
	}
	for _, m := range r.metrics() {
		rows = append(rows, [2]string{m.name, fmt.Sprintf("%.4f", m.value)})
	}
	rows = append(rows, [2]string{"time", fmt.Sprintf("median %v, 95%% within %v", r.quantile(0.5), r.quantile(0.95))})
	if c := r.compared; c != nil {
		rows = append(rows, [2]string{"against", fmt.Sprintf("%s: ndcg@%d %+.4f, %d queries better, %d worse, p = %.4f; %d found other documents or the same in another order",
			c.With, r.K, c.Difference, c.Better, c.Worse, c.P, c.Reordered)})
	}
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
		{fmt.Sprintf("precision@%d", r.K), r.scores.Precision},
		{fmt.Sprintf("recall@%d", r.K), r.scores.Recall},
		{fmt.Sprintf("hit@%d", r.K), r.scores.Hit},
		{"hit@1", r.scores.Hit1},
	}
}

// reaches fails when a metric is below what is asked for.
func (r report) reaches(atLeast string) error {
	least, err := thresholds(atLeast)
	if err != nil {
		return err
	}
	var below []error
	for _, m := range r.metrics() {
		if want, asked := least[m.name]; asked && m.value < want {
			below = append(below, fmt.Errorf("%s is %.4f, below %v", m.name, m.value, want))
		}
		delete(least, m.name)
	}
	for name := range least {
		below = append(below, usageError{fmt.Sprintf("--at-least has %q, which is not among the metrics", name)})
	}
	return errors.Join(below...)
}

// thresholds reads values by metric.
func thresholds(s string) (map[string]float64, error) {
	out := map[string]float64{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || math.IsNaN(v) {
			return nil, usageError{"--at-least must be like ndcg@10=0.69,mrr@10=0.65"}
		}
		out[strings.TrimSpace(name)] = v
	}
	return out, nil
}

// quantile is the time within which a share of the queries was answered.
func (r report) quantile(share float64) time.Duration {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[min(int(share*float64(len(r.times))), len(r.times)-1)].Round(10 * time.Microsecond)
}

func (r report) printJSON(w io.Writer, queries []eval.Query, rankings []eval.Ranking) error {
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
	out := map[string]any{
		"timestamp": moment(time.Now()), "data": r.Data, "arm": r.Arm, "embedding_model": adapters.Redact(r.Embedder),
		"corpus_size": r.Documents, "query_count": r.Queries, "top_k": r.K, "load_seconds": r.LoadSeconds, "elapsed_seconds": r.Seconds,
		"median_ms": float64(r.quantile(0.5).Microseconds()) / 1000, "p95_ms": float64(r.quantile(0.95).Microseconds()) / 1000,
		"metrics": metrics, "per_query": each, "typos": r.Typos,
	}
	if r.Contexts != "" {
		out["context_model"] = adapters.Redact(r.Contexts)
	}
	if r.compared != nil {
		out["comparison"] = r.compared
	}
	return printJSON(w, out)
}

// queryJSON is one query of a report.
type queryJSON struct {
	ID       string   `json:"query_id"`
	Found    []string `json:"retrieved_docs"`
	Relevant []string `json:"relevant_docs"`
	NDCG     float64  `json:"ndcg"`
}

// comparison is that of a report with an earlier one.
type comparison struct {
	With       string  `json:"with"`
	Difference float64 `json:"ndcg_difference"`
	Better     int     `json:"better"`
	Worse      int     `json:"worse"`
	Reordered  int     `json:"reordered"` // queries whose first k documents are others, or in another order
	P          float64 `json:"p"`
}

// compareWith tests the difference to the run in a file, which must have asked the same queries.
func compareWith(file string, queries []eval.Query, rankings []eval.Ranking, k int) (*comparison, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var before struct {
		K        int         `json:"top_k"`
		PerQuery []queryJSON `json:"per_query"`
	}
	if err := json.Unmarshal(raw, &before); err != nil {
		return nil, fmt.Errorf("%s is no report of eval: %w", file, err)
	}
	if before.K != k {
		return nil, fmt.Errorf("%s cut its rankings after %d documents, this run after %d", file, before.K, k)
	}
	byID := make(map[string]queryJSON, len(before.PerQuery))
	for _, q := range before.PerQuery {
		byID[q.ID] = q
	}
	reordered := 0
	a, b := make([]float64, 0, len(queries)), make([]float64, 0, len(queries))
	for i, q := range queries {
		was, ok := byID[q.ID]
		if !ok {
			return nil, fmt.Errorf("%s has no query %s", file, q.ID)
		}
		a, b = append(a, was.NDCG), append(b, rankings[i].NDCG(k))
		if !slices.Equal(was.Found, rankings[i].Found[:min(k, len(rankings[i].Found))]) {
			reordered++
		}
	}
	c, err := eval.Compare(a, b, 1)
	return &comparison{With: file, Difference: c.Difference, Better: c.Better, Worse: c.Worse, P: c.P, Reordered: reordered}, err
}
