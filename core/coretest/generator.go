package coretest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Generator checks that a model keeps the contract of llm.Generator. open returns one that can answer, citing its passage,
// the request of this suite; it is called once per case.
func Generator(t *testing.T, open func(t *testing.T) llm.Generator, r Repeatability) {
	t.Helper()
	run := func(name string, check func(t *testing.T, g llm.Generator)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
	run("the model is named", generatorNamed)
	run("an answer cites a passage by its marker", generatorCites)
	run("no passages are no error", generatorEmpty)
	run("an ended context ends the sequence with its error", generatorEnded)
	run("a context that ends midway ends the sequence", generatorCancelled)
	run("breaking out of the sequence is allowed", generatorBroken)
	run("calls at the same time don't disturb each other", generatorConcurrent)
	if r == Deterministic {
		run("the same request gives the same answer", generatorRepeats)
	}
}

// request is a question that its passages answer in more than one sentence.
func request() llm.Request {
	question := "When does the town library of Arden open, and who runs it?"
	passages := []llm.Passage{
		{Marker: 1, Title: "Arden", Text: "The town library of Arden opens at 9:30 on weekdays. The town library of Arden is run by Edith Moor."},
		{Marker: 2, Title: "Honey", Text: "Bees make honey from nectar. They store it in combs."},
	}
	var b strings.Builder
	for _, p := range passages {
		fmt.Fprintf(&b, "[%d] %s\n%s\n\n", p.Marker, p.Title, p.Text)
	}
	return llm.Request{
		Messages: []llm.Message{
			{Role: llm.RoleSystem, Text: "Answer from the passages alone and cite them as [1]."},
			{Role: llm.RoleUser, Text: b.String() + question},
		},
		Question: question, Language: "en", Passages: passages,
	}
}

func generatorNamed(t *testing.T, g llm.Generator) {
	if g.Model() == "" {
		t.Error("Model() is empty")
	}
}

func generatorCites(t *testing.T, g llm.Generator) {
	answer, err := generate(t.Context(), g, request())
	if err != nil {
		t.Fatalf("Generate: %v", err)
	}
	markers := regexp.MustCompile(`\[\d+\]`).FindAllString(answer, -1)
	if !slices.Contains(markers, "[1]") {
		t.Errorf("answer = %q, want one that cites [1]", answer)
	}
	for _, m := range markers {
		if m != "[1]" && m != "[2]" {
			t.Errorf("answer = %q cites %s, which is no passage", answer, m)
		}
	}
}

func generatorEmpty(t *testing.T, g llm.Generator) {
	r := request()
	r.Passages = nil
	if _, err := generate(t.Context(), g, r); err != nil {
		t.Errorf("Generate: %v", err)
	}
}

func generatorEnded(t *testing.T, g llm.Generator) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if answer, err := generate(ctx, g, request()); !errors.Is(err, context.Canceled) || answer != "" {
		t.Errorf("Generate() = %q, %v, want context.Canceled and no text", answer, err)
	}
}

// generatorCancelled allows a sequence to end without an error only when nothing was left to say.
func generatorCancelled(t *testing.T, g llm.Generator) {
	whole, pieces := 0, 0
	for _, err := range g.Generate(t.Context(), request()) {
		if err != nil {
			t.Fatalf("Generate: %v", err)
		}
		whole++
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range g.Generate(ctx, request()) {
		if last != nil {
			t.Fatal("the sequence went on after an error")
		}
		last = err
		pieces++
		cancel()
	}
	if pieces < whole && !errors.Is(last, context.Canceled) {
		t.Errorf("after %d of %d pieces the sequence ended with %v, want context.Canceled", pieces, whole, last)
	}
}

func generatorBroken(t *testing.T, g llm.Generator) {
	for range 3 {
		for range g.Generate(t.Context(), request()) {
			break
		}
	}
	if _, err := generate(t.Context(), g, request()); err != nil {
		t.Errorf("Generate after breaking out: %v", err)
	}
}

func generatorConcurrent(t *testing.T, g llm.Generator) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if answer, err := generate(t.Context(), g, request()); err != nil || !strings.Contains(answer, "[1]") {
				t.Errorf("Generate() = %q, %v, want an answer that cites [1]", answer, err)
			}
		})
	}
	wg.Wait()
}

func generatorRepeats(t *testing.T, g llm.Generator) {
	want, err := generate(t.Context(), g, request())
	if err != nil {
		t.Fatalf("Generate: %v", err)
	}
	for range 5 {
		if got, err := generate(t.Context(), g, request()); err != nil || got != want {
			t.Fatalf("Generate() = %q, %v, want %q again", got, err, want)
		}
	}
}

func generate(ctx context.Context, g llm.Generator, r llm.Request) (string, error) {
	var b strings.Builder
	for piece, err := range g.Generate(ctx, r) {
		if err != nil {
			return b.String(), err
		}
		b.WriteString(piece.Text)
	}
	return b.String(), nil
}
