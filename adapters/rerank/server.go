package rerank

import (
	"context"
	"encoding/json"
	"math"
	"slices"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// Server asks a model on a server. It is safe for concurrent use.
type Server struct {
	client *provider.Client
	model  Model
	batch  int
}

var _ llm.Reranker = (*Server)(nil)

// NewServer makes a Server; it does not call it. fault.Invalid when the model has no name where it needs one, the dialect is unknown,
// or the server's address is no URL.
func NewServer(m Model, o *Options) (*Server, error) {
	if !slices.Contains([]Dialect{Cohere, Jina, TEI}, m.Dialect) {
		return nil, fault.Invalid.Errorf("there is no interface %q of rerankers", m.Dialect)
	}
	opts := o.withDefaults(m.Dialect)
	client, err := connect(m, opts)
	if err != nil {
		return nil, err
	}
	return &Server{client: client, model: m, batch: opts.Batch}, nil
}

// Model implements llm.Reranker.
func (s *Server) Model() string { return s.client.Name() }

// BatchSize is how many passages one request carries at most.
func (s *Server) BatchSize() int { return s.batch }

// Rerank implements llm.Reranker. Besides the errors of the port, an error without a kind when the server refuses the request as
// wrong.
func (s *Server) Rerank(ctx context.Context, query string, candidates []llm.Candidate) ([]float64, error) {
	out := make([]float64, 0, len(candidates))
	for batch := range slices.Chunk(candidates, s.batch) {
		scores, err := s.request(ctx, query, batch)
		if err != nil {
			return nil, err
		}
		out = append(out, scores...)
	}
	return out, nil
}

// request is what is sent: each dialect has its own part of it.
type request struct {
	Model string `json:"model,omitempty"`
	Query string `json:"query"`

	Documents       []string `json:"documents,omitempty"`        // Cohere, Jina
	ReturnDocuments *bool    `json:"return_documents,omitempty"` // Jina would send them back otherwise

	Texts    []string `json:"texts,omitempty"`    // TEI
	Truncate bool     `json:"truncate,omitempty"` // TEI refuses what is too long otherwise
}

func (s *Server) body(query string, candidates []llm.Candidate) request {
	texts := make([]string, len(candidates))
	for i, c := range candidates {
		texts[i] = passage(c)
	}
	switch r := (request{Model: s.model.Name, Query: query}); s.model.Dialect {
	case TEI:
		r.Model, r.Texts, r.Truncate = "", texts, true
		return r
	case Jina:
		r.Documents, r.ReturnDocuments = texts, new(false)
		return r
	default:
		r.Documents = texts
		return r
	}
}

// result is the place of one passage.
type result struct {
	Index     *int     `json:"index"`
	Relevance *float64 `json:"relevance_score"` // Cohere, Jina
	Score     *float64 `json:"score"`           // TEI
}

// results are those of a request: an object with a list, and for TEI the list itself.
type results []result

// UnmarshalJSON implements json.Unmarshaler.
func (r *results) UnmarshalJSON(raw []byte) error {
	var list []result
	if json.Unmarshal(raw, &list) == nil {
		*r = list
		return nil
	}
	var object struct {
		Results []result `json:"results"`
	}
	err := json.Unmarshal(raw, &object)
	*r = object.Results
	return err
}

// request asks for the scores of one batch, which come in the order of their greatness.
func (s *Server) request(ctx context.Context, query string, candidates []llm.Candidate) ([]float64, error) {
	var answer results
	if err := s.client.Ask(ctx, "rerank", s.body(query, candidates), &answer); err != nil {
		return nil, err
	}
	if len(answer) != len(candidates) {
		return nil, s.client.Broken("%d scores for %d passages", len(answer), len(candidates))
	}
	out, known := make([]float64, len(candidates)), make([]bool, len(candidates))
	for _, r := range answer {
		score := r.Relevance
		if score == nil {
			score = r.Score
		}
		if r.Index == nil || *r.Index < 0 || *r.Index >= len(out) || known[*r.Index] {
			return nil, s.client.Broken("the scores are not numbered from 0 to %d", len(out)-1)
		}
		if score == nil || math.IsInf(*score, 0) {
			return nil, s.client.Broken("passage %d has no score", *r.Index)
		}
		out[*r.Index], known[*r.Index] = *score, true
	}
	return out, nil
}
