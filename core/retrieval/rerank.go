package retrieval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// RerankOptions say what a reranker is given, and when; nil means defaults.
type RerankOptions struct {
	// OnRequest means that results are reranked only where a query or its workspace says so. Defaults to always.
	OnRequest bool
	// Multiplier is how many candidates there are for each hit. Defaults to 5.
	Multiplier int
	// Most is the limit of candidates, unless a query wants more hits than that. Defaults to 200.
	Most int
	// Timeout is how long a search waits for the reranker, its retries included. Defaults to 10 seconds.
	Timeout time.Duration
}

func (o RerankOptions) withDefaults() RerankOptions {
	if o.Multiplier <= 0 {
		o.Multiplier = 5
	}
	if o.Most <= 0 {
		o.Most = 200
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	return o
}

// Why a search did without a model, besides the reasons of the model's own errors.
const (
	ModelUnset   = "not_configured" // there is no reranker, or no embedding model for the space in which searches look
	ModelTimeout = "timeout"        // it took longer than RerankOptions.Timeout or Options.EmbedTimeout
	ModelFailed  = "error"          // anything else
	WrongScores  = "wrong_scores"   // the reranker returned another number of scores than there are candidates, or what is no number
)

// reasonOf is why a model that failed was done without.
func reasonOf(err error) string {
	switch failed := fault.Of(err); {
	case errors.Is(err, context.DeadlineExceeded):
		return ModelTimeout
	case failed != nil:
		return cmp.Or(failed.Reason, string(failed.Kind))
	}
	return ModelFailed
}

// reranks reports whether the query's candidates go to a reranker.
func (f *finder) reranks() bool { return *f.query.Rerank && f.reranker != nil }

// rerank orders hits by a model's scores. Whatever becomes of the model, the search goes on with the order that there is; only the
// end of ctx ends it.
func (f *finder) rerank(ctx context.Context, hits []Hit) ([]Hit, error) {
	r := &f.trace.Reranking
	if !f.reranks() {
		if *f.query.Rerank {
			r.Failed = ModelUnset
		}
		return hits, nil
	}
	r.Model, r.Candidates = f.reranker.Model(), len(hits)
	if len(hits) < 2 {
		return hits, nil // there is nothing to order
	}
	from := f.opts.Now()
	scores, err := f.scores(ctx, hits)
	r.Took = f.opts.Now().Sub(from)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("rerank: %w", ctx.Err())
	}
	if r.Failed = rerankFailure(scores, len(hits), err); r.Failed != "" {
		f.lacks(StepRerank, r.Failed, err)
		return hits, nil
	}
	r.Applied = true
	return f.reordered(hits, scores), nil
}

func (f *finder) scores(ctx context.Context, hits []Hit) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, f.opts.Rerank.Timeout)
	defer cancel()
	candidates := make([]llm.Candidate, len(hits))
	for i, relevance := range f.relevance(hits) {
		h := hits[i]
		candidates[i] = llm.Candidate{Title: h.Title, Headings: h.Headings, Text: h.Text, Score: relevance}
		if h.Context != "" { // what it was found by should count in its order, too
			candidates[i].Text = h.Context + "\n\n" + h.Text
		}
	}
	return f.reranker.Rerank(ctx, f.wording.text, candidates)
}

// rerankFailure says why scores can't be used; "" when they can.
func rerankFailure(scores []float64, want int, err error) string {
	bad := func(s float64) bool { return math.IsNaN(s) || math.IsInf(s, 0) }
	switch {
	case err != nil:
		return reasonOf(err)
	case len(scores) != want || slices.ContainsFunc(scores, bad):
		return WrongScores
	}
	return ""
}

// reordered returns hits by their new scores, best first; ties keep their order.
func (f *finder) reordered(hits []Hit, scores []float64) []Hit {
	out := slices.Clone(hits)
	for i := range out {
		out[i].Score = scores[i]
	}
	slices.SortStableFunc(out, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	for _, h := range out {
		f.ordered = append(f.ordered, Scored{Chunk: h.ID, Score: h.Score})
	}
	return out
}
