package coretest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
)

// inside stores a document that came out of another one's file.
func (w *contentWorld) inside(around document.Document, path string) document.Document {
	w.t.Helper()
	d := w.draft(path)
	d.Parent, d.Path = around.ID, path
	return w.put(d)
}

// tree is an archive with a message that has an attachment, a deleted note, and one that is gone for good; besides it is another
// document.
func (w *contentWorld) tree() (archive, message, attachment, deleted document.Document) {
	w.t.Helper()
	archive = w.put(w.draft("archive"))
	message = w.inside(archive, "message")
	attachment = w.inside(message, "attachment")
	deleted = w.inside(archive, "deleted")
	w.remove(deleted.ID)
	gone := w.inside(archive, "gone")
	w.remove(gone.ID)
	_, err := w.Janitor().Purge(w.ctx(), w.ws.ID, gone.ID, w.now)
	w.must(err)
	w.inside(w.put(w.draft("other")), "elsewhere")
	return archive, message, attachment, deleted
}

func documentTree(t *testing.T, w *contentWorld) {
	archive, message, attachment, deleted := w.tree()
	g := w.ready(attachment, "text")
	var order []string
	stored, err := w.Documents().UpdateTree(w.ctx(), w.all, archive.ID, func(d *document.Document) ([]event.Event, error) {
		order = append(order, d.Title)
		d.AllowedRoles = []identity.Role{identity.Admin}
		if d.ID == message.ID {
			return nil, nil
		}
		return []event.Event{w.event("changed")}, nil
	})
	w.must(err)
	if len(order) != 4 || order[0] != "archive" || order[3] != "attachment" {
		t.Errorf("changed were %q, want the archive, what is in it, and what is in that", order)
	}
	if diff := cmp.Diff(w.get(archive.ID), stored); diff != "" {
		t.Errorf("UpdateTree() differs (-want +got):\n%s", diff)
	}
	roles := func(id document.ID) int { return len(w.get(id).AllowedRoles) }
	if a, m, in := roles(archive.ID), roles(message.ID), roles(attachment.ID); a != 1 || m != 0 || in != 1 {
		t.Errorf("the documents have %d, %d and %d roles, want 1, none without an event, and 1", a, m, in)
	}
	back, err := w.restore(deleted.ID)
	w.must(err)
	if len(back.AllowedRoles) != 1 {
		t.Error("what was deleted did not change")
	}
	if n, found := w.count("changed", event.Pending), w.found(g); n != 3 || found != 1 {
		t.Errorf("%d events were written and %d chunks are found, want 3 and 1", n, found)
	}
}

func documentTreeDeleted(t *testing.T, w *contentWorld) {
	archive, message, attachment, _ := w.tree()
	g := w.ready(attachment, "one", "two")
	broken := errors.New("no")
	remove := func(fail document.ID) error {
		_, err := w.Documents().UpdateTree(w.ctx(), w.all, archive.ID, func(d *document.Document) ([]event.Event, error) {
			if d.ID == fail {
				return nil, broken
			}
			d.DeletedAt = w.now
			return []event.Event{w.event("changed")}, nil
		})
		return err
	}
	w.is("UpdateTree with a failing change", remove(attachment.ID), broken)
	if n, found := w.count("changed", event.Pending), w.found(g); n != 0 || found != 2 || !w.get(archive.ID).DeletedAt.IsZero() {
		t.Errorf("after a failing change, %d events were written and %d chunks are found, want 0 and 2", n, found)
	}
	w.must(remove(uuid.Nil))
	for _, id := range []document.ID{archive.ID, message.ID, attachment.ID} {
		if _, err := w.Documents().Document(w.ctx(), w.all, id); err == nil {
			t.Errorf("document %s is still there", id)
		}
	}
	if found := w.found(g); found != 0 {
		t.Errorf("%d chunks of what was deleted are found", found)
	}
}

func pipelineAttach(t *testing.T, w *contentWorld) {
	archive := w.put(w.draft("archive"))
	archive = w.change(archive.ID, func(d *document.Document) { d.AllowedRoles = []identity.Role{identity.Admin} })
	l, r := w.start(archive)
	draft := w.draft("letter")
	attach := func(change func(around document.Document, d *document.Document) []event.Event) {
		t.Helper()
		w.must(w.Pipeline().Attach(w.ctx(), l, r, "a/letter", func(around document.Document, d *document.Document) ([]event.Event, error) {
			return change(around, d), nil
		}))
	}
	attach(func(_ document.Document, d *document.Document) []event.Event {
		*d = draft
		return nil
	})
	if list, err := w.Documents().List(w.ctx(), w.all, document.Query{Parent: archive.ID, Limit: 10}); err != nil || len(list) != 0 {
		t.Fatalf("without an event %d documents were made, %v", len(list), err)
	}
	attach(func(around document.Document, d *document.Document) []event.Event {
		if d.ID != uuid.Nil || around.ID != archive.ID {
			t.Errorf("the first time there are %s in %s", d.ID, around.ID)
		}
		*d = draft
		d.AllowedRoles = around.AllowedRoles
		return []event.Event{w.event("changed")}
	})
	want := draft
	want.Parent, want.Path, want.AllowedRoles = archive.ID, "a/letter", archive.AllowedRoles
	if diff := cmp.Diff(want, w.get(draft.ID)); diff != "" {
		t.Errorf("Document() differs (-want +got):\n%s", diff)
	}
	w.change(archive.ID, func(d *document.Document) { d.AllowedRoles = nil })
	attach(func(around document.Document, d *document.Document) []event.Event {
		if d.ID != draft.ID || len(around.AllowedRoles) != 0 {
			t.Errorf("the second time there are %s in a document for %v", d.ID, around.AllowedRoles)
		}
		d.Title, d.Path, d.UpdatedAt = "New", "elsewhere", w.now.Add(time.Second)
		return []event.Event{w.event("changed")}
	})
	want.Title, want.UpdatedAt = "New", w.now.Add(time.Second)
	if diff := cmp.Diff(want, w.get(draft.ID)); diff != "" {
		t.Errorf("Document() differs (-want +got):\n%s", diff)
	}
	if n := w.count("changed", event.Pending); n != 2 {
		t.Errorf("%d events were written, want 2", n)
	}
	w.remove(draft.ID)
	attach(func(_ document.Document, d *document.Document) []event.Event {
		if d.ID != uuid.Nil {
			t.Error("a deleted document is attached again")
		}
		return nil
	})
}
