package coretest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// external is a draft with an external id.
func (w *contentWorld) external(title, id string) document.Document {
	d := w.draft(title)
	d.ExternalID = id
	return d
}

// creates checks which document Create returns, and whether it is new.
func (w *contentWorld) creates(what string, d document.Document, want document.ID) {
	w.t.Helper()
	got, created, err := w.Documents().Create(w.ctx(), d)
	w.must(err)
	if got.ID != want || created != (want == d.ID) {
		w.t.Errorf("%s: Create() = %s (created %v), want %s", what, got.Title, created, want)
	}
}

func documentExternal(t *testing.T, w *contentWorld) {
	first, second := w.put(w.external("first", "a/b.md")), w.external("second", "a/c.md")
	second.Hash = first.Hash
	w.creates("equal content, another id", second, second.ID)
	third := w.external("third", "a/b.md")
	w.creates("other content, equal id", third, first.ID)
	plain := w.draft("plain")
	plain.Hash = first.Hash
	w.creates("equal content, no id", plain, first.ID)
	for _, q := range []document.Query{{ExternalID: "a/c.md"}, {Source: second.Source, Text: "second"}} {
		q.Limit = 10
		list, err := w.Documents().List(w.ctx(), w.all, q)
		w.must(err)
		if len(list) != 1 || list[0].ID != second.ID {
			t.Errorf("List(%+v) = %+v, want the second document", q, list)
		}
	}
	_, err := w.Documents().Update(w.ctx(), w.all, second.ID, func(d *document.Document) ([]event.Event, error) {
		d.ExternalID = "a/b.md"
		return nil, nil
	})
	w.is("an id that is taken", err, fault.Conflict)
	w.remove(first.ID)
	w.creates("a deleted document's id", third, third.ID)
}

func documentAdopted(_ *testing.T, w *contentWorld) {
	plain := w.put(w.draft("plain"))
	named := w.external("named", "n")
	named.Hash = plain.Hash
	w.creates("equal content without an id", named, plain.ID)
	_, err := w.Documents().Update(w.ctx(), w.all, plain.ID, func(d *document.Document) ([]event.Event, error) {
		d.ExternalID = "m"
		return nil, nil
	})
	w.must(err)
	w.creates("equal content with another id", named, named.ID)
}

func documentExternalRace(t *testing.T, w *contentWorld) {
	const n = 20
	drafts, got := make([]document.Document, n), make([]document.Document, n)
	for i := range drafts {
		drafts[i] = w.external(fmt.Sprint("race ", i), "one")
	}
	var made atomic.Int32
	w.must(errors.Join(atOnce(n, func(i int) error {
		d, created, err := w.Documents().Create(w.ctx(), drafts[i])
		if got[i] = d; created {
			made.Add(1)
		}
		return err
	})...))
	if made.Load() != 1 {
		t.Errorf("%d were created, want 1", made.Load())
	}
	for _, d := range got {
		if d.ID != got[0].ID {
			t.Fatalf("Create() returned %s and %s", got[0].ID, d.ID)
		}
	}
}
