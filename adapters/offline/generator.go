package offline

import (
	"context"
	"fmt"
	"iter"
	"strconv"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Generator answers by quoting. It scores the sentences of the passages against the question and yields the one to three
// that answer it, word for word, each followed by the marker of its passage, as in [2]. It yields nothing when the passages
// lack too much of what the question is about. It is no language model: it does not read Messages, does not combine what it
// finds and does not translate. The zero value is ready for use. It is safe for concurrent use.
type Generator struct{}

var _ llm.Generator = (*Generator)(nil)

// NewGenerator returns a Generator.
func NewGenerator() *Generator { return &Generator{} }

// Model returns "offline-extractive-1". It changes whenever the same request would be answered in another way.
func (*Generator) Model() string { return "offline-extractive-1" }

// Generate streams the answer to r.Question out of r.Passages, a sentence per piece. No piece carries usage, since no
// tokens are consumed. When ctx ends, the sequence ends with its error.
func (*Generator) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(llm.Piece{}, fmt.Errorf("answer: %w", err))
			return
		}
		sentences, cut := answer(r)
		for i, s := range sentences {
			if err := ctx.Err(); err != nil {
				yield(llm.Piece{}, fmt.Errorf("answer: %w", err))
				return
			}
			quote := s.text + " [" + strconv.Itoa(r.Passages[s.passage].Marker) + "]"
			if i > 0 {
				quote = " " + quote
			}
			if !yield(llm.Piece{Text: quote}, nil) {
				return
			}
		}
		if cut {
			yield(llm.Piece{Cut: true}, nil)
		}
	}
}

// answer returns the sentences to quote, none when the passages don't answer, and whether the limit left some out.
func answer(r llm.Request) (quoted []*sentence, cut bool) {
	q := newQuestion(r.Question, r.Language)
	e := newEvidence(q, r.Passages)
	if !e.supports() {
		return nil, false
	}
	chosen := e.choose()
	quoted = fit(chosen, r.MaxTokens)
	return quoted, len(quoted) < len(chosen)
}

// bytesPerToken is about what a token takes in English and Spanish.
const bytesPerToken = 4

// fit leaves out the sentences that pass the limit on tokens, except the first.
func fit(chosen []*sentence, maxTokens int) []*sentence {
	used := 0
	for i, s := range chosen {
		used += len(s.text)
		if maxTokens > 0 && i > 0 && used > maxTokens*bytesPerToken {
			return chosen[:i]
		}
	}
	return chosen
}
