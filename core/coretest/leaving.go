package coretest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

func deletedUserIsGone(t *testing.T, s Identity) {
	eva, boss := addUser(t, s, newUser("eva@example.org", identity.Employee)), addUser(t, s, newUser("boss@example.org", identity.Admin))
	eventNames(t, s)
	err := s.Users().Delete(t.Context(), eva.ID, func(l identity.Leaving) ([]event.Event, error) {
		if l.User.Email != eva.Email || l.Others != 1 || l.Workspaces != 0 {
			t.Errorf("decide was told %+v", l)
		}
		return []event.Event{news("user.gone")}, nil
	})
	if err != nil {
		t.Fatalf("Delete = %v, want none", err)
	}
	_, err = s.Users().User(t.Context(), eva.ID)
	wantKind(t, "User of the deleted", err, fault.NotFound)
	err = s.Users().Delete(t.Context(), eva.ID, func(identity.Leaving) ([]event.Event, error) { return nil, nil })
	wantKind(t, "Delete twice", err, fault.NotFound)
	wantUser(t, s, boss)
	wantEvents(t, s, "user.gone")
	addUser(t, s, newUser("eva@example.org", identity.Employee)) // the address is free again
}

func deletedUserHasNoAddress(t *testing.T, s Identity) {
	eva, bob := addUser(t, s, newUser("eva@example.org", identity.Employee)), addUser(t, s, newUser("bob@example.org", identity.Admin))
	eventNames(t, s)
	tells := func(u identity.User) event.Event {
		return event.New("user.made", "system", identityTime(), map[string]any{"email": u.Email, "email_sha256": "x", "role": u.Role}).
			In(uuid.Nil, u.ID.String()).For("test")
	}
	if err := s.Events().Append(t.Context(), tells(eva), tells(bob)); err != nil {
		t.Fatal(err)
	}
	err := s.Users().Delete(t.Context(), eva.ID, func(identity.Leaving) ([]event.Event, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	due, err := s.Events().Claim(t.Context(), event.Claim{Max: 9, Lease: time.Hour, Now: identityTime().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range due {
		got[d.Event.Subject] = string(d.Event.Data)
	}
	want := map[string]string{eva.ID.String(): `{"role":"employee"}`, bob.ID.String(): string(tells(bob).Data)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the events differ (-want +got):\n%s", diff)
	}
}

func refusedDeletionLeavesNoTrace(t *testing.T, s Identity) {
	eva := addUser(t, s, newUser("eva@example.org", identity.Admin))
	eventNames(t, s)
	err := s.Users().Delete(t.Context(), eva.ID, func(l identity.Leaving) ([]event.Event, error) {
		if l.Others != 0 {
			t.Errorf("%d other admins, want none", l.Others)
		}
		return []event.Event{news("user.gone")}, fault.Conflict.Errorf("no")
	})
	wantKind(t, "Delete", err, fault.Conflict)
	wantUser(t, s, eva)
	wantEvents(t, s)
}

func recordNoted(_ *testing.T, w *contentWorld) {
	e := w.exchange(uuid.New(), "it's a question?")
	r := chat.Record{
		ID: e.Messages[1].ID, Time: w.now, Workspace: uuid.New(), Conversation: uuid.New(), Actor: asker, Query: "q", Preview: "p",
		Suspicious: true, Confidence: chat.Confidence{Level: chat.Low},
	}
	w.must(w.Conversations().Note(w.ctx(), w.all, r))
	found := w.records(chat.RecordSearch{Workspace: w.ws.ID})
	if len(found) != 1 || found[0].ID != r.ID || found[0].Conversation != uuid.Nil || !found[0].Suspicious || found[0].Query != "q" {
		w.t.Errorf("the records are %+v", found)
	}
}

// conversationWithheld restricts and deletes one of two documents that an answer was made from.
func conversationWithheld(t *testing.T, w *contentWorld) {
	stays, goes := w.put(w.draft("stays")), w.put(w.draft("goes"))
	e := w.cited(uuid.New(), stays.ID, goes.ID)
	w.must(w.Conversations().Append(w.ctx(), w.all, e))
	published := w.ws
	published.Visibility = workspace.OrgRead
	employee := w.scope(published, identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Employee})
	hidden := e.Messages[1]
	hidden.Text, hidden.Withheld = "", true
	hidden.Citations = []chat.Citation{hidden.Citations[0], {Marker: 2, Document: goes.ID, Withheld: true}}
	reads := func(what string, s workspace.Scope, want chat.Message) {
		got, err := w.Conversations().Messages(w.ctx(), s, asker, e.Conversation, chat.MessagePage{Limit: 9})
		w.must(err)
		if diff := cmp.Diff([]chat.Message{e.Messages[0], want}, got); diff != "" {
			t.Errorf("%s: Messages() differs (-want +got):\n%s", what, diff)
		}
	}
	reads("a document for everybody", employee, e.Messages[1])
	w.change(goes.ID, func(d *document.Document) { d.AllowedRoles = []identity.Role{identity.Admin} })
	reads("a restricted document", employee, hidden)
	reads("a restricted document, who sees all", w.all, e.Messages[1])
	w.change(goes.ID, func(d *document.Document) { d.AllowedRoles = nil })
	reads("a document that isn't restricted any more", employee, e.Messages[1])
	w.remove(goes.ID)
	reads("a deleted document", employee, hidden)
	reads("a deleted document, who sees all", w.all, hidden)
}

// recordLate notes an answer that was made from a document which is purged by now.
func recordLate(_ *testing.T, w *contentWorld) {
	gone := w.put(w.draft("gone"))
	w.remove(gone.ID)
	_, err := w.Janitor().Purge(w.ctx(), w.ws.ID, gone.ID, w.now)
	w.must(err)
	w.must(w.Conversations().Note(w.ctx(), w.all, chat.Record{
		ID: uuid.New(), Time: w.now, Actor: asker, Query: "q", Preview: "p", Documents: []document.ID{gone.ID},
	}))
	if found := w.records(chat.RecordSearch{}); len(found) != 1 || found[0].Preview != "" || !found[0].Erased || found[0].Query != "q" {
		w.t.Errorf("the records are %+v", found)
	}
}

// recordLeaving deletes a user who has asked, and whose key has.
func recordLeaving(_ *testing.T, w *contentWorld) {
	u := newUser("eva@example.org", identity.Employee)
	who := identity.Actor{Kind: identity.Person, User: u.ID}.String()
	w.must(w.Users().Create(w.ctx(), u))
	k := identity.Key{ID: uuid.New(), Name: "k", Hash: "h", Permissions: []identity.Permission{identity.QueryAsk}, CreatedBy: who, CreatedAt: w.now}
	w.must(w.Keys().Create(w.ctx(), k))
	key := identity.Actor{Kind: identity.ServiceActor, Key: k.ID.String()}.String()
	for _, owner := range []string{who, key, asker} {
		w.answered([]document.ID{}, func(e *chat.Exchange) { e.Owner, e.Record.Actor = owner, owner })
	}
	w.must(w.Users().Delete(w.ctx(), u.ID, func(identity.Leaving) ([]event.Event, error) { return nil, nil }))
	keys, err := w.Keys().List(w.ctx())
	w.must(err)
	if len(keys) != 0 {
		w.t.Errorf("the keys are still %+v", keys)
	}
	for owner, want := range map[string]int{who: 0, key: 0, asker: 1} {
		list, err := w.Conversations().List(w.ctx(), w.all, owner, chat.Page{Limit: 9})
		w.must(err)
		if len(list) != want {
			w.t.Errorf("%s has %d conversations, want %d", owner, len(list), want)
		}
	}
	erased := 0
	for _, r := range w.records(chat.RecordSearch{}) {
		switch r.Actor {
		case string(identity.Anonymous):
			erased++
			if r.Query+r.Searched+r.Preview != "" || !r.Erased {
				w.t.Errorf("words are left: %+v", r)
			}
		case who, key:
			w.t.Errorf("a record names the deleted: %+v", r)
		}
	}
	if erased != 2 {
		w.t.Errorf("%d records are anonymous, want 2", erased)
	}
	for _, owner := range []string{who, key} {
		w.refuses(owner)
	}
}

// refuses checks that nothing of an owner is stored.
func (w *contentWorld) refuses(owner string) {
	w.t.Helper()
	e := w.exchange(uuid.New(), "too late?")
	e.Owner = owner
	w.is("Append", w.Conversations().Append(w.ctx(), w.all, e, w.event("late")), chat.ErrLeft)
	w.is("Note", w.Conversations().Note(w.ctx(), w.all, chat.Record{ID: uuid.New(), Time: w.now, Actor: owner}), chat.ErrLeft)
	c := chat.Conversation{ID: uuid.New(), Workspace: w.ws.ID, Owner: owner, CreatedAt: w.now, UpdatedAt: w.now}
	w.is("Create", w.Conversations().Create(w.ctx(), w.all, c, w.event("late")), chat.ErrLeft)
	if n := w.count("late", event.Pending); n != 0 {
		w.t.Errorf("%d events were written, want none", n)
	}
}
