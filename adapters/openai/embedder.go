package openai

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/llm"
)

// Embedder turns texts into vectors of unit length. The purpose of a text makes no difference, since the interface has no
// word for it. It is safe for concurrent use.
type Embedder struct {
	client    *provider.Client
	model     string
	batch     int
	dimension atomic.Int64 // 0 until it is known
}

var _ llm.Embedder = (*Embedder)(nil)

// NewEmbedder makes an Embedder; it does not call the server. Without Options.Dimension, embed something before anybody asks
// for the space. fault.Invalid when the model has no name or the server's address is no URL.
func NewEmbedder(m Model, o *Options) (*Embedder, error) {
	opts := o.withDefaults()
	client, err := connect(m, opts)
	if err != nil {
		return nil, err
	}
	e := &Embedder{client: client, model: m.Name, batch: opts.Batch}
	e.dimension.Store(int64(max(opts.Dimension, 0)))
	return e, nil
}

// Space implements llm.Embedder. The dimension is 0 as long as it is not known.
func (e *Embedder) Space() llm.Space {
	return llm.Space{Name: e.client.Name(), Dimension: int(e.dimension.Load())}
}

// BatchSize is how many texts one request carries at most.
func (e *Embedder) BatchSize() int { return e.batch }

// Embed implements llm.Embedder. Besides the errors of the port, an error without a kind when the server refuses the request
// as wrong. Vectors of another dimension are llm.Space.Unfit.
func (e *Embedder) Embed(ctx context.Context, _ llm.Purpose, texts []string) ([]llm.Vector, error) {
	out := make([]llm.Vector, 0, len(texts))
	for batch := range slices.Chunk(texts, e.batch) {
		vectors, err := e.request(ctx, batch)
		if err != nil {
			return nil, err
		}
		out = append(out, vectors...)
	}
	return out, nil
}

type embeddingsRequest struct {
	Model string   `json:"model"`
	Input []string `json:"input"`
}

type embeddingsAnswer struct {
	Data []struct {
		Index     int              `json:"index"`
		Embedding provider.Numbers `json:"embedding"`
	} `json:"data"`
}

// request embeds one batch. Servers that spread a batch over several machines may answer in any order.
func (e *Embedder) request(ctx context.Context, texts []string) ([]llm.Vector, error) {
	var answer embeddingsAnswer
	if err := e.client.Ask(ctx, "embeddings", embeddingsRequest{Model: e.model, Input: texts}, &answer); err != nil {
		return nil, err
	}
	if len(answer.Data) != len(texts) {
		return nil, e.client.Broken("%d vectors for %d texts", len(answer.Data), len(texts))
	}
	out := make([]llm.Vector, len(texts))
	for _, d := range answer.Data {
		if d.Index < 0 || d.Index >= len(out) || out[d.Index] != nil {
			return nil, e.client.Broken("the vectors are not numbered from 0 to %d", len(out)-1)
		}
		v, ok := d.Embedding.Unit()
		if !ok {
			return nil, e.client.Broken("a vector has no direction")
		}
		if err := e.fits(len(v)); err != nil {
			return nil, err
		}
		out[d.Index] = v
	}
	return out, nil
}

// fits learns the dimension from the first vector, and holds all others to it. Another one means another model.
func (e *Embedder) fits(n int) error {
	e.dimension.CompareAndSwap(0, int64(n))
	if s := e.Space(); n != s.Dimension {
		return s.Unfit(n)
	}
	return nil
}
