package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/llm"
)

// check is one thing that doctor tries. It returns what it tried.
type check struct {
	name string
	try  func(ctx context.Context, c adapters.Config) (detail string, err error)
}

func checks() []check {
	return []check{
		{"security", checkSecurity},
		{"database", checkDatabase},
		{"schema", checkSchema},
		{"blob store", checkBlobs},
		{"queue", checkQueue},
		{"embedder", checkEmbedder},
		{"next embedder", checkNextEmbedder},
		{"embedding space", checkSpace},
		{"generator", checkGenerator},
		{"context writer", checkContextWriter},
		{"reranker", checkReranker},
		{"parser", checkParser},
	}
}

// probe is what is written, embedded and read.
const probe = "Trains are booked by the travel desk."

func checkSecurity(_ context.Context, c adapters.Config) (string, error) {
	hasher, err := adapters.OpenHasher()
	if err != nil {
		return "", err
	}
	if _, err := adapters.OpenTokens(c); err != nil {
		return "", err
	}
	o, err := adapters.CoreOptions(c, hasher)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d API keys stand in the configuration", len(o.Identity.StaticKeys)), nil
}

func checkDatabase(ctx context.Context, c adapters.Config) (string, error) {
	store, closeStore, err := adapters.OpenUnchecked(ctx, c)
	if err != nil {
		return "", err
	}
	defer closeStore()
	return c.Data.DatabaseURL, store.Ping(ctx)
}

func checkSchema(ctx context.Context, c adapters.Config) (string, error) {
	store, closeStore, err := adapters.OpenUnchecked(ctx, c)
	if err != nil {
		return "", err
	}
	defer closeStore()
	plan, err := store.Apply(ctx, sqlstore.ApplyOptions{DryRun: true})
	switch n := len(plan.Statements); {
	case err != nil:
		return "", err
	case n == 0:
		return "up to date", nil
	case c.Data.AutoMigrate:
		return fmt.Sprintf("%d statements behind; AUTO_MIGRATE brings it up to date on the next start", n), nil
	default:
		return "", fmt.Errorf("%d statements behind; run `ctl migrate`", n)
	}
}

func checkBlobs(ctx context.Context, c adapters.Config) (detail string, err error) {
	blobs, closeBlobs, err := adapters.OpenBlobs(ctx, c)
	if err != nil {
		return "", err
	}
	defer closeBlobs()
	key := "doctor/" + uuid.NewString()
	if _, err := blobs.Put(ctx, key, "text/plain", strings.NewReader(probe)); err != nil {
		return "", fmt.Errorf("write a probe: %w", err)
	}
	defer func() {
		if gone := blobs.Delete(context.WithoutCancel(ctx), key); gone != nil {
			err = errors.Join(err, fmt.Errorf("remove the probe: %w", gone))
		}
	}()
	r, err := blobs.Open(ctx, key)
	if err != nil {
		return "", fmt.Errorf("read the probe: %w", err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return "", fmt.Errorf("read the probe: %w", err)
	}
	if !bytes.Equal(got, []byte(probe)) {
		return "", errors.New("the probe was read back as something else")
	}
	return c.Data.BlobURL, nil
}

func checkQueue(ctx context.Context, c adapters.Config) (string, error) {
	q, closeQueue, err := adapters.OpenQueue(c, ops.Telemetry{Metrics: ops.NewMetrics()})
	if err != nil {
		return "", err
	}
	defer closeQueue()
	for _, err := range q.Check(ctx) {
		if err != nil {
			return "", fmt.Errorf("%w; until it does, work begins with some delay", err)
		}
	}
	return c.Queue.URL, nil
}

func checkEmbedder(ctx context.Context, c adapters.Config) (string, error) {
	e, err := adapters.OpenEmbedder(c)
	if err != nil {
		return "", err
	}
	return tryEmbedder(ctx, e)
}

func checkNextEmbedder(ctx context.Context, c adapters.Config) (string, error) {
	e, err := adapters.OpenNextEmbedder(c)
	if err != nil {
		return "", err
	}
	if e.Embedder == nil {
		return "none", nil
	}
	return tryEmbedder(ctx, e)
}

func tryEmbedder(ctx context.Context, e llm.Embedder) (string, error) {
	vectors, err := e.Embed(ctx, llm.ForDocument, []string{probe})
	if err != nil {
		return "", err
	}
	space := e.Space()
	if len(vectors) != 1 || len(vectors[0]) != space.Dimension {
		return "", fmt.Errorf("the model doesn't return vectors of %d numbers", space.Dimension)
	}
	return fmt.Sprintf("%s, %d numbers per vector", space.Name, space.Dimension), nil
}

// checkSpace tells whether there is a model for the space in which searches look.
func checkSpace(ctx context.Context, c adapters.Config) (string, error) {
	store, closeStore, err := adapters.OpenUnchecked(ctx, c)
	if err != nil {
		return "", err
	}
	defer closeStore()
	if plan, err := store.Apply(ctx, sqlstore.ApplyOptions{DryRun: true}); err != nil || len(plan.Statements) > 0 {
		return "it shows when the schema is up to date", err
	}
	serving, err := store.Index().Serving(ctx)
	if err != nil {
		return "", err
	}
	if serving == "" {
		return "that of the embedder", nil
	}
	e, err := adapters.OpenEmbedder(c)
	if err != nil {
		return "", err
	}
	next, err := adapters.OpenNextEmbedder(c)
	if err != nil {
		return "", err
	}
	if e.Space().Name == serving || next.Embedder != nil && next.Space().Name == serving {
		return serving, nil
	}
	return "", fmt.Errorf("searches look in %s, for which no model is configured: only words are found", serving)
}

func checkGenerator(ctx context.Context, c adapters.Config) (string, error) {
	g, err := adapters.OpenGenerator(c)
	if err != nil {
		return "", err
	}
	return tryGenerator(ctx, g)
}

func checkContextWriter(ctx context.Context, c adapters.Config) (string, error) {
	if !c.Contexts.On {
		return "none", nil
	}
	g, err := adapters.OpenGenerator(c)
	if err != nil {
		return "", err
	}
	w, err := adapters.OpenContextWriter(c, g)
	if err != nil {
		return "", err
	}
	if w == g {
		return "the generator", nil
	}
	return tryGenerator(ctx, w)
}

func tryGenerator(ctx context.Context, g llm.Generator) (string, error) {
	const question = "Who books trains?"
	length := 0
	for piece, err := range g.Generate(ctx, llm.Request{
		Messages: []llm.Message{{Role: llm.RoleUser, Text: probe + " " + question}}, MaxTokens: 64,
		Question: question, Language: "en", Passages: []llm.Passage{{Marker: 1, Title: "Travel", Text: probe}},
	}) {
		if err != nil {
			return "", err
		}
		length += len(piece.Text)
	}
	if length == 0 {
		return "", errors.New("the model said nothing")
	}
	return g.Model(), nil
}

// checkReranker lets the reranker tell a passage that answers from one that doesn't.
func checkReranker(ctx context.Context, c adapters.Config) (string, error) {
	var g llm.Generator
	var err error
	if strings.HasPrefix(c.Rerank.URL, "llm:") {
		if g, err = adapters.OpenGenerator(c); err != nil {
			return "", err
		}
	}
	r, err := adapters.OpenReranker(c, g)
	if err != nil {
		return "", err
	}
	if r == nil {
		return "none", nil
	}
	scores, err := r.Rerank(ctx, "Who books trains?", []llm.Candidate{{Text: "The canteen opens at noon."}, {Text: probe}})
	if err != nil {
		return "", err
	}
	if len(scores) != 2 || scores[1] <= scores[0] {
		return "", errors.New("the model doesn't tell a passage that answers from one that doesn't")
	}
	return r.Model(), nil
}

func checkParser(ctx context.Context, c adapters.Config) (string, error) {
	parser, closeParser := adapters.OpenParser(c)
	defer closeParser()
	parsed, err := parser.Parse(ctx, document.File{
		Name: "probe.txt", MediaType: "text/plain", Size: int64(len(probe)), Body: strings.NewReader(probe),
	})
	if err != nil {
		return "", err
	}
	if len(parsed.Blocks) != 1 || parsed.Blocks[0].Text != probe {
		return "", errors.New("the probe was read as something else")
	}
	return "a text file was read in a process of its own", nil
}
