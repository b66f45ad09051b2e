package coretest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// TestSpaces checks document.Spaces, and what retrieval.Index makes of it. open returns an empty store that is closed when the
// test ends.
func TestSpaces[S Content](t *testing.T, open func(*testing.T) S) {
	runContent(t, open, []contentCheck{
		{"what lacks a vector is counted by workspace, also of deleted documents", spacesLacking},
		{"what lacks a vector is read page by page, with what it was embedded with", spacesBare},
		{"a space that lacks a vector can't be used, and nothing changes", spacesIncomplete},
		{"searches look in the space that is used, and nowhere else", spacesUse},
		{"a generation must have its vectors in all spaces", spacesSwitch},
		{"of two spaces that are used at once one serves", spacesUseAtOnce},
		{"a space is removed with its vectors, and the others stay", spacesRemove},
		{"the space that serves is not removed", spacesRemoveServing},
	})
}

func nextSpace() llm.Space { return llm.Space{Name: "next-1", Dimension: 6} }

// nextVector is a vector of nextSpace that depends on the hash alone.
func nextVector(h document.Hash) llm.Vector {
	v := make(llm.Vector, 6)
	for i := range v {
		v[i] = float32(int(h[31-i])-128) / 128
	}
	return v
}

// fill stores the vectors of chunks in nextSpace.
func (w *contentWorld) fill(chunks ...document.Chunk) {
	w.t.Helper()
	var es []document.Embedding
	for _, c := range chunks {
		es = append(es, document.Embedding{Hash: c.Embedded, Vector: nextVector(c.Embedded)})
	}
	w.must(w.Pipeline().SaveEmbeddings(w.ctx(), nextSpace(), es, w.now))
}

func (w *contentWorld) spaces() []document.SpaceState {
	w.t.Helper()
	list, err := w.Spaces().List(w.ctx())
	w.must(err)
	return list
}

// near says how many chunks are found by meaning in a space.
func (w *contentWorld) near(space llm.Space) (int, error) {
	v := make(llm.Vector, space.Dimension)
	v[0] = 1
	found, err := w.Index().Dense(w.ctx(), w.all, retrieval.DenseQuery{Space: space, Vector: v, K: 100})
	return len(found), err
}

func spacesLacking(t *testing.T, w *contentWorld) {
	lacking := func(want map[workspace.ID]int) {
		t.Helper()
		got, err := w.Spaces().Lacking(w.ctx(), nextSpace())
		w.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Lacking() differs (-want +got):\n%s", diff)
		}
	}
	lacking(map[workspace.ID]int{})
	g := w.ready(w.put(w.draft("one")), "a", "b", "c")
	gone := w.put(w.draft("gone"))
	w.ready(gone, "c", "d")
	w.remove(gone.ID)
	away := w.workspace("Away", w.owner)
	d := w.draft("away")
	d.Workspace = away.ID
	w.ready(w.put(d), "a", "z")
	lacking(map[workspace.ID]int{w.ws.ID: 5, away.ID: 2})
	w.fill(g.Chunks[0], g.Chunks[2])
	lacking(map[workspace.ID]int{w.ws.ID: 2, away.ID: 1})
	want := []document.SpaceState{
		{Name: "next-1", Dimension: 6, Chunks: 7, Lacking: 3}, {Name: "test-1", Dimension: 4, Chunks: 7},
	}
	if diff := cmp.Diff(want, w.spaces()); diff != "" {
		t.Errorf("List() differs (-want +got):\n%s", diff)
	}
	_, err := w.Spaces().Lacking(w.ctx(), llm.Space{Name: "next-1", Dimension: 7})
	w.is("Lacking in a space of another dimension", err, fault.Conflict)
}

func spacesBare(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("one"))
	l, r := w.start(d)
	g := w.embed(w.generation(d.ID, "a", "b", "c", "d"))
	g.Title, g.Chunks[1].Lead, g.Chunks[1].Context = "Before", "a | b", "of a table"
	w.must(w.Pipeline().Switch(w.ctx(), l, r, g, w.now))
	w.change(d.ID, func(d *document.Document) { d.Title = "After" })
	other := w.ready(w.put(w.draft("two")), "e", "b")
	away := w.draft("away")
	away.Workspace = w.workspace("Away", w.owner).ID
	w.ready(w.put(away), "z")
	w.fill(g.Chunks[2])
	type seen struct{ Title, Current, Lead, Context, Text string }
	var got []seen
	for after := int64(0); ; {
		page, err := w.Spaces().Bare(w.ctx(), w.ws.ID, nextSpace(), after, 2)
		w.must(err)
		for _, b := range page {
			got = append(got, seen{b.Title, b.Current, b.Lead, b.Context, b.Text})
			if b.Number <= after || b.Embedded != document.HashText(b.Text) || !cmp.Equal(b.Headings, g.Chunks[0].Headings) {
				t.Errorf("after %d comes %+v", after, b)
			}
			after = b.Number
		}
		if len(page) < 2 {
			break
		}
	}
	want := []seen{
		{"Before", "After", "", "", "a"},
		{"Before", "After", "a | b", "of a table", "b"},
		{"Before", "After", "", "", "d"},
		{"", "two", "", "", "e"},
		{"", "two", "", "", "b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Bare() differs (-want +got):\n%s", diff)
	}
	w.fill(append(g.Chunks, other.Chunks...)...)
	if page, err := w.Spaces().Bare(w.ctx(), w.ws.ID, nextSpace(), 0, 2); err != nil || len(page) != 0 {
		t.Errorf("in the end Bare() = %+v, %v", page, err)
	}
}

func spacesIncomplete(t *testing.T, w *contentWorld) {
	g := w.ready(w.put(w.draft("one")), "a", "b")
	w.fill(g.Chunks[0])
	before := w.spaces()
	w.is("Use", w.Spaces().Use(w.ctx(), nextSpace(), w.event("used")), fault.Conflict)
	if diff := cmp.Diff(before, w.spaces()); diff != "" || w.count("used", event.Pending) != 0 {
		t.Errorf("a space that lacks a vector was used (-before +after):\n%s", diff)
	}
	if name, err := w.Index().Serving(w.ctx()); name != "" || err != nil {
		t.Errorf("Serving() = %q, %v, want none", name, err)
	}
	for _, space := range []llm.Space{contentSpace(), nextSpace()} {
		if n, err := w.near(space); n == 0 || err != nil {
			t.Errorf("while no space is marked, %d chunks are found in %s; %v", n, space.Name, err)
		}
	}
}

func spacesUse(t *testing.T, w *contentWorld) {
	g := w.ready(w.put(w.draft("one")), "a", "b", "c")
	w.fill(g.Chunks...)
	both := []llm.Space{contentSpace(), nextSpace()}
	for i := range 4 {
		space, other := both[i%2], both[1-i%2]
		w.must(w.Spaces().Use(w.ctx(), space, w.event("used")))
		w.must(w.Spaces().Use(w.ctx(), space))
		if name, err := w.Index().Serving(w.ctx()); name != space.Name || err != nil {
			t.Errorf("Serving() = %q, %v, want %s", name, err, space.Name)
		}
		if n, err := w.near(space); n != 3 || err != nil {
			t.Errorf("%d chunks are found, want 3; %v", n, err)
		}
		_, err := w.near(other)
		w.is("Dense in another space", err, retrieval.ErrNotServing)
		_, err = w.near(llm.Space{Name: "unknown", Dimension: 4})
		w.is("Dense in no space", err, retrieval.ErrNotServing)
		if n := w.count("used", event.Pending); n != i+1 {
			t.Errorf("%d events were written, want %d", n, i+1)
		}
	}
}

func spacesSwitch(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("one"))
	l, r := w.start(d)
	g := w.embed(w.generation(d.ID, "a", "b"))
	g.Spaces = append(g.Spaces, nextSpace())
	w.fill(g.Chunks[0])
	w.is("Switch", w.Pipeline().Switch(w.ctx(), l, r, g, w.now), document.ErrNotEmbedded)
	w.fill(g.Chunks[1])
	w.must(w.Pipeline().Switch(w.ctx(), l, r, g, w.now))
	for _, space := range g.Spaces {
		if n, err := w.near(space); n != 2 || err != nil {
			t.Errorf("%d chunks are found in %s, want 2; %v", n, space.Name, err)
		}
	}
}

func spacesUseAtOnce(t *testing.T, w *contentWorld) {
	g := w.ready(w.put(w.draft("one")), "a")
	w.fill(g.Chunks...)
	both := []llm.Space{contentSpace(), nextSpace()}
	w.must(errors.Join(atOnce(8, func(i int) error { return w.Spaces().Use(w.ctx(), both[i%2]) })...))
	serving := 0
	for _, s := range w.spaces() {
		if s.Serving {
			serving++
		}
	}
	if serving != 1 {
		t.Errorf("%d spaces serve, want one", serving)
	}
}

func spacesRemove(t *testing.T, w *contentWorld) {
	var paragraphs []string
	for i := range 1200 {
		paragraphs = append(paragraphs, fmt.Sprint("paragraph ", i))
	}
	g := w.ready(w.put(w.draft("one")), paragraphs...)
	w.fill(g.Chunks...)
	orphan := w.generation(uuid.New(), "orphan")
	w.fill(orphan.Chunks...)
	n, err := w.Spaces().Remove(w.ctx(), nextSpace().Name)
	if w.must(err); n != 1201 {
		t.Errorf("Remove() = %d, want 1201", n)
	}
	want := []document.SpaceState{{Name: "test-1", Dimension: 4, Chunks: 1200}}
	if diff := cmp.Diff(want, w.spaces()); diff != "" {
		t.Errorf("List() differs (-want +got):\n%s", diff)
	}
	if n, err := w.near(contentSpace()); n != 100 || err != nil {
		t.Errorf("%d chunks are found in the space that stayed, want 100; %v", n, err)
	}
	if n, err := w.near(nextSpace()); n != 0 || err != nil {
		t.Errorf("%d chunks are found in the space that was removed; %v", n, err)
	}
	_, err = w.Spaces().Remove(w.ctx(), nextSpace().Name)
	w.is("Remove again", err, fault.NotFound)
	w.fill(g.Chunks[0])
	if n, err := w.near(nextSpace()); n != 1 || err != nil {
		t.Errorf("%d chunks are found in the space that was made anew, want 1; %v", n, err)
	}
}

func spacesRemoveServing(t *testing.T, w *contentWorld) {
	g := w.ready(w.put(w.draft("one")), "a", "b")
	w.fill(g.Chunks...)
	w.must(w.Spaces().Use(w.ctx(), nextSpace()))
	before := w.spaces()
	_, err := w.Spaces().Remove(w.ctx(), nextSpace().Name)
	w.is("Remove", err, fault.Conflict)
	if diff := cmp.Diff(before, w.spaces()); diff != "" {
		t.Errorf("something was removed (-before +after):\n%s", diff)
	}
}
