package resilient_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// step is what a model does when it is called: it is silent for a while, after each word or without any, then fails or ends.
type step struct {
	says   []string
	silent time.Duration
	err    error
}

// model does one step per call, the last one again and again.
type model struct {
	mu    sync.Mutex
	steps []step
	calls []time.Time
	sizes []int // of the batches
	now   int   // running calls
	most  int   // of them at once
}

var (
	_ llm.Embedder  = (*model)(nil)
	_ llm.Generator = (*model)(nil)
)

func (m *model) Space() llm.Space { return llm.Space{Name: "test", Dimension: 1} }
func (m *model) Model() string    { return "test" }
func (m *model) BatchSize() int   { return 3 }

func (m *model) enter(size int) step {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls, m.sizes = append(m.calls, time.Now()), append(m.sizes, size)
	m.now++
	m.most = max(m.most, m.now)
	s := m.steps[0]
	if len(m.steps) > 1 {
		m.steps = m.steps[1:]
	}
	return s
}

func (m *model) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now--
}

// do is the part of a step after the words.
func (s step) do(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.silent):
		return s.err
	}
}

func (m *model) Embed(ctx context.Context, _ llm.Purpose, texts []string) ([]llm.Vector, error) {
	s := m.enter(len(texts))
	defer m.leave()
	if err := s.do(ctx); err != nil {
		return nil, err
	}
	return slices.Repeat([]llm.Vector{{1}}, len(texts)), nil
}

func (m *model) Generate(ctx context.Context, _ llm.Request) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) {
		s := m.enter(1)
		defer m.leave()
		for _, text := range s.says {
			if !yield(llm.Piece{Text: text}, nil) {
				return
			}
			if err := (step{silent: s.silent}).do(ctx); err != nil {
				yield(llm.Piece{}, err)
				return
			}
		}
		if len(s.says) > 0 {
			s.silent = 0
		}
		if err := s.do(ctx); err != nil {
			yield(llm.Piece{}, err)
			return
		}
		yield(llm.Piece{Usage: &llm.Usage{InputTokens: 10, OutputTokens: 2}}, nil)
	}
}

// at lists when the model was called, since a time.
func (m *model) at(start time.Time) []time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []time.Duration
	for _, c := range m.calls {
		out = append(out, c.Sub(start))
	}
	return out
}

func down() error                    { return fault.Unavailable.Errorf("down").Because("provider_error") }
func busy(after time.Duration) error { return fault.Busy.Errorf("busy").After(after) }

// errWrong is an error that nobody can act on.
var errWrong = errors.New("wrong")

// steady takes chance out of the waits: the full backoff, less a nanosecond's worth.
func steady(o resilient.Options) *resilient.Options {
	o.Chance = func() float64 { return 1 }
	return &o
}

func embedOne(ctx context.Context, e llm.Embedder) error {
	_, err := e.Embed(ctx, llm.ForQuery, []string{"a"})
	return err
}

func say(ctx context.Context, g llm.Generator) (string, error) {
	text := ""
	for p, err := range g.Generate(ctx, llm.Request{}) {
		if err != nil {
			return text, err
		}
		text += p.Text
	}
	return text, nil
}

func mustBe(t *testing.T, err error, kind fault.Kind, reason string) {
	t.Helper()
	if f := fault.Of(err); f == nil || f.Kind != kind || f.Reason != reason {
		t.Errorf("error = %v, want %s because of %q", err, kind, reason)
	}
}
