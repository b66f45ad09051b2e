package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/eval"
	"github.com/ragcorp/ragcorp/core/retrieval"
)

// remote is a workspace of a server, asked by its API.
type remote struct {
	base, key string
	passages  int
	client    http.Client
	sources   map[uuid.UUID]string // of documents that were found
}

func newRemote(e evaluation) *remote {
	return &remote{
		base: strings.TrimRight(e.server, "/") + "/v1/workspaces/" + e.workspace, key: e.key, passages: e.passages,
		client: http.Client{Timeout: time.Minute}, sources: map[uuid.UUID]string{},
	}
}

// describe says what was asked.
func (s *remote) describe(r *report) { r.Embedder = s.base }

// ask asks the queries, one after the other, and returns what was found and the times that it took, ascending.
func (s *remote) ask(ctx context.Context, queries []eval.Query, _ retrieval.Query) ([]eval.Ranking, []time.Duration, error) {
	rankings, times := make([]eval.Ranking, len(queries)), make([]time.Duration, len(queries))
	for i, q := range queries {
		began := time.Now()
		var found struct {
			Matches []struct {
				Document uuid.UUID `json:"document_id"`
			}
			Degraded []string
		}
		if err := s.call(ctx, http.MethodPost, "/query", map[string]any{"query": q.Text, "top_k": s.passages}, &found); err != nil {
			return nil, nil, fmt.Errorf("query %s: %w", q.ID, err)
		}
		if len(found.Degraded) > 0 {
			return nil, nil, fmt.Errorf("query %s went on without the step %s", q.ID, found.Degraded[0])
		}
		times[i] = time.Since(began)
		rankings[i].Grades = q.Grades
		for _, m := range found.Matches {
			source, err := s.source(ctx, m.Document)
			if err != nil {
				return nil, nil, err
			}
			if !slices.Contains(rankings[i].Found, source) {
				rankings[i].Found = append(rankings[i].Found, source)
			}
		}
	}
	slices.Sort(times)
	return rankings, times, nil
}

// source returns a document's source, which is its id in the set.
func (s *remote) source(ctx context.Context, id uuid.UUID) (string, error) {
	if source, known := s.sources[id]; known {
		return source, nil
	}
	var d struct{ Source string }
	if err := s.call(ctx, http.MethodGet, "/documents/"+id.String(), nil, &d); err != nil {
		return "", fmt.Errorf("document %s: %w", id, err)
	}
	s.sources[id] = d.Source
	return d.Source, nil
}

// longestAnswer is how many bytes of an answer are read.
const longestAnswer = 32 << 20

func (s *remote) call(ctx context.Context, method, path string, in, out any) (err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if s.key != "" {
		req.Header.Set("X-API-Key", s.key)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, longestAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server says %s: %s", res.Status, raw[:min(len(raw), 500)])
	}
	return json.Unmarshal(raw, out)
}
