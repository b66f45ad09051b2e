package coretest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// conversation stores an empty conversation of the asker that was touched some seconds after now.
func (w *contentWorld) conversation(title string, seconds int) chat.Conversation {
	w.t.Helper()
	c := chat.Conversation{
		ID: uuid.New(), Workspace: w.ws.ID, Owner: asker, Title: title,
		CreatedAt: w.now, UpdatedAt: w.now.Add(time.Duration(seconds) * time.Second),
	}
	w.must(w.Conversations().Create(w.ctx(), w.all, c))
	return c
}

func conversationLife(t *testing.T, w *contentWorld) {
	c := w.conversation("", 0)
	read := func() chat.Conversation {
		got, err := w.Conversations().Conversation(w.ctx(), w.all, asker, c.ID)
		w.must(err)
		return got
	}
	if diff := cmp.Diff(c, read()); diff != "" {
		t.Errorf("Conversation() differs from what was created (-want +got):\n%s", diff)
	}
	e := w.exchange(c.ID, "first question")
	e.Messages[1].Time = w.now.Add(time.Second)
	w.must(w.Conversations().Append(w.ctx(), w.all, e))
	c.Title, c.UpdatedAt = "first question", w.now.Add(time.Second)
	if diff := cmp.Diff(c, read()); diff != "" {
		t.Errorf("after the first question it differs (-want +got):\n%s", diff)
	}
	c.Title, c.UpdatedAt = "it's \"mine\"", w.now.Add(time.Minute)
	renamed, err := w.Conversations().Rename(w.ctx(), w.all, c, w.event("renamed"))
	w.must(err)
	if diff := cmp.Diff(c, renamed); diff != "" {
		t.Errorf("Rename() differs (-want +got):\n%s", diff)
	}
	w.must(w.Conversations().Append(w.ctx(), w.all, w.exchange(c.ID, "second question")))
	if diff := cmp.Diff(c, read()); diff != "" {
		t.Errorf("after another question it differs, which neither names it nor makes it older (-want +got):\n%s", diff)
	}
	if n := w.count("renamed", event.Pending); n != 1 {
		t.Errorf("%d events were written, want 1", n)
	}
}

func conversationPages(t *testing.T, w *contentWorld) {
	var want []uuid.UUID
	for i := range 7 {
		want = append([]uuid.UUID{w.conversation(fmt.Sprint(i), i/3).ID}, want...)
	}
	var got []chat.Conversation
	for p := (chat.Page{Limit: 2}); ; {
		page, err := w.Conversations().List(w.ctx(), w.all, asker, p)
		w.must(err)
		got = append(got, page...)
		if len(page) < p.Limit {
			break
		}
		last := page[len(page)-1]
		p.After = chat.Position{UpdatedAt: last.UpdatedAt, ID: last.ID}
	}
	if len(got) != len(want) {
		t.Fatalf("the pages have %d conversations, want %d", len(got), len(want))
	}
	for i := 1; i < len(got); i++ {
		a, b := got[i-1], got[i]
		if a.UpdatedAt.Before(b.UpdatedAt) || a.UpdatedAt.Equal(b.UpdatedAt) && a.ID.String() <= b.ID.String() {
			t.Errorf("%s at %v comes before %s at %v", a.ID, a.UpdatedAt, b.ID, b.UpdatedAt)
		}
	}
	away := w.scope(w.workspace("Away", w.owner), identity.System)
	for what, list := range map[string]func() ([]chat.Conversation, error){
		"another owner": func() ([]chat.Conversation, error) {
			return w.Conversations().List(w.ctx(), w.all, "user:2", chat.Page{Limit: 9})
		},
		"another workspace": func() ([]chat.Conversation, error) {
			return w.Conversations().List(w.ctx(), away, asker, chat.Page{Limit: 9})
		},
		"the zero scope": func() ([]chat.Conversation, error) {
			return w.Conversations().List(w.ctx(), workspace.Scope{}, asker, chat.Page{Limit: 9})
		},
		"a limit of 0": func() ([]chat.Conversation, error) { return w.Conversations().List(w.ctx(), w.all, asker, chat.Page{}) },
	} {
		if got, err := list(); err != nil || len(got) != 0 {
			t.Errorf("List for %s = %d conversations (%v), want none", what, len(got), err)
		}
	}
}

func conversationMessagePages(t *testing.T, w *contentWorld) {
	id, other := uuid.New(), uuid.New()
	var want []chat.Message
	for i := range 4 {
		e := w.exchange(id, fmt.Sprint(i))
		w.must(w.Conversations().Append(w.ctx(), w.all, e))
		w.must(w.Conversations().Append(w.ctx(), w.all, w.exchange(other, "elsewhere")))
		want = append(want, e.Messages...)
	}
	var got []chat.Message
	for p := (chat.MessagePage{Limit: 3}); ; {
		page, err := w.Conversations().Messages(w.ctx(), w.all, asker, id, p)
		w.must(err)
		got = append(page, got...)
		if len(page) < p.Limit {
			break
		}
		p.Before = page[0].ID
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the pages differ (-want +got):\n%s", diff)
	}
	foreign := chat.MessagePage{Before: w.messages(other, 1)[0].ID, Limit: 9}
	if got, err := w.Conversations().Messages(w.ctx(), w.all, asker, id, foreign); err != nil || len(got) != 0 {
		t.Errorf("Messages before one of another conversation = %d messages (%v), want none", len(got), err)
	}
}

func conversationDelete(t *testing.T, w *contentWorld) {
	id, kept := uuid.New(), uuid.New()
	w.must(w.Conversations().Append(w.ctx(), w.all, w.exchange(id, "gone")))
	w.must(w.Conversations().Append(w.ctx(), w.all, w.exchange(kept, "kept")))
	w.must(w.Conversations().Delete(w.ctx(), w.all, asker, id, w.event("deleted")))
	_, err := w.Conversations().Messages(w.ctx(), w.all, asker, id, chat.MessagePage{Limit: 9})
	w.is("Messages", err, fault.NotFound)
	w.is("Delete again", w.Conversations().Delete(w.ctx(), w.all, asker, id), fault.NotFound)
	if got := w.messages(kept, 9); len(got) != 2 {
		t.Errorf("another conversation has %d messages, want 2", len(got))
	}
	if n := w.count("deleted", event.Pending); n != 1 {
		t.Errorf("%d events were written, want 1", n)
	}
	late := w.exchange(id, "late")
	late.Continues = true
	w.is("Append to what is deleted", w.Conversations().Append(w.ctx(), w.all, late, w.event("deleted")), fault.NotFound)
	w.must(w.Conversations().Append(w.ctx(), w.all, w.exchange(id, "anew")))
	if got := w.messages(id, 9); len(got) != 2 {
		t.Errorf("a new conversation of the same id has %d messages, want 2", len(got))
	}
}

func conversationMeddling(t *testing.T, w *contentWorld) {
	c := w.conversation("mine", 0)
	away := w.scope(w.workspace("Away", w.owner), identity.System)
	for _, m := range []struct {
		what  string
		s     workspace.Scope
		owner string
	}{{"another owner", w.all, "user:2"}, {"another workspace", away, asker}, {"the zero scope", workspace.Scope{}, asker}} {
		_, err := w.Conversations().Conversation(w.ctx(), m.s, m.owner, c.ID)
		w.is("Conversation for "+m.what, err, fault.NotFound)
		_, err = w.Conversations().Rename(w.ctx(), m.s, chat.Conversation{ID: c.ID, Owner: m.owner, Title: "x", UpdatedAt: w.now}, w.event("meddled"))
		w.is("Rename for "+m.what, err, fault.NotFound)
		w.is("Delete for "+m.what, w.Conversations().Delete(w.ctx(), m.s, m.owner, c.ID, w.event("meddled")), fault.NotFound)
	}
	got, err := w.Conversations().Conversation(w.ctx(), w.all, asker, c.ID)
	w.must(err)
	if diff := cmp.Diff(c, got); diff != "" {
		t.Errorf("Conversation() differs (-want +got):\n%s", diff)
	}
	if n := w.count("meddled", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
}

func conversationForget(t *testing.T, w *contentWorld) {
	away := w.scope(w.workspace("Away", w.owner), identity.System)
	w.must(w.Conversations().Append(w.ctx(), w.all, w.exchange(uuid.New(), "here")))
	w.must(w.Conversations().Append(w.ctx(), away, w.exchange(uuid.New(), "there")))
	other := w.exchange(uuid.New(), "of another")
	other.Owner = "user:2"
	w.must(w.Conversations().Append(w.ctx(), w.all, other))
	for _, want := range []int{2, 0} {
		if n, err := w.Conversations().Forget(w.ctx(), asker, w.event("forgotten")); err != nil || n != want {
			t.Errorf("Forget() = %d, %v, want %d", n, err, want)
		}
	}
	if n := w.count("forgotten", event.Pending); n != 2 {
		t.Errorf("%d events were written, want 2", n)
	}
	for _, s := range []workspace.Scope{w.all, away} {
		left, err := w.Conversations().List(w.ctx(), s, asker, chat.Page{Limit: 9})
		if err != nil || len(left) != 0 {
			t.Errorf("%d conversations are left (%v), want none", len(left), err)
		}
	}
	if _, err := w.Conversations().Conversation(w.ctx(), w.all, "user:2", other.Conversation); err != nil {
		t.Errorf("the conversation of another: %v", err)
	}
}

// cited is an exchange whose answer was made from documents.
func (w *contentWorld) cited(id uuid.UUID, from ...document.ID) chat.Exchange {
	e := w.exchange(id, "what does it say?")
	e.Documents = from
	for i, d := range from {
		e.Messages[1].Citations = append(e.Messages[1].Citations, chat.Citation{
			Marker: i + 1, Document: d, Title: `a "title"`, Chunk: uuid.New(), Page: i, Span: text.Span{Start: 3, End: 9},
			Quote: "quoté\n", Score: 0.1 + float64(i),
		})
	}
	return e
}

func conversationCitations(t *testing.T, w *contentWorld) {
	e := w.cited(uuid.New(), w.put(w.draft("a")).ID, w.put(w.draft("b")).ID)
	w.must(w.Conversations().Append(w.ctx(), w.all, e))
	if diff := cmp.Diff(e.Messages, w.messages(e.Conversation, 9)); diff != "" {
		t.Errorf("Messages() differs (-want +got):\n%s", diff)
	}
}

func conversationPurge(t *testing.T, w *contentWorld) {
	gone, stays := w.put(w.draft("gone")), w.put(w.draft("stays"))
	id := uuid.New()
	es := []chat.Exchange{w.cited(id, gone.ID, stays.ID), w.cited(id, stays.ID), w.exchange(id, "of nothing")}
	var want []chat.Message
	for _, e := range es {
		w.must(w.Conversations().Append(w.ctx(), w.all, e))
		want = append(want, e.Messages...)
	}
	w.remove(gone.ID)
	_, err := w.Janitor().Purge(w.ctx(), w.ws.ID, gone.ID, w.now)
	w.must(err)
	want[1].Text, want[1].Citations, want[1].Erased = "", nil, true
	if diff := cmp.Diff(want, w.messages(id, 9)); diff != "" {
		t.Errorf("Messages() differs (-want +got):\n%s", diff)
	}
}

func conversationLate(t *testing.T, w *contentWorld) {
	gone := w.put(w.draft("gone"))
	w.remove(gone.ID)
	_, err := w.Janitor().Purge(w.ctx(), w.ws.ID, gone.ID, w.now)
	w.must(err)
	e := w.cited(uuid.New(), gone.ID)
	w.must(w.Conversations().Append(w.ctx(), w.all, e))
	if got := w.messages(e.Conversation, 9); len(got) != 2 || got[1].Text != "" || !got[1].Erased || len(got[1].Citations) != 0 {
		t.Errorf("Messages() = %+v, want an answer without words", got)
	}
}
