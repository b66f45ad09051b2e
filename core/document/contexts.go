package document

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// ContextWriter is the language model that writes what places a chunk in its document.
type ContextWriter llm.Generator

// ContextOptions are the settings of writing contexts; the zero value of each means its default.
type ContextOptions struct {
	// Window is how many characters of a document the model is shown with a chunk: all of a document that is no longer; otherwise its
	// beginning, an eighth of them, and what is around the chunk. Defaults to 24,000.
	Window int
	// MostChunks is how many chunks a document may have that gets contexts. Defaults to 2,000.
	MostChunks int
	// AtOnce is how many contexts of a document are written at once. Defaults to 4.
	AtOnce int
	// Observe is told what became of contexts, as it becomes known. Defaults to nobody.
	Observe func(o ContextOutcome, chunks int)
}

// ContextOutcome is what became of the context of a chunk.
type ContextOutcome string

// The outcomes.
const (
	ContextWritten     ContextOutcome = "written"     // the model wrote one
	ContextKept        ContextOutcome = "kept"        // it had been written before
	ContextUnusable    ContextOutcome = "unusable"    // what the model wrote looks like prompt injection, or was nothing
	ContextRefused     ContextOutcome = "refused"     // the model did not take the request, and never will
	ContextUnavailable ContextOutcome = "unavailable" // the model did not answer until the last try
	ContextTooMany     ContextOutcome = "too_many"    // the document has more chunks than MostChunks
)

func (o ContextOptions) withDefaults() ContextOptions {
	for _, d := range []struct {
		field *int
		value int
	}{{&o.Window, 24_000}, {&o.MostChunks, 2000}, {&o.AtOnce, 4}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if o.Observe == nil {
		o.Observe = func(ContextOutcome, int) {}
	}
	return o
}

// writeContexts gives chunks their contexts. A model is asked for those alone that were never written. Every one is a checkpoint.
//
// A context is worth having and not worth failing for. A chunk for which the model refuses goes without. While the model can't be
// reached, the run fails for a passing reason and is tried again; on its last try it goes without what is missing.
func (w *worker) writeContexts(ctx context.Context, g *Generation) error {
	if w.ports.ContextWriter == nil {
		return nil
	}
	if n := len(g.Chunks); n > w.opts.Contexts.MostChunks {
		w.opts.Contexts.Observe(ContextTooMany, n)
		g.lackContexts(n)
		return nil
	}
	known, err := w.ports.Pipeline.Contexts(ctx, w.run.Document)
	if err != nil {
		return err
	}
	s := newScribe(w, g, known)
	if err := s.watched(ctx); err != nil {
		return fmt.Errorf("write contexts: %w", err)
	}
	s.finish()
	return nil
}

// lackContexts tells people that chunks have none though they should.
func (g *Generation) lackContexts(n int) {
	if g.About == nil {
		g.About = map[string]string{}
	}
	g.About["chunks_without_context"] = fmt.Sprintf("%d of %d", n, len(g.Chunks))
}

// scribe has the contexts of one generation written.
type scribe struct {
	*worker
	g       *Generation
	prompts prompter
	todo    []int // chunks to ask for, one for each key of which nothing is known, in their order
	settled atomic.Int64

	mu      sync.Mutex
	known   map[Hash]string
	refused map[Hash]bool
	written int   // by the model, in this run
	outages int   // in a row
	outage  error // the last one
	broken  error // something other than the model
}

func newScribe(w *worker, g *Generation, known map[Hash]string) *scribe {
	s := &scribe{
		worker: w, g: g, known: known, refused: map[Hash]bool{},
		prompts: newPrompter(g, w.opts.Contexts.Window),
	}
	model, asked := w.ports.ContextWriter.Model(), map[Hash]bool{}
	for i := range g.Chunks {
		c := &g.Chunks[i]
		c.ContextKey = s.prompts.key(model, *c)
		if _, there := known[c.ContextKey]; !there && !asked[c.ContextKey] {
			asked[c.ContextKey] = true
			s.todo = append(s.todo, i)
		}
	}
	if n := len(g.Chunks) - len(s.todo); n > 0 {
		w.opts.Contexts.Observe(ContextKept, n)
	}
	return s
}

// watched writes, and ends early when the run is over.
func (s *scribe) watched(ctx context.Context) error {
	if len(s.todo) == 0 {
		return nil
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	before := len(s.g.Chunks) - len(s.todo)
	watching := s.watch(ctx, stop, func() Progress {
		return Progress{Stage: StageContext, Done: before + int(s.settled.Load()), Total: len(s.g.Chunks)}
	})
	err := s.write(ctx)
	stop(nil)
	<-watching
	return err
}

// write asks for all contexts, again and again as long as that leads to something: what a provider can't take at once, it takes bit
// by bit, at the pace that the model's decorator keeps, and no such document uses up its tries.
func (s *scribe) write(ctx context.Context) error {
	for todo := s.todo; len(todo) > 0; {
		if err := s.pass(ctx, todo); err != nil {
			return err
		}
		left := s.unsettled(todo)
		if len(left) == len(todo) && !s.last {
			return s.outage
		}
		if len(left) == len(todo) || s.useless() {
			return nil
		}
		todo = left
	}
	return nil
}

// pass asks once for each of the chunks, those that are shown the same part of the document in a row. The first of them goes
// ahead: providers that remember what they have read have then read it when the others come.
func (s *scribe) pass(ctx context.Context, todo []int) error {
	s.outages, s.outage = 0, nil
	for from := 0; from < len(todo) && !s.stopped(); {
		window := s.prompts.window(s.g.Chunks[todo[from]])
		to := from + 1
		for to < len(todo) && s.prompts.window(s.g.Chunks[todo[to]]) == window {
			to++
		}
		p := s.prompts.show(window)
		for _, some := range [][]int{todo[from : from+1], todo[from+1 : to]} {
			if err := s.each(ctx, p, some); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// each asks for some chunks, several at once. What is under way is waited for in any case: it is paid for.
func (s *scribe) each(ctx context.Context, p prompt, chunks []int) error {
	var asking sync.WaitGroup
	turns := make(chan struct{}, s.opts.Contexts.AtOnce)
	for _, i := range chunks {
		turns <- struct{}{}
		if ctx.Err() != nil || s.stopped() {
			break
		}
		asking.Go(func() {
			s.note(s.g.Chunks[i].ContextKey, s.one(ctx, p, s.g.Chunks[i]))
			<-turns
		})
	}
	asking.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return s.broken
}

// one asks for one chunk.
func (s *scribe) one(ctx context.Context, p prompt, c Chunk) (err error) {
	defer fault.Recover(&err)
	said, err := s.ask(ctx, p.request(c))
	if err != nil {
		return &askError{err}
	}
	if s.detector.Scan(said).Suspicious() {
		said = ""
	}
	// What was paid for is kept, even if the run ends now.
	err = s.ports.Pipeline.SaveContexts(context.WithoutCancel(ctx), s.lease, s.run, []Context{{c.ContextKey, said}}, s.opts.Now())
	if err != nil {
		return err
	}
	outcome := ContextWritten
	if said == "" {
		outcome = ContextUnusable
	}
	s.opts.Contexts.Observe(outcome, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[c.ContextKey] = said
	return nil
}

// askError is what the model, and nobody else, has to say against a request.
type askError struct{ cause error }

func (e *askError) Error() string { return e.cause.Error() }
func (e *askError) Unwrap() error { return e.cause }

// note takes down how asking ended.
func (s *scribe) note(key Hash, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var asked *askError
	switch {
	case err == nil:
		s.outages = 0
		s.written++
		s.settled.Add(1)
	case !errors.As(err, &asked):
		s.broken = err
	case errors.Is(err, fault.Busy), errors.Is(err, fault.Unavailable):
		s.outages++
		s.outage = asked.cause
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded): // the run's own end, which each returns
	default:
		s.refused[key] = true
		s.settled.Add(1)
	}
}

const (
	enoughOutages  = 3  // in a row, after which nobody is asked for a while
	enoughRefusals = 10 // with no context written, after which the model isn't asked for this document any more
)

// stopped reports whether nothing more is to be asked in this pass.
func (s *scribe) stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken != nil || s.outages >= enoughOutages || s.uselessLocked()
}

// useless reports whether the model refuses whatever it is asked, as when it can't read as much at once.
func (s *scribe) useless() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.uselessLocked()
}

func (s *scribe) uselessLocked() bool { return s.written == 0 && len(s.refused) >= enoughRefusals }

// unsettled returns those of the chunks for which asking may still lead to something.
func (s *scribe) unsettled(todo []int) []int {
	var out []int
	for _, i := range todo {
		key := s.g.Chunks[i].ContextKey
		if _, there := s.known[key]; !there && !s.refused[key] {
			out = append(out, i)
		}
	}
	return out
}

// finish hands the contexts to the chunks, and tells of those that got none. What a run does without isn't remembered: the next
// one asks again.
func (s *scribe) finish() {
	lacking := map[ContextOutcome]int{}
	for i := range s.g.Chunks {
		c := &s.g.Chunks[i]
		said, there := s.known[c.ContextKey]
		if there {
			c.Context = said
			continue
		}
		outcome := ContextUnavailable
		if s.refused[c.ContextKey] || s.useless() {
			outcome = ContextRefused
		}
		lacking[outcome]++
		c.ContextKey = Hash{}
	}
	for outcome, n := range lacking {
		s.opts.Contexts.Observe(outcome, n)
	}
	if n := lacking[ContextRefused] + lacking[ContextUnavailable]; n > 0 {
		s.g.lackContexts(n)
	}
}
