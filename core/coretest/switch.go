package coretest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
)

// testSwitch is the part of TestPipeline about Switch.
func testSwitch[S Content](t *testing.T, open func(*testing.T) S) {
	t.Helper()
	runContent(t, open, []contentCheck{
		{"a switch makes a generation visible and settles the delivery", switchVisible},
		{"a switch retires the generation before and keeps the ids of chunks", switchAgain},
		{"a switch of the very same text works", switchSame},
		{"a generation of thousands of chunks switches", switchLarge},
		{"a generation without chunks switches", switchEmpty},
		{"a switch without an embedding changes nothing", switchNotEmbedded},
		{"a switch that is cut off anywhere leaves the old generation", switchCutOff},
		{"a reader sees the old generation or the new one, never a mixture", switchWhileRead},
		{"of two workers with one delivery one switches", switchRace},
		{"documents switch at once without disturbing each other", switchAtOnce},
	})
}

func switchVisible(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	l, r := w.start(d)
	g := w.embed(w.generation(d.ID, "It's 'one'?", "Größe", "It's 'one'?"))
	at := w.now.Add(time.Second)
	w.must(w.Pipeline().Switch(w.ctx(), l, r, g, at, w.event("ready")))
	got := w.get(d.ID)
	want := d
	want.Status, want.Progress, want.UpdatedAt = document.Ready, document.Progress{Stage: document.StageDone, Done: 3, Total: 3}, at
	want.Outcome = document.Outcome{Generation: got.Generation, Language: text.English, Pages: 3, Chunks: 3, Properties: g.About}
	if diff := cmp.Diff(want, got); diff != "" || got.Generation <= 0 {
		t.Errorf("Document() has generation %d and differs (-want +got):\n%s", got.Generation, diff)
	}
	if s, n := w.state(l), w.count("ready", event.Pending); s != event.Done || n != 1 {
		t.Errorf("the delivery is %s with %d events, want done and 1", s, n)
	}
	chunks, err := w.Index().Chunks(w.ctx(), w.all, []uuid.UUID{g.Chunks[1].ID})
	w.must(err)
	c := g.Chunks[1]
	wantChunk := retrieval.Chunk{
		ID: c.ID, Document: d.ID, Title: d.Title, Source: d.Source, Generation: got.Generation, Ordinal: 1, Span: c.Span,
		Text: c.Text, PageFrom: 2, PageTo: 2, RowFrom: 10, RowTo: 15, Headings: c.Headings, Section: c.Section, Language: g.Language, Pages: g.Pages[1:2],
	}
	if diff := cmp.Diff([]retrieval.Chunk{wantChunk}, chunks); diff != "" {
		t.Errorf("Chunks() differs (-want +got):\n%s", diff)
	}
	w.is("Switch again", w.Pipeline().Switch(w.ctx(), w.lease(), r, g, w.now), document.ErrStopped)
}

func switchAgain(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	old := w.ready(d, "a", "b", "c")
	first := w.get(d.ID)
	g := w.ready(w.again(d.ID), "c", "d", "a")
	got := w.get(d.ID)
	if got.Generation <= first.Generation || got.Chunks != 3 {
		t.Errorf("the outcome is %+v after %+v", got.Outcome, first.Outcome)
	}
	chunks, err := w.Index().Chunks(w.ctx(), w.all, []uuid.UUID{
		old.Chunks[0].ID, old.Chunks[1].ID, old.Chunks[2].ID, g.Chunks[1].ID,
	})
	w.must(err)
	seen := map[string]int{}
	for _, c := range chunks {
		if c.Generation != got.Generation {
			t.Errorf("chunk %q is of generation %d, want %d", c.Text, c.Generation, got.Generation)
		}
		seen[c.Text] = c.Ordinal
	}
	if diff := cmp.Diff(map[string]int{"c": 0, "d": 1, "a": 2}, seen); diff != "" {
		t.Errorf("what is visible differs (-want +got):\n%s", diff)
	}
}

func switchSame(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	w.ready(d, "a", "a", "b")
	g := w.ready(w.again(d.ID), "a", "a", "b")
	if n := w.found(g); n != 3 {
		t.Errorf("%d chunks are found, want 3", n)
	}
}

func paragraphs(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("paragraph %d", i)
	}
	return out
}

func switchLarge(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	for _, n := range []int{3001, 2500} {
		g := w.ready(d, paragraphs(n)...)
		if got := w.found(g); got != n || w.get(d.ID).Chunks != n {
			t.Errorf("%d chunks are found, want %d", got, n)
		}
		d = w.again(d.ID)
	}
}

func switchEmpty(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	w.ready(d)
	if got := w.get(d.ID); got.Status != document.Ready || got.Generation == 0 || got.Chunks != 0 {
		t.Errorf("the document is %s with %+v", got.Status, got.Outcome)
	}
}

func switchNotEmbedded(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	old := w.ready(d, "a", "b")
	l, r := w.start(w.again(d.ID))
	want := w.get(d.ID)
	g := w.generation(d.ID, "a", "c")
	for range 2 {
		err := w.Pipeline().Switch(w.ctx(), l, r, g, w.now.Add(time.Second), w.event("changed"))
		w.is("Switch", err, document.ErrNotEmbedded)
		w.unchangedDocument("Switch", want, old)
		g.Spaces = []llm.Space{{Name: "elsewhere", Dimension: 4}}
	}
	if s := w.state(l); s != event.Leased {
		t.Errorf("the delivery is %s, want leased", s)
	}
	g.Spaces = []llm.Space{contentSpace()}
	w.must(w.Pipeline().Switch(w.ctx(), l, r, w.embed(g), w.now))
}

// cutOff is a context that ends when it was looked at so many times: a way to stop at every point in turn.
type cutOff struct {
	context.Context
	end  context.CancelFunc
	left atomic.Int64
}

func newCutOff(ctx context.Context, looks int64) *cutOff {
	c := &cutOff{}
	c.Context, c.end = context.WithCancel(ctx)
	c.left.Store(looks)
	return c
}

func (c *cutOff) look() {
	if c.left.Add(-1) == 0 {
		c.end()
	}
}

func (c *cutOff) Done() <-chan struct{} {
	c.look()
	return c.Context.Done()
}

func (c *cutOff) Err() error {
	c.look()
	return c.Context.Err()
}

func switchCutOff(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	old := w.ready(d, paragraphs(40)...)
	l, r := w.start(w.again(d.ID))
	want := w.get(d.ID)
	g := w.embed(w.generation(d.ID, append(paragraphs(30), "new", "text")...))
	for looks := int64(1); looks < 10_000; looks++ {
		ctx := newCutOff(w.ctx(), looks)
		err := w.Pipeline().Switch(ctx, l, r, g, w.now.Add(time.Second), w.event("changed"))
		ctx.end()
		if err == nil {
			if looks < 20 {
				t.Errorf("the store looked at the context %d times only", looks)
			}
			break
		}
		w.is("Switch", err, context.Canceled)
		w.unchangedDocument(fmt.Sprintf("Switch, cut off at %d,", looks), want, old)
		if t.Failed() {
			return
		}
	}
	got, err := w.Documents().Text(w.ctx(), w.all, d.ID)
	w.must(err)
	if n := w.found(g); got.Body != g.Body || n != len(g.Chunks) {
		t.Errorf("after the switch %d chunks are found, want %d", n, len(g.Chunks))
	}
}

func switchWhileRead(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	g := w.ready(d, "version 0", "common", "other 0")
	bodies := map[string]bool{g.Body: true}
	for i := range 10 {
		bodies[w.generation(d.ID, fmt.Sprint("version ", i), "common", fmt.Sprint("other ", i)).Body] = true
	}
	done := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		defer close(done)
		for {
			got, err := w.Documents().Text(w.ctx(), w.all, d.ID)
			if err == nil && !bodies[got.Body] {
				err = fmt.Errorf("a reader saw %q", got.Body)
			}
			var cs []retrieval.Chunk
			if err == nil {
				cs, err = w.Index().Chunks(w.ctx(), w.all, []uuid.UUID{g.Chunks[1].ID})
			}
			if err == nil && len(cs) != 1 {
				err = fmt.Errorf("a reader saw %d chunks of the common text", len(cs))
			}
			if err != nil {
				done <- err
				return
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	for i := range 10 {
		w.ready(w.again(d.ID), fmt.Sprint("version ", i), "common", fmt.Sprint("other ", i))
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func switchRace(t *testing.T, w *contentWorld) {
	for range 5 {
		d := w.put(w.draft(uuid.NewString()))
		slow, r := w.start(d)
		leases := []event.Lease{slow, w.takeOver(slow)}
		g := w.embed(w.generation(d.ID, "a", "b"))
		errs := atOnce(2, func(i int) error {
			return w.Pipeline().Switch(w.ctx(), leases[i], r, g, w.now, w.event("ready"))
		})
		w.is("Switch of the worker who lost its lease", errs[0], event.ErrLeaseLost)
		w.must(errs[1])
		if n := w.found(g); n != 2 {
			t.Errorf("%d chunks are found, want 2", n)
		}
	}
	if n := w.count("ready", event.Pending); n != 5 {
		t.Errorf("%d events were written, want 5", n)
	}
}

func switchAtOnce(t *testing.T, w *contentWorld) {
	const n = 8
	leases, runs, gs := make([]event.Lease, n), make([]document.Run, n), make([]document.Generation, n)
	for i := range n {
		d := w.put(w.draft(fmt.Sprint("doc ", i)))
		leases[i], runs[i] = w.start(d)
		gs[i] = w.embed(w.generation(d.ID, "common", fmt.Sprint("own ", i)))
	}
	w.must(errors.Join(atOnce(n, func(i int) error {
		return w.Pipeline().Switch(w.ctx(), leases[i], runs[i], gs[i], w.now)
	})...))
	for i, g := range gs {
		if found := w.found(g); found != 2 {
			t.Errorf("%d chunks of document %d are found, want 2", found, i)
		}
	}
}
