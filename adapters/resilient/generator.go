package resilient

import (
	"context"
	"errors"
	"iter"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Generator decorates a llm.Generator. It is safe for concurrent use.
type Generator struct {
	next   llm.Generator
	caller *caller
}

var _ llm.Generator = (*Generator)(nil)

// NewGenerator decorates a generator.
func NewGenerator(next llm.Generator, o *Options) *Generator {
	return &Generator{next: next, caller: newCaller(o)}
}

// Model implements llm.Generator.
func (g *Generator) Model() string { return g.next.Model() }

// Stats returns what became of the calls so far.
func (g *Generator) Stats() Stats { return g.caller.counts.read() }

// Generate implements llm.Generator. Pieces with neither text nor usage are signs of life and end here. While whoever takes
// the pieces is busy with one, the provider's silence doesn't count.
func (g *Generator) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) {
		tokens := r.MaxTokens
		for _, m := range r.Messages {
			tokens += tokensIn(m.Text)
		}
		err := g.caller.do(ctx, tokens, func(ctx context.Context, w *watch) error {
			return g.stream(ctx, r, w, func(p llm.Piece) bool {
				if u := p.Usage; u != nil {
					g.caller.pace.correct(g.caller.opts.Now(), u.InputTokens+u.OutputTokens-tokens)
				}
				return yield(p, nil)
			})
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(llm.Piece{}, err)
		}
	}
}

// stream is one attempt. What goes wrong after the first piece was handed on can't be repeated.
func (g *Generator) stream(ctx context.Context, r llm.Request, w *watch, hand func(llm.Piece) bool) error {
	handed := false
	for piece, err := range g.next.Generate(ctx, r) {
		w.rest()
		if err != nil && handed {
			return &spentError{err}
		}
		if err != nil {
			return err
		}
		if piece != (llm.Piece{}) {
			handed = true
			g.caller.counts.used(piece.Usage)
			if !hand(piece) {
				return &spentError{errStopped}
			}
		}
		w.resume()
	}
	return nil
}
