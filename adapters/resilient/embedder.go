package resilient

import (
	"context"
	"slices"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Embedder decorates a llm.Embedder. It is safe for concurrent use.
type Embedder struct {
	next   llm.Embedder
	batch  int
	caller *caller
}

var _ llm.Embedder = (*Embedder)(nil)

// Batcher is an optional ability of an embedder: to say how many texts one of its requests carries at most. The decorator
// then hands over no more at a time, so that the pace counts requests and an attempt repeats one.
type Batcher interface {
	BatchSize() int
}

// NewEmbedder decorates an embedder.
func NewEmbedder(next llm.Embedder, o *Options) *Embedder {
	e := &Embedder{next: next, caller: newCaller(o)}
	if b, ok := next.(Batcher); ok {
		e.batch = b.BatchSize()
	}
	return e
}

// Space implements llm.Embedder.
func (e *Embedder) Space() llm.Space { return e.next.Space() }

// Stats returns what became of the calls so far.
func (e *Embedder) Stats() Stats { return e.caller.counts.read() }

// Embed implements llm.Embedder.
func (e *Embedder) Embed(ctx context.Context, p llm.Purpose, texts []string) ([]llm.Vector, error) {
	size := e.batch
	if size <= 0 {
		size = max(len(texts), 1)
	}
	out := make([]llm.Vector, 0, len(texts))
	for batch := range slices.Chunk(texts, size) {
		var vectors []llm.Vector
		err := e.caller.do(ctx, tokensIn(batch...), func(ctx context.Context, _ *watch) (err error) {
			vectors, err = e.next.Embed(ctx, p, batch)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, vectors...)
	}
	return out, nil
}
