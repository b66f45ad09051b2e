package coretest

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
)

// testContexts is the part of TestPipeline about the contexts of chunks.
func testContexts[S Content](t *testing.T, open func(*testing.T) S) {
	t.Helper()
	runContent(t, open, []contentCheck{
		{"contexts are kept until a switch stores those of its chunks", contextsSwitch},
		{"contexts belong to one document", contextsApart},
		{"a context that is there is left alone", contextsTwice},
		{"purging a document removes its contexts", contextsPurged},
		{"an index is made anew with contexts", contextsReindexed},
	})
}

// contexts are those that are stored of a document.
func (w *contentWorld) contexts(id document.ID) map[document.Hash]string {
	w.t.Helper()
	out, err := w.Pipeline().Contexts(w.ctx(), id)
	w.must(err)
	return out
}

// placed is a chunk's context, of which the text is made of the chunk's.
func placed(paragraph string) document.Context {
	return document.Context{Key: document.HashText("context of " + paragraph), Text: "About " + paragraph + "."}
}

// save stores the contexts of paragraphs for a document, whose run goes on.
func (w *contentWorld) save(d document.Document, paragraphs ...string) {
	w.t.Helper()
	l, r := w.start(d)
	cs := make([]document.Context, len(paragraphs))
	for i, p := range paragraphs {
		cs[i] = placed(p)
	}
	w.must(w.Pipeline().SaveContexts(w.ctx(), l, r, cs, w.now))
}

// sameContexts checks which contexts are stored of a document.
func (w *contentWorld) sameContexts(what string, d document.Document, paragraphs ...string) {
	w.t.Helper()
	want := map[document.Hash]string{}
	for _, p := range paragraphs {
		want[placed(p).Key] = placed(p).Text
	}
	if got := w.contexts(d.ID); !maps.Equal(got, want) {
		w.t.Errorf("%s: there are the contexts %q, want those of %q", what, slices.Sorted(maps.Values(got)), paragraphs)
	}
}

// place gives the chunks of paragraphs their contexts.
func place(g document.Generation, paragraphs ...string) document.Generation {
	for i := range g.Chunks {
		if c := &g.Chunks[i]; slices.Contains(paragraphs, c.Text) {
			c.Context, c.ContextKey = placed(c.Text).Text, placed(c.Text).Key
		}
	}
	return g
}

func contextsSwitch(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	w.sameContexts("at first", d)
	w.save(d, "a", "b", "gone")
	l, r := w.start(d) // as after a crash
	w.must(w.Pipeline().SaveContexts(w.ctx(), l, r, nil, w.now))
	w.must(w.Pipeline().SaveContexts(w.ctx(), l, r, []document.Context{placed("c")}, w.now))
	w.sameContexts("before the switch", d, "a", "b", "c", "gone")
	g := place(w.embed(w.generation(d.ID, "a", "b", "c", "d")), "a", "b")
	w.must(w.Pipeline().Switch(w.ctx(), l, r, g, w.now))
	w.sameContexts("after the switch", d, "a", "b")
	chunks, err := w.Index().Chunks(w.ctx(), w.all, []uuid.UUID{g.Chunks[0].ID, g.Chunks[3].ID})
	w.must(err)
	got := map[string]string{}
	for _, c := range chunks {
		got[c.Text] = c.Context
	}
	if diff := cmp.Diff(map[string]string{"a": "About a.", "d": ""}, got); diff != "" {
		t.Errorf("contexts of chunks (-want +got):\n%s", diff)
	}
	w.save(w.again(d.ID), "e")
	w.sameContexts("in the run after", d, "a", "b", "e")
	w.ready(w.again(d.ID), "a", "b")
	w.sameContexts("after a switch without any", d)
}

func contextsApart(_ *testing.T, w *contentWorld) {
	one, two := w.put(w.draft("one")), w.put(w.draft("two"))
	w.save(one, "a", "b")
	w.save(two, "b", "c")
	w.ready(w.again(one.ID), "a")
	w.sameContexts("of the one", one)
	w.sameContexts("of the other", two, "b", "c")
}

func contextsTwice(_ *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	w.save(d, "a")
	l, r := w.start(d)
	other := placed("a")
	other.Text = "Something else."
	w.must(w.Pipeline().SaveContexts(w.ctx(), l, r, []document.Context{other, placed("b"), placed("b")}, w.now))
	w.sameContexts("after both", d, "a", "b")
}

func contextsPurged(_ *testing.T, w *contentWorld) {
	d, kept := w.put(w.draft("doc")), w.put(w.draft("kept"))
	l, r := w.start(d)
	w.must(w.Pipeline().Switch(w.ctx(), l, r, place(w.embed(w.generation(d.ID, "a")), "a"), w.now))
	w.save(w.again(d.ID), "b")
	w.save(kept, "a")
	w.sameContexts("of a live document", d, "a", "b")
	w.remove(d.ID)
	_, err := w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
	w.must(err)
	w.sameContexts("of a purged document", d)
	w.sameContexts("of another one", kept, "a")
}

func contextsReindexed(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	l, r := w.start(d)
	w.must(w.Pipeline().Switch(w.ctx(), l, r, place(w.embed(w.generation(d.ID, "a", "b")), "a"), w.now))
	got := map[string]string{}
	n, err := w.Janitor().Reindex(w.ctx(), w.ws.ID, func(_ string, _ text.Language, c document.Chunk) []document.Term {
		got[c.Text] = c.Context
		return []document.Term{{Text: "term", Count: 1}}
	})
	w.must(err)
	if diff := cmp.Diff(map[string]string{"a": "About a.", "b": ""}, got); n != 2 || diff != "" {
		t.Errorf("%d chunks were analysed, with the contexts (-want +got):\n%s", n, diff)
	}
}
