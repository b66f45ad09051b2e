package coretest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// TestDocuments checks document.Store. open returns an empty store that is closed when the test ends.
func TestDocuments[S Content](t *testing.T, open func(*testing.T) S) {
	runContent(t, open, []contentCheck{
		{"a created document comes back as it was", documentComesBack},
		{"the same content again returns the document that is there", documentTwice},
		{"an external id is a document, whatever its content", documentExternal},
		{"an external id takes the document with its content that has none", documentAdopted},
		{"of equal external ids at once one creates and all get its document", documentExternalRace},
		{"the same content is new after a deletion and in another workspace", documentNewAgain},
		{"of equal uploads at once one creates and all get its document", documentRace},
		{"a document is not found outside its workspace and when it is deleted", documentNotFound},
		{"a document is denied to those whom its roles leave out", documentDenied},
		{"the zero scope sees nothing", documentZeroScope},
		{"a list has what the scope sees", documentsSeen},
		{"an update writes document and events but no outcome", documentUpdate},
		{"a failing change is returned as it is and leaves no trace", documentChangeFails},
		{"updates at once all count", documentUpdatesAtOnce},
		{"an update to content that is there is a conflict and leaves no trace", documentUpdateTaken},
		{"a change of a tree reaches what came out of a document's file, and nothing else", documentTree},
		{"a tree is deleted at once, or not at all", documentTreeDeleted},
		{"a deleted document answers no more", documentDeleted},
		{"a deleted document is restored with all that it had", documentRestored},
		{"what is not deleted, gone for good or taken is not restored", documentNotRestored},
		{"there is no text before there is a generation", documentNoText},
		{"the text of the visible generation comes back with its pages", documentText},
	})
	testDocumentLists(t, open)
}

func documentComesBack(t *testing.T, w *contentWorld) {
	want := w.draft(`Bobby'); DROP TABLE "documents"; -- ?`)
	want.Metadata = map[string]any{
		"tags": []any{"a", `b"c`}, "author": "Ünal '?'", "pages": 12.5, "draft": true, "nested": map[string]any{"x": nil},
	}
	want.Tags, want.AllowedRoles = []string{"a", `b"c`}, []identity.Role{identity.Admin, identity.Employee}
	want.Failure = document.Failure{Code: "encrypted", Text: "Take the password off."}
	want.Progress = document.Progress{Stage: document.StageParsing, Done: 3, Total: 7}
	want.Status, want.Run, want.Original.Size = document.Failed, 3, 5<<30
	want.UpdatedAt = w.now.Add(time.Microsecond)
	want.Parent = w.put(w.draft("around")).ID
	stored, created, err := w.Documents().Create(w.ctx(), want, w.event("made"))
	w.must(err)
	if diff := cmp.Diff(want, stored); diff != "" || !created {
		t.Errorf("Create() returned created %v and differs (-want +got):\n%s", created, diff)
	}
	if diff := cmp.Diff(want, w.get(want.ID)); diff != "" {
		t.Errorf("Document() differs (-want +got):\n%s", diff)
	}
	list, err := w.Documents().List(w.ctx(), w.all, document.Query{Parent: want.Parent, Limit: 10})
	w.must(err)
	if diff := cmp.Diff([]document.Document{want}, list); diff != "" {
		t.Errorf("List() differs (-want +got):\n%s", diff)
	}
	if n := w.count("made", event.Pending); n != 1 {
		t.Errorf("%d events were written, want 1", n)
	}
}

func documentTwice(t *testing.T, w *contentWorld) {
	first := w.draft("first")
	first.AllowedRoles = []identity.Role{identity.Admin}
	first = w.put(first)
	second := w.draft("second")
	second.Hash, second.Uploader = first.Hash, uuid.New()
	stored, created, err := w.Documents().Create(w.ctx(), second, w.event("made"))
	w.must(err)
	if diff := cmp.Diff(first, stored); diff != "" || created {
		t.Errorf("Create() returned created %v and differs (-want +got):\n%s", created, diff)
	}
	if n := w.count("made", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
	_, err = w.Documents().Document(w.ctx(), w.all, second.ID)
	w.is("Document", err, fault.NotFound)
}

func documentNewAgain(_ *testing.T, w *contentWorld) {
	first := w.put(w.draft("first"))
	w.remove(first.ID)
	second := w.draft("second")
	second.Hash = first.Hash
	w.put(second)
	third := w.draft("third")
	third.Hash, third.Workspace = first.Hash, w.workspace("Away", w.owner).ID
	w.put(third)
}

func documentRace(t *testing.T, w *contentWorld) {
	const n = 20
	drafts, got := make([]document.Document, n), make([]document.Document, n)
	for i := range drafts {
		drafts[i] = w.draft(fmt.Sprint("race ", i))
		drafts[i].Hash = drafts[0].Hash
	}
	var made atomic.Int32
	w.must(errors.Join(atOnce(n, func(i int) error {
		d, created, err := w.Documents().Create(w.ctx(), drafts[i], w.event("made"))
		if got[i] = d; created {
			made.Add(1)
		}
		return err
	})...))
	if events := w.count("made", event.Pending); made.Load() != 1 || events != 1 {
		t.Errorf("%d were created with %d events, want 1 and 1", made.Load(), events)
	}
	for _, d := range got {
		if d.ID != got[0].ID {
			t.Fatalf("Create() returned %s and %s", got[0].ID, d.ID)
		}
	}
}

// documentErrors checks that each method that reads a document returns the error.
func (w *contentWorld) documentErrors(what string, s workspace.Scope, id document.ID, want error) {
	w.t.Helper()
	_, err := w.Documents().Document(w.ctx(), s, id)
	w.is(what+": Document", err, want)
	_, err = w.Documents().Text(w.ctx(), s, id)
	w.is(what+": Text", err, want)
	_, err = w.Documents().Update(w.ctx(), s, id, func(*document.Document) ([]event.Event, error) {
		return nil, errors.New("the change was called")
	})
	w.is(what+": Update", err, want)
}

func documentNotFound(_ *testing.T, w *contentWorld) {
	d := w.put(w.draft("here"))
	w.ready(d, "text")
	w.documentErrors("unknown", w.all, uuid.New(), fault.NotFound)
	w.documentErrors("elsewhere", w.scope(w.workspace("Away", w.owner), identity.System), d.ID, fault.NotFound)
	w.remove(d.ID)
	w.documentErrors("deleted", w.all, d.ID, fault.NotFound)
}

func documentDenied(_ *testing.T, w *contentWorld) {
	d := w.draft("for admins")
	d.AllowedRoles = []identity.Role{identity.Admin}
	w.ready(w.put(d), "text")
	w.documentErrors("employee", w.reader(w.user("e@example.com", identity.Employee)), d.ID, fault.Denied)
	for _, s := range []workspace.Scope{w.all, w.reader(w.owner), w.reader(w.user("a@example.com", identity.Admin))} {
		_, err := w.Documents().Document(w.ctx(), s, d.ID)
		w.must(err)
		_, err = w.Documents().Text(w.ctx(), s, d.ID)
		w.must(err)
	}
}

func documentZeroScope(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("here"))
	w.documentErrors("zero scope", workspace.Scope{}, d.ID, fault.NotFound)
	list, err := w.Documents().List(w.ctx(), workspace.Scope{}, document.Query{Limit: 10})
	w.must(err)
	if len(list) != 0 {
		t.Errorf("List(zero scope) has %d documents", len(list))
	}
}

func documentsSeen(t *testing.T, w *contentWorld) {
	employee, other := w.user("e@example.com", identity.Employee), w.user("o@example.com", identity.Employee)
	for i, c := range []struct {
		roles    []identity.Role
		uploader uuid.UUID
	}{
		{nil, w.owner.ID},
		{nil, uuid.Nil},
		{[]identity.Role{identity.Admin}, uuid.Nil},
		{[]identity.Role{identity.Admin}, employee.ID},
		{[]identity.Role{identity.Employee}, w.owner.ID},
		{[]identity.Role{identity.Admin, identity.Employee}, uuid.Nil},
		{[]identity.Role{identity.Admin}, other.ID},
	} {
		d := w.draft(fmt.Sprint("doc ", i))
		d.AllowedRoles, d.Uploader = c.roles, c.uploader
		w.put(d)
	}
	service := w.scope(w.ws, identity.Actor{Kind: identity.ServiceActor, Key: "k"})
	for _, s := range []workspace.Scope{w.all, service, w.reader(employee), w.reader(other), w.reader(w.owner)} {
		all, err := w.Documents().List(w.ctx(), w.all, document.Query{Limit: 100})
		w.must(err)
		var want []string
		for _, d := range all {
			if s.Sees(d.AllowedRoles, d.Uploader) {
				want = append(want, d.Title)
			}
		}
		got, err := w.Documents().List(w.ctx(), s, document.Query{Limit: 100})
		w.must(err)
		if diff := cmp.Diff(want, titlesOf(got)); diff != "" {
			t.Errorf("List(%+v) differs from Sees (-want +got):\n%s", s, diff)
		}
		first, err := w.Documents().List(w.ctx(), s, document.Query{Limit: 2})
		w.must(err)
		if len(first) != 2 {
			t.Errorf("List(%+v, limit 2) has %d documents: the scope works after the limit", s, len(first))
		}
	}
}

func titlesOf(ds []document.Document) []string {
	var out []string
	for _, d := range ds {
		out = append(out, d.Title)
	}
	return out
}

func documentUpdate(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("old"))
	w.ready(d, "text")
	want := w.get(d.ID)
	got, err := w.Documents().Update(w.ctx(), w.all, d.ID, func(d *document.Document) ([]event.Event, error) {
		d.Title, d.Source, d.Metadata, d.Tags = "New", "s", map[string]any{"k": "v"}, []string{"t"}
		d.AllowedRoles, d.Run, d.Status = []identity.Role{identity.Employee}, 2, document.Pending
		d.Progress, d.Failure = document.Progress{Stage: document.StageQueued}, document.Failure{Code: "c", Text: "t"}
		d.Original, d.Hash, d.UpdatedAt = document.Original{Name: "n", MediaType: "m", Key: "k", Size: 1}, "h", w.now.Add(time.Hour)
		outcome := want.Outcome
		want = *d
		want.Outcome = outcome
		d.ID, d.Workspace, d.CreatedAt, d.Outcome = uuid.New(), uuid.New(), time.Time{}, document.Outcome{Chunks: 99}
		return []event.Event{w.event("changed")}, nil
	})
	w.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Update() differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, w.get(d.ID)); diff != "" {
		t.Errorf("Document() differs (-want +got):\n%s", diff)
	}
	if n := w.count("changed", event.Pending); n != 1 {
		t.Errorf("%d events were written, want 1", n)
	}
}

// restore takes a document back, and says whether that was possible.
func (w *contentWorld) restore(id document.ID) (document.Document, error) {
	return w.Documents().Restore(w.ctx(), w.all, id, func(d *document.Document) ([]event.Event, error) {
		return []event.Event{w.event("restored")}, nil
	})
}

func documentRestored(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("back"))
	g := w.ready(d, "text")
	want := w.get(d.ID)
	w.remove(d.ID)
	w.must(w.Janitor().Compact(w.ctx(), d.Workspace))
	bin, err := w.Documents().List(w.ctx(), w.all, document.Query{Limit: 10, Deleted: true})
	w.must(err)
	if len(bin) != 1 || bin[0].ID != d.ID {
		t.Errorf("List(deleted) has %d documents, want the deleted one", len(bin))
	}
	got, err := w.restore(d.ID)
	w.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Restore() differs (-want +got):\n%s", diff)
	}
	w.unchangedDocument("Restore", want, g)
	if n := w.count("restored", event.Pending); n != 1 {
		t.Errorf("%d events were written, want 1", n)
	}
	_, err = w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
	w.is("Purge of a restored document", err, fault.NotFound)
}

func documentNotRestored(t *testing.T, w *contentWorld) {
	d := w.draft("for admins")
	d.AllowedRoles = []identity.Role{identity.Admin}
	d = w.put(d)
	_, err := w.restore(d.ID)
	w.is("Restore of a live document", err, fault.NotFound)
	w.remove(d.ID)
	_, err = w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now.Add(-time.Microsecond))
	w.is("Purge for an earlier deletion", err, fault.NotFound)
	_, err = w.Documents().Restore(w.ctx(), w.reader(w.user("e@example.com", identity.Employee)), d.ID, nil)
	w.is("Restore by one who may not see it", err, fault.Denied)
	_, err = w.Documents().Restore(w.ctx(), w.scope(w.workspace("Away", w.owner), identity.System), d.ID, nil)
	w.is("Restore from another workspace", err, fault.NotFound)
	again := w.draft("again")
	again.Hash = d.Hash
	w.put(again)
	_, err = w.restore(d.ID)
	w.is("Restore beside the same content", err, fault.Conflict)
	w.remove(again.ID)
	_, err = w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
	w.must(err)
	_, err = w.restore(d.ID)
	w.is("Restore of a purged document", err, fault.NotFound)
	if n := w.count("restored", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
}

func documentChangeFails(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("old"))
	g := w.ready(d, "text")
	d = w.get(d.ID)
	cause := errors.New("no")
	_, err := w.Documents().Update(w.ctx(), w.all, d.ID, func(d *document.Document) ([]event.Event, error) {
		d.Title, d.DeletedAt, d.Metadata["k"] = "new", w.now, "v"
		return []event.Event{w.event("changed")}, cause
	})
	if err != cause { //nolint:errorlint // as it is
		t.Errorf("Update() returned %v, want the error of the change as it is", err)
	}
	if diff := cmp.Diff(d, w.get(d.ID)); diff != "" {
		t.Errorf("the document was changed (-want +got):\n%s", diff)
	}
	if n := w.found(g); n != 1 {
		t.Errorf("%d chunks are found, want 1", n)
	}
	if n := w.count("changed", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
}

func documentUpdatesAtOnce(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("doc"))
	w.must(errors.Join(atOnce(20, func(int) error {
		_, err := w.Documents().Update(w.ctx(), w.all, d.ID, func(d *document.Document) ([]event.Event, error) {
			d.Run++
			return []event.Event{w.event("changed")}, nil
		})
		return err
	})...))
	if run, n := w.get(d.ID).Run, w.count("changed", event.Pending); run != 21 || n != 20 {
		t.Errorf("the run is %d with %d events, want 21 and 20", run, n)
	}
}

func documentUpdateTaken(t *testing.T, w *contentWorld) {
	a, b := w.put(w.draft("a")), w.put(w.draft("b"))
	_, err := w.Documents().Update(w.ctx(), w.all, b.ID, func(d *document.Document) ([]event.Event, error) {
		d.Hash, d.Title = a.Hash, "new"
		return []event.Event{w.event("changed")}, nil
	})
	w.is("Update", err, fault.Conflict)
	if diff := cmp.Diff(b, w.get(b.ID)); diff != "" {
		t.Errorf("the document was changed (-want +got):\n%s", diff)
	}
	if n := w.count("changed", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
}

func documentDeleted(t *testing.T, w *contentWorld) {
	d, kept := w.put(w.draft("gone")), w.put(w.draft("kept"))
	gone, other := w.ready(d, "one", "two"), w.ready(kept, "three")
	w.remove(d.ID)
	if n := w.found(gone); n != 0 {
		t.Errorf("%d chunks of the deleted document are found", n)
	}
	if n := w.found(other); n != 1 {
		t.Errorf("%d chunks of the other document are found, want 1", n)
	}
	list, err := w.Documents().List(w.ctx(), w.all, document.Query{Limit: 10})
	w.must(err)
	if diff := cmp.Diff([]string{"kept"}, titlesOf(list)); diff != "" {
		t.Errorf("List() differs (-want +got):\n%s", diff)
	}
}

func documentNoText(_ *testing.T, w *contentWorld) {
	d := w.put(w.draft("new"))
	_, err := w.Documents().Text(w.ctx(), w.all, d.ID)
	w.is("Text", err, fault.NotFound)
}

func documentText(t *testing.T, w *contentWorld) {
	d := w.put(w.draft("new"))
	g := w.ready(d, "It's 'one'?", "Größe ② \"two\"")
	got, err := w.Documents().Text(w.ctx(), w.all, d.ID)
	w.must(err)
	if diff := cmp.Diff(text.Text{Body: g.Body, Pages: g.Pages}, got); diff != "" {
		t.Errorf("Text() differs (-want +got):\n%s", diff)
	}
}
