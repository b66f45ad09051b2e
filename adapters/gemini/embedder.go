package gemini

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/llm"
)

// Embedder turns texts into vectors of unit length, of as many numbers as it is told. It is safe for concurrent use.
type Embedder struct {
	client    *provider.Client
	path      string
	batch     int
	dimension int
}

var _ llm.Embedder = (*Embedder)(nil)

// NewEmbedder makes an Embedder; it does not call the API. fault.Invalid when the model has no name or no key.
func NewEmbedder(m Model, o *Options) (*Embedder, error) {
	opts := o.withDefaults()
	client, path, err := connect(m, opts)
	if err != nil {
		return nil, err
	}
	return &Embedder{client: client, path: path, batch: opts.Batch, dimension: opts.Dimension}, nil
}

// Space implements llm.Embedder. The dimension is part of the name: the models give vectors of the length that one asks for,
// and those of different lengths can't be compared.
func (e *Embedder) Space() llm.Space {
	return llm.Space{Name: fmt.Sprintf("%s/%d", e.client.Name(), e.dimension), Dimension: e.dimension}
}

// BatchSize is how many texts one request carries at most.
func (e *Embedder) BatchSize() int { return e.batch }

// Embed implements llm.Embedder. Besides the errors of the port, an error without a kind when the API refuses the request as
// wrong. Vectors of another dimension are llm.Space.Unfit.
func (e *Embedder) Embed(ctx context.Context, p llm.Purpose, texts []string) ([]llm.Vector, error) {
	out := make([]llm.Vector, 0, len(texts))
	for batch := range slices.Chunk(texts, e.batch) {
		vectors, err := e.request(ctx, p, batch)
		if err != nil {
			return nil, err
		}
		out = append(out, vectors...)
	}
	return out, nil
}

type embedBatch struct {
	Requests []embedRequest `json:"requests"`
}

type embedRequest struct {
	Model     string  `json:"model"`
	Content   content `json:"content"`
	TaskType  string  `json:"taskType"`
	Dimension int     `json:"outputDimensionality"`
}

type embedAnswer struct {
	Embeddings []struct {
		Values provider.Numbers `json:"values"`
	} `json:"embeddings"`
}

// request embeds one batch. The API gives the full vectors in unit length, shortened ones not.
func (e *Embedder) request(ctx context.Context, p llm.Purpose, texts []string) ([]llm.Vector, error) {
	var in embedBatch
	for _, s := range texts {
		in.Requests = append(in.Requests, embedRequest{
			Model: "models/" + strings.TrimPrefix(e.client.Name(), "gemini:"), Content: content{Parts: []part{{Text: s}}},
			TaskType: taskType(p), Dimension: e.dimension,
		})
	}
	var answer embedAnswer
	if err := e.client.Ask(ctx, e.path+":batchEmbedContents", in, &answer); err != nil {
		return nil, err
	}
	if len(answer.Embeddings) != len(texts) {
		return nil, e.client.Broken("%d vectors for %d texts", len(answer.Embeddings), len(texts))
	}
	out := make([]llm.Vector, len(texts))
	for i, d := range answer.Embeddings {
		if n := len(d.Values); n != e.dimension {
			return nil, e.Space().Unfit(n)
		}
		v, ok := d.Values.Unit()
		if !ok {
			return nil, e.client.Broken("a vector has no direction")
		}
		out[i] = v
	}
	return out, nil
}

func taskType(p llm.Purpose) string {
	if p == llm.ForQuery {
		return "RETRIEVAL_QUERY"
	}
	return "RETRIEVAL_DOCUMENT"
}
