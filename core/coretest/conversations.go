package coretest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// TestConversations checks chat.Store. open returns an empty store that is closed when the test ends.
func TestConversations[S Content](t *testing.T, open func(*testing.T) S) {
	runContent(t, open, append(answerCases(), []contentCheck{
		{"the last messages come back, oldest first", conversationMessages},
		{"a conversation is nobody else's and not in another workspace", conversationOfOwner},
		{"appending to somebody else's conversation leaves no trace", conversationIntruder},
		{"a message that is there is a conflict and leaves no trace", conversationTwice},
		{"exchanges at once all count and stay together", conversationAtOnce},
		{"an exchange without messages is refused", conversationEmpty},
		{"a conversation comes back as it was made, renamed and gone on with", conversationLife},
		{"conversations are listed page by page, the last touched first", conversationPages},
		{"messages are read page by page, from the newest back", conversationMessagePages},
		{"a deleted conversation is gone with its messages", conversationDelete},
		{"to rename or delete somebody else's conversation leaves no trace", conversationMeddling},
		{"who is forgotten has no conversation left anywhere, others keep theirs", conversationForget},
		{"citations come back as they were", conversationCitations},
		{"what an answer was made from decides who may read it now", conversationWithheld},
		{"whether documents are seen now is decided as for those of an answer", documentsOfAnswerSeen},
		{"a purged document takes the words of its answers along, and only those", conversationPurge},
		{"an answer that comes after its document was purged is stored without words", conversationLate},
	}...))
}

const asker = "user:1"

func (w *contentWorld) exchange(id uuid.UUID, question string) chat.Exchange {
	return chat.Exchange{
		Conversation: id, Owner: asker, Title: question,
		Messages: []chat.Message{
			{ID: uuid.Must(uuid.NewV7()), Role: llm.RoleUser, Text: question, Time: w.now},
			{ID: uuid.Must(uuid.NewV7()), Role: llm.RoleAssistant, Text: "answer to " + question, Time: w.now},
		},
	}
}

func (w *contentWorld) messages(id uuid.UUID, limit int) []chat.Message {
	w.t.Helper()
	got, err := w.Conversations().Messages(w.ctx(), w.all, asker, id, chat.MessagePage{Limit: limit})
	w.must(err)
	return got
}

func conversationMessages(t *testing.T, w *contentWorld) {
	id := uuid.New()
	var want []chat.Message
	for i := range 5 {
		e := w.exchange(id, fmt.Sprintf("it's question %d?", i))
		e.Messages[1].ID = uuid.New() // an id that is not in order
		e.Messages[1].Time = w.now.Add(-time.Duration(i) * time.Second)
		w.must(w.Conversations().Append(w.ctx(), w.all, e, w.event("asked")))
		want = append(want, e.Messages...)
	}
	for _, limit := range []int{1, 3, 10, 100} {
		if diff := cmp.Diff(want[max(0, 10-limit):], w.messages(id, limit)); diff != "" {
			t.Errorf("Messages(%d) differs (-want +got):\n%s", limit, diff)
		}
	}
	if got := w.messages(id, 0); len(got) != 0 {
		t.Errorf("Messages(0) returned %d messages", len(got))
	}
	if n := w.count("asked", event.Pending); n != 5 {
		t.Errorf("%d events were written, want 5", n)
	}
}

func conversationOfOwner(_ *testing.T, w *contentWorld) {
	id := uuid.New()
	w.must(w.Conversations().Append(w.ctx(), w.all, w.exchange(id, "question")))
	away := w.scope(w.workspace("Away", w.owner), identity.System)
	for _, c := range []struct {
		what  string
		s     workspace.Scope
		owner string
		id    uuid.UUID
	}{
		{"another owner", w.all, "user:2", id},
		{"no owner", w.all, "", id},
		{"another workspace", away, asker, id},
		{"the zero scope", workspace.Scope{}, asker, id},
		{"an unknown conversation", w.all, asker, uuid.New()},
	} {
		for _, limit := range []int{0, 10} {
			_, err := w.Conversations().Messages(w.ctx(), c.s, c.owner, c.id, chat.MessagePage{Limit: limit})
			w.is("Messages for "+c.what, err, fault.NotFound)
		}
	}
}

func conversationIntruder(t *testing.T, w *contentWorld) {
	id := uuid.New()
	first := w.exchange(id, "question")
	w.must(w.Conversations().Append(w.ctx(), w.all, first))
	intruder := w.exchange(id, "mine now")
	intruder.Owner = "user:2"
	err := w.Conversations().Append(w.ctx(), w.all, intruder, w.event("asked"))
	w.is("Append by another owner", err, fault.NotFound)
	away := w.scope(w.workspace("Away", w.owner), identity.System)
	err = w.Conversations().Append(w.ctx(), away, w.exchange(id, "from elsewhere"), w.event("asked"))
	w.is("Append in another workspace", err, fault.NotFound)
	if err := w.Conversations().Append(w.ctx(), workspace.Scope{}, w.exchange(uuid.New(), "nowhere"), w.event("asked")); err == nil {
		t.Error("Append in the zero scope worked")
	}
	if diff := cmp.Diff(first.Messages, w.messages(id, 10)); diff != "" {
		t.Errorf("Messages() differs (-want +got):\n%s", diff)
	}
	if n := w.count("asked", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
}

func conversationTwice(t *testing.T, w *contentWorld) {
	id := uuid.New()
	first, second := w.exchange(id, "question"), w.exchange(id, "again")
	w.must(w.Conversations().Append(w.ctx(), w.all, first))
	second.Messages[1].ID = first.Messages[0].ID
	err := w.Conversations().Append(w.ctx(), w.all, second, w.event("asked"))
	w.is("Append", err, fault.Conflict)
	if diff := cmp.Diff(first.Messages, w.messages(id, 10)); diff != "" {
		t.Errorf("Messages() differs (-want +got):\n%s", diff)
	}
	if n := w.count("asked", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
}

func conversationAtOnce(t *testing.T, w *contentWorld) {
	id := uuid.New()
	w.must(errors.Join(atOnce(20, func(i int) error {
		return w.Conversations().Append(w.ctx(), w.all, w.exchange(id, fmt.Sprint(i)))
	})...))
	got := w.messages(id, 100)
	if len(got) != 40 {
		t.Fatalf("there are %d messages, want 40", len(got))
	}
	for i := 0; i < len(got); i += 2 {
		if got[i+1].Text != "answer to "+got[i].Text {
			t.Errorf("%q is followed by %q", got[i].Text, got[i+1].Text)
		}
	}
}

func conversationEmpty(t *testing.T, w *contentWorld) {
	id := uuid.New()
	e := w.exchange(id, "question")
	e.Messages = nil
	if err := w.Conversations().Append(w.ctx(), w.all, e, w.event("asked")); err == nil {
		t.Error("Append worked")
	}
	_, err := w.Conversations().Messages(w.ctx(), w.all, asker, id, chat.MessagePage{Limit: 1})
	w.is("Messages", err, fault.NotFound)
	if n := w.count("asked", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
}
