package coretest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// TestJanitor checks document.Janitor. open returns an empty store that is closed when the test ends.
func TestJanitor[S Content](t *testing.T, open func(*testing.T) S) {
	runContent(t, open, []contentCheck{
		{"only what was deleted is purged", purgeDeletedOnly},
		{"purging removes chunks and embeddings for good and returns the blob once", purgeForGood},
		{"purging keeps the embeddings that other chunks use", purgeKeepsShared},
		{"a document that never got ready is purged", purgeUnprocessed},
		{"purging at once returns the blob once", purgeAtOnce},
		{"what was purged can come again", purgeAndReturn},
		{"compacting may be repeated and changes nothing that is visible", compactRepeated},
		{"a sweep removes old embeddings that no chunk uses", sweepOld},
		{"a sweep of many embeddings counts them all", sweepMany},
		{"a blob is in use until its document is purged", blobInUse},
	})
}

func purgeDeletedOnly(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("live"))
	g := w.ready(d, "text")
	want := w.get(d.ID)
	_, err := w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
	w.is("Purge of a live document", err, fault.NotFound)
	w.unchangedDocument("Purge", want, g)
	_, err = w.Janitor().Purge(w.ctx(), d.Workspace, uuid.New(), w.now)
	w.is("Purge of an unknown document", err, fault.NotFound)
	w.remove(d.ID)
	_, err = w.Janitor().Purge(w.ctx(), w.workspace("Away", w.owner).ID, d.ID, w.now)
	w.is("Purge in another workspace", err, fault.NotFound)
	if n := w.missing(g); n != 0 {
		t.Errorf("%d embeddings were removed", n)
	}
}

func purgeForGood(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	w.ready(d, "x")
	g := w.ready(w.again(d.ID), "a", "b", "a")
	other := g
	other.Spaces = []llm.Space{{Name: "other", Dimension: 4}}
	w.embed(other)
	w.remove(d.ID)
	for _, want := range []string{d.Original.Key, "", ""} {
		got, err := w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
		w.must(err)
		if got != want {
			t.Errorf("Purge() = %q, want %q", got, want)
		}
		if a, b := w.missing(g), w.missing(other); a != 2 || b != 2 {
			t.Errorf("%d and %d embeddings were removed from two spaces, want 2 and 2", a, b)
		}
		w.documentErrors("purged", w.all, d.ID, fault.NotFound)
	}
}

func purgeKeepsShared(t *testing.T, w *contentWorld) {
	d, other := w.put(w.draft("doc")), w.put(w.draft("other"))
	g, kept := w.ready(d, "common", "own"), w.ready(other, "common", "else")
	want := w.get(other.ID)
	w.remove(d.ID)
	_, err := w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
	w.must(err)
	missing, err := w.Pipeline().Missing(w.ctx(), g.Spaces[0], []document.Hash{g.Chunks[0].Embedded, g.Chunks[1].Embedded})
	w.must(err)
	if diff := cmp.Diff([]document.Hash{g.Chunks[1].Embedded}, missing); diff != "" {
		t.Errorf("Missing() differs (-want +got):\n%s", diff)
	}
	w.unchangedDocument("Purge of another one", want, kept)
}

func purgeUnprocessed(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	w.remove(d.ID)
	got, err := w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
	w.must(err)
	if got != d.Original.Key {
		t.Errorf("Purge() = %q, want %q", got, d.Original.Key)
	}
}

func purgeAtOnce(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	w.ready(d, "a", "b")
	w.remove(d.ID)
	keys := make([]string, 5)
	w.must(errors.Join(atOnce(len(keys), func(i int) (err error) {
		keys[i], err = w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
		return err
	})...))
	returned := 0
	for _, k := range keys {
		if k == d.Original.Key {
			returned++
		}
	}
	if returned != 1 {
		t.Errorf("the blob was returned %d times, want once: %q", returned, keys)
	}
}

func purgeAndReturn(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	w.ready(d, "a", "b")
	w.remove(d.ID)
	_, err := w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
	w.must(err)
	again := w.draft("doc")
	again.Hash = d.Hash
	g := w.ready(w.put(again), "a", "b")
	if n := w.found(g); n != 2 {
		t.Errorf("%d chunks are found, want 2", n)
	}
}

func compactRepeated(t *testing.T, w *contentWorld) {
	d, gone := w.put(w.draft("doc")), w.put(w.draft("gone"))
	w.ready(d, "a", "b")
	w.ready(gone, "b", "c")
	g := w.ready(w.again(d.ID), "a", "d")
	w.remove(gone.ID)
	want := w.get(d.ID)
	for range 2 {
		w.must(w.Janitor().Compact(w.ctx(), w.ws.ID))
		w.unchangedDocument("Compact", want, g)
		_, err := w.Janitor().Purge(w.ctx(), gone.Workspace, gone.ID, w.now)
		w.must(err)
	}
	w.must(w.Janitor().Compact(w.ctx(), w.workspace("Away", w.owner).ID))
}

func sweepOld(t *testing.T, w *contentWorld) {
	used := w.ready(w.put(w.draft("doc")), "used")
	old := w.embed(w.generation(uuid.New(), "used", "old", "older"))
	young := w.generation(uuid.New(), "young")
	h := young.Chunks[0].Embedded
	at := w.now.Add(time.Hour)
	w.must(w.Pipeline().SaveEmbeddings(w.ctx(), young.Spaces[0], []document.Embedding{{Hash: h, Vector: contentVector(h)}}, at))
	for _, c := range []struct {
		before time.Time
		want   int
	}{{w.now, 0}, {at, 2}, {at, 0}} {
		n, err := w.Janitor().Sweep(w.ctx(), c.before)
		w.must(err)
		if n != c.want {
			t.Errorf("Sweep(%v) = %d, want %d", c.before, n, c.want)
		}
	}
	if a, b, c := w.missing(used), w.missing(old), w.missing(young); a != 0 || b != 2 || c != 0 {
		t.Errorf("of used, old and young embeddings %d, %d and %d are missing, want 0, 2 and 0", a, b, c)
	}
}

func sweepMany(t *testing.T, w *contentWorld) {
	w.embed(w.generation(uuid.New(), paragraphs(1234)...))
	n, err := w.Janitor().Sweep(w.ctx(), w.now.Add(time.Second))
	w.must(err)
	if n != 1234 {
		t.Errorf("Sweep() = %d, want 1234", n)
	}
}

func blobInUse(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	check := func(key string, want bool) {
		t.Helper()
		got, err := w.Janitor().BlobInUse(w.ctx(), key)
		w.must(err)
		if got != want {
			t.Errorf("BlobInUse(%q) = %v, want %v", key, got, want)
		}
	}
	check(d.Original.Key, true)
	check("documents/other", false)
	w.remove(d.ID)
	check(d.Original.Key, true)
	_, err := w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
	w.must(err)
	check(d.Original.Key, false)
	check("", false)
}
