package coretest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Repeatability says whether a model gives the same for the same input.
type Repeatability bool

// The repeatabilities.
const (
	Deterministic Repeatability = true
	Varying       Repeatability = false // nothing is checked about repeating
)

// Embedder checks that a model keeps the contract of llm.Embedder. open returns one; it is called once per case.
func Embedder(t *testing.T, open func(t *testing.T) llm.Embedder, r Repeatability) {
	t.Helper()
	run := func(name string, check func(t *testing.T, e llm.Embedder)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
	run("the space is named, has a dimension and stays the same", embedderSpace)
	run("every text gives a vector of unit length in the space", embedderUnit)
	run("no texts give no vectors", embedderNothing)
	run("vectors keep the order of the texts, however many there are", embedderOrder)
	run("a text is nearest to what repeats it", embedderNear)
	run("an ended context ends the call", embedderCancelled)
	run("calls at the same time don't disturb each other", embedderConcurrent)
	if r == Deterministic {
		run("the same text gives the same vector", embedderRepeats)
	}
}

// sampleTexts differ in language, length and script; none is blank.
func sampleTexts() []string {
	return []string{
		"The library opens at nine in the morning.", "La factura se paga en treinta días.", "x", "?", "the", "東京は日本の首都です。",
		"🙂", "\tindented\n\nlines ", "0", strings.Repeat("A long text about rivers and bridges. ", 200), "broken \xff byte",
	}
}

func embedderSpace(t *testing.T, e llm.Embedder) {
	s := e.Space()
	if s.Name == "" || s.Dimension <= 0 || s.Weight < 0 || s.Weight > 1 {
		t.Errorf("Space() = %+v, want a name, a positive dimension and a weight from 0 to 1", s)
	}
	embed(t, e, "text")
	if diff := cmp.Diff(s, e.Space()); diff != "" {
		t.Errorf("Space() changed after use (-before +after):\n%s", diff)
	}
}

func embedderUnit(t *testing.T, e llm.Embedder) {
	for _, p := range []llm.Purpose{llm.ForDocument, llm.ForQuery} {
		texts := sampleTexts()
		vectors, err := e.Embed(t.Context(), p, texts)
		if err != nil {
			t.Fatalf("Embed for %s: %v", p, err)
		}
		for i, v := range vectors {
			if n := len(v); n != e.Space().Dimension {
				t.Errorf("vector of %.20q has %d numbers, want %d", texts[i], n, e.Space().Dimension)
			}
			if norm := math.Sqrt(product(v, v)); math.IsNaN(norm) || math.Abs(norm-1) > 1e-4 {
				t.Errorf("vector of %.20q has length %g, want 1", texts[i], norm)
			}
		}
	}
}

func embedderNothing(t *testing.T, e llm.Embedder) {
	if vectors, err := e.Embed(t.Context(), llm.ForDocument, nil); err != nil || len(vectors) != 0 {
		t.Errorf("Embed(nothing) = %d vectors, %v, want none, nil", len(vectors), err)
	}
}

func embedderOrder(t *testing.T, e llm.Embedder) {
	words := []string{"bread", "violin", "glacier", "harbour", "tax"}
	texts := make([]string, 257)
	for i := range texts {
		texts[i] = fmt.Sprintf("All there is to say about the %s.", words[i%len(words)])
	}
	vectors, err := e.Embed(t.Context(), llm.ForDocument, texts)
	if err != nil || len(vectors) != len(texts) {
		t.Fatalf("Embed of %d texts = %d vectors, %v", len(texts), len(vectors), err)
	}
	for i, v := range vectors {
		if p := product(v, vectors[i%len(words)]); p < 0.99 {
			t.Fatalf("vector %d is not that of its text: product %g", i, p)
		}
	}
}

func embedderNear(t *testing.T, e llm.Embedder) {
	texts := []string{
		"Invoices are paid within thirty days.", "The lighthouse stands on the northern cliff.", "Bees make honey from nectar.",
	}
	docs, err := e.Embed(t.Context(), llm.ForDocument, texts)
	if err != nil {
		t.Fatalf("Embed: %v", err)
	}
	for i, s := range texts {
		query, err := e.Embed(t.Context(), llm.ForQuery, []string{s})
		if err != nil {
			t.Fatalf("Embed: %v", err)
		}
		best := 0
		for j := range docs {
			if product(query[0], docs[j]) > product(query[0], docs[best]) {
				best = j
			}
		}
		if best != i {
			t.Errorf("nearest to %q is %q", s, texts[best])
		}
	}
}

func embedderCancelled(t *testing.T, e llm.Embedder) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Embed(ctx, llm.ForDocument, []string{"text"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Embed() error = %v, want context.Canceled", err)
	}
}

func embedderConcurrent(t *testing.T, e llm.Embedder) {
	texts := sampleTexts()
	want := embed(t, e, texts...)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := e.Embed(t.Context(), llm.ForDocument, texts)
			if err != nil || len(got) != len(want) {
				t.Errorf("Embed = %d vectors, %v, want %d", len(got), err, len(want))
				return
			}
			for i := range got {
				if product(got[i], want[i]) < 0.99 {
					t.Errorf("vector of %.20q differs from the one made alone", texts[i])
				}
			}
		})
	}
	wg.Wait()
}

func embedderRepeats(t *testing.T, e llm.Embedder) {
	texts := sampleTexts()
	together := embed(t, e, texts...)
	for i, s := range texts {
		if !slices.Equal(embed(t, e, s)[0], together[i]) {
			t.Errorf("vector of %.20q alone differs from the one made among others", s)
		}
	}
}

func embed(t *testing.T, e llm.Embedder, texts ...string) []llm.Vector {
	t.Helper()
	vectors, err := e.Embed(t.Context(), llm.ForDocument, texts)
	if err != nil || len(vectors) != len(texts) {
		t.Fatalf("Embed of %d texts = %d vectors, %v", len(texts), len(vectors), err)
	}
	return vectors
}

func product(a, b llm.Vector) float64 {
	sum := 0.0
	for i := range min(len(a), len(b)) {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
