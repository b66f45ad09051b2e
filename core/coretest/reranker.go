package coretest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Reranker checks that a model keeps the contract of llm.Reranker. open returns one; it is called once per case.
func Reranker(t *testing.T, open func(t *testing.T) llm.Reranker, r Repeatability) {
	t.Helper()
	run := func(name string, check func(t *testing.T, r llm.Reranker)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
	run("the model is named", func(t *testing.T, r llm.Reranker) {
		if r.Model() == "" {
			t.Error("Model() is empty")
		}
	})
	run("every candidate gets a finite score, however many there are", rerankerScores)
	run("what answers comes before what doesn't", rerankerOrders)
	run("an ended context ends the call", rerankerCancelled)
	run("calls at the same time don't disturb each other", rerankerConcurrent)
	if r == Deterministic {
		run("the same candidates get the same scores", func(t *testing.T, r llm.Reranker) {
			if a, b := scoresOf(t, r, sampleCandidates(40)), scoresOf(t, r, sampleCandidates(40)); !slices.Equal(a, b) {
				t.Errorf("scores %v, and then %v", a, b)
			}
		})
	}
}

const rerankerQuery = "who books trains?"

// sampleCandidates are texts of all kinds, the last of which answers.
func sampleCandidates(n int) []llm.Candidate {
	out := make([]llm.Candidate, n)
	for i := range out {
		texts := sampleTexts()
		out[i] = llm.Candidate{Text: texts[i%len(texts)], Score: 1 / float64(i+1)}
		if i%3 == 0 {
			out[i].Title, out[i].Headings = fmt.Sprint("Title ", i), []string{"Above", "Below"}
		}
	}
	return out
}

func rerankerScores(t *testing.T, r llm.Reranker) {
	for _, n := range []int{0, 1, 2, 70} {
		for i, s := range scoresOf(t, r, sampleCandidates(n)) {
			if math.IsNaN(s) || math.IsInf(s, 0) {
				t.Errorf("candidate %d of %d has the score %g", i, n, s)
			}
		}
	}
}

func rerankerOrders(t *testing.T, r llm.Reranker) {
	scores := scoresOf(t, r, []llm.Candidate{
		{Text: "The canteen opens at noon. Somebody books a table.", Score: 1},
		{Text: "Trains need rails.", Score: 0.9},
		{Title: "Travel", Text: "The travel desk books trains.", Score: 0.9},
	})
	if scores[2] <= scores[0] || scores[2] <= scores[1] {
		t.Errorf("scores are %v, want the last one to be the greatest", scores)
	}
}

func rerankerCancelled(t *testing.T, r llm.Reranker) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Rerank(ctx, rerankerQuery, sampleCandidates(3)); !errors.Is(err, context.Canceled) {
		t.Errorf("Rerank() error = %v, want context.Canceled", err)
	}
}

func rerankerConcurrent(t *testing.T, r llm.Reranker) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			n := 3 + i
			if scores, err := r.Rerank(t.Context(), rerankerQuery, sampleCandidates(n)); err != nil || len(scores) != n {
				t.Errorf("Rerank of %d = %d scores, %v", n, len(scores), err)
			}
		})
	}
	wg.Wait()
}

func scoresOf(t *testing.T, r llm.Reranker, candidates []llm.Candidate) []float64 {
	t.Helper()
	scores, err := r.Rerank(t.Context(), rerankerQuery, candidates)
	if err != nil || len(scores) != len(candidates) {
		t.Fatalf("Rerank of %d candidates = %d scores, %v", len(candidates), len(scores), err)
	}
	return scores
}
