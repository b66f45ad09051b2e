package resilient

import (
	"context"
	"slices"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Reranker decorates a llm.Reranker. It is safe for concurrent use.
type Reranker struct {
	next   llm.Reranker
	batch  int
	caller *caller
}

var _ llm.Reranker = (*Reranker)(nil)

// NewReranker decorates a reranker; one that is a Batcher is handed no more candidates at a time than its requests carry.
func NewReranker(next llm.Reranker, o *Options) *Reranker {
	r := &Reranker{next: next, caller: newCaller(o)}
	if b, ok := next.(Batcher); ok {
		r.batch = b.BatchSize()
	}
	return r
}

// Model implements llm.Reranker.
func (r *Reranker) Model() string { return r.next.Model() }

// Stats returns what became of the calls so far.
func (r *Reranker) Stats() Stats { return r.caller.counts.read() }

// Rerank implements llm.Reranker.
func (r *Reranker) Rerank(ctx context.Context, query string, candidates []llm.Candidate) ([]float64, error) {
	size := r.batch
	if size <= 0 {
		size = max(len(candidates), 1)
	}
	out := make([]float64, 0, len(candidates))
	for batch := range slices.Chunk(candidates, size) {
		tokens := 0
		for _, c := range batch {
			tokens += tokensIn(query, c.Title, c.Text)
		}
		var scores []float64
		err := r.caller.do(ctx, tokens, func(ctx context.Context, _ *watch) (err error) {
			scores, err = r.next.Rerank(ctx, query, batch)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, scores...)
	}
	return out, nil
}
