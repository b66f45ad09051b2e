package coretest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/idempotency"
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
	who := func(u identity.User) identity.Actor { return identity.Actor{Kind: identity.Person, User: u.ID} }
	k := newKey("of eva")
	k.CreatedBy = who(eva).String()
	addKey(t, s, k)
	eventNames(t, s)
	var happened []event.Event
	want := map[string]string{}
	tell := func(name, actor, subject, data, left string, where uuid.UUID) {
		e := event.New(name, actor, identityTime(), json.RawMessage(data)).In(where, subject).For("test")
		happened, want[e.ID.String()] = append(happened, e), left
	}
	for u, left := range map[identity.User]bool{eva: true, bob: false} {
		tells := func(name, actor, subject, data, rest string, where uuid.UUID) {
			if !left {
				rest = data
			}
			tell(name, actor, subject, data, rest, where)
		}
		id, person := u.ID.String(), who(u).String()
		tells("user.made", "system", id, `{"email":"`+u.Email+`","email_sha256":"x","role":"employee"}`, `{"role":"employee"}`, uuid.Nil)
		tells("auth.login", person, id, `{"role":"employee","from":"192.0.2.1"}`, `{"role":"employee"}`, uuid.Nil)
		tells("auth.login_failed", "anonymous", id, `{"reason":"password","email_sha256":"x","from":"192.0.2.1"}`, `{"reason":"password"}`, uuid.Nil)
		tells("auth.login_failed", "anonymous", "", `{"reason":"unknown","email_sha256":"`+u.EmailDigest()+`","from":"192.0.2.1"}`,
			`{"reason":"unknown"}`, uuid.Nil)
		tells("access.denied", person, "", `{"operation":"GET /x","from":"192.0.2.1"}`, `{"operation":"GET /x"}`, uuid.New())
		tells("renamed", person, id, `{"from":"old","to":"new"}`, `{"from":"old","to":"new"}`, uuid.New())
	}
	key := identity.Actor{Kind: identity.ServiceActor, Key: k.ID.String()}.String()
	tell("access.denied", key, "", `{"operation":"GET /x","from":"192.0.2.1"}`, `{"operation":"GET /x"}`, uuid.Nil)
	if err := s.Events().Append(t.Context(), happened...); err != nil {
		t.Fatal(err)
	}
	err := s.Users().Delete(t.Context(), eva.ID, func(identity.Leaving) ([]event.Event, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	due, err := s.Events().Claim(t.Context(), event.Claim{Max: 99, Lease: time.Hour, Now: identityTime().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range due {
		got[d.Event.ID.String()] = string(d.Event.Data)
	}
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

// documentsOfAnswerSeen restricts and deletes one of two documents.
func documentsOfAnswerSeen(t *testing.T, w *contentWorld) {
	stays, goes := w.put(w.draft("stays")), w.put(w.draft("goes"))
	published := w.ws
	published.Visibility = workspace.OrgRead
	uploader := identity.Actor{Kind: identity.Person, User: goes.Uploader, Role: identity.Employee}
	employee := w.scope(published, identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Employee})
	sees := func(what string, s workspace.Scope, want bool, ids ...document.ID) {
		got, err := w.Conversations().Sees(w.ctx(), s, ids)
		if w.must(err); got != want {
			t.Errorf("%s: Sees() = %v, want %v", what, got, want)
		}
	}
	sees("both", employee, true, stays.ID, goes.ID, stays.ID)
	sees("none", employee, true)
	sees("one that isn't there", w.all, false, stays.ID, uuid.New())
	w.change(goes.ID, func(d *document.Document) { d.AllowedRoles = []identity.Role{identity.Admin} })
	sees("one is restricted", employee, false, stays.ID, goes.ID)
	sees("the other one", employee, true, stays.ID)
	sees("one is restricted, who sees all", w.all, true, stays.ID, goes.ID)
	if uploader.User != uuid.Nil {
		sees("one is restricted, who uploaded it", w.scope(published, uploader), true, stays.ID, goes.ID)
	}
	w.remove(goes.ID)
	sees("one is deleted", w.all, false, stays.ID, goes.ID)
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
		w.done(owner)
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
		w.undone(owner)
	}
	if there, begun := begin(w.t, w.Requests(), doneBy(asker)); begun || there.Outcome == nil {
		w.t.Errorf("the request of another is %+v and begins anew (%v)", there, begun)
	}
}

// keyRevoked revokes a key that has done something once.
func keyRevoked(_ *testing.T, w *contentWorld) {
	k := newKey("revoked")
	w.must(w.Keys().Create(w.ctx(), k))
	key := identity.Actor{Kind: identity.ServiceActor, Key: k.ID.String()}.String()
	w.done(key)
	w.must(w.Keys().Revoke(w.ctx(), k.ID, w.now))
	w.undone(key)
}

func doneBy(owner string) idempotency.Entry {
	e := someRequest()
	e.Actor = owner
	return e
}

// done stores a request of an owner with what came of it.
func (w *contentWorld) done(owner string) {
	w.t.Helper()
	e := doneBy(owner)
	if _, begun := begin(w.t, w.Requests(), e); !begun {
		w.t.Fatalf("the request of %s did not begin", owner)
	}
	e.Outcome = json.RawMessage(`{"title":"mine"}`)
	w.must(w.Requests().Finish(w.ctx(), e))
}

// undone checks that nothing is left of what an owner has done once, and that nothing is begun or comes late.
func (w *contentWorld) undone(owner string) {
	w.t.Helper()
	e := doneBy(owner)
	e.Outcome = json.RawMessage("1")
	w.must(w.Requests().Finish(w.ctx(), e))
	there, begun, err := w.Requests().Begin(w.ctx(), e, e.Begun.Add(-time.Hour), e.Begun.Add(-time.Minute))
	w.is("Begin", err, fault.Denied)
	if begun || there.Outcome != nil {
		w.t.Errorf("the request of %s began (%v) or has the outcome %s", owner, begun, there.Outcome)
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
