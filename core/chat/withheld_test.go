package chat_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// reader is an employee who asked something of a workspace that everybody may read.
type reader struct {
	*testing.T

	app      *core.App
	ws       workspace.ID
	document document.ID
	who      identity.Actor
	answer   chat.Answer
	model    *scripted
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{T: t, model: &scripted{pieces: []string{"Trains are booked by the travel desk [1]."}}}
	r.app, r.ws = world(t, r.model)
	_, err := r.app.Workspaces.Publish(t.Context(), identity.System, r.ws)
	must(t, err)
	docs, _, err := r.app.Documents.List(t.Context(), identity.System, r.ws, document.Query{Limit: 1})
	must(t, err)
	r.document = docs[0].ID
	r.who = identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Employee}
	r.answer, err = r.app.Chat.Ask(t.Context(), r.who, chat.Question{Workspace: r.ws, Text: "Who books trains?"})
	must(t, err)
	r.shown("at first")
	return r
}

// last is the answer as it stands in the conversation now.
func (r *reader) last() chat.Message {
	r.Helper()
	found, err := r.app.Chat.Messages(r.Context(), r.who, r.ws, r.answer.Conversation, chat.MessagePage{Limit: 9})
	must(r.T, err)
	return found[len(found)-1]
}

func (r *reader) shown(when string) {
	r.Helper()
	m := r.last()
	if m.Withheld || m.Text != r.answer.Text || len(m.Citations) != 1 || m.Citations[0] != r.answer.Citations[0] {
		r.Errorf("%s the answer is %+v, want %+v", when, m, r.answer)
	}
}

// withheld checks that nothing of the document is left, neither for the reader nor, in another question, for the model.
func (r *reader) withheld(when string) {
	r.Helper()
	m := r.last()
	if want := (chat.Citation{Marker: 1, Document: r.document, Withheld: true}); !m.Withheld || m.Text != "" || len(m.Citations) != 1 || m.Citations[0] != want {
		r.Errorf("%s the answer is %+v, want it withheld", when, m)
	}
}

func (r *reader) restrict(roles ...string) {
	r.Helper()
	_, err := r.app.Documents.Describe(r.Context(), identity.System, r.ws, r.document,
		document.DetailsPatch{Metadata: map[string]any{"allowed_roles": roles}})
	must(r.T, err)
}

func TestAnOldAnswerIsReadByWhoMayReadItsDocumentsNow(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	r.restrict("admin")
	r.withheld("of a document for administrators,")
	r.restrict("employee")
	r.shown("of a document for employees again,")
	must(t, r.app.Documents.Delete(t.Context(), identity.System, r.ws, r.document))
	r.withheld("of a deleted document")
	_, err := r.app.Documents.Restore(t.Context(), identity.System, r.ws, r.document)
	must(t, err)
	r.shown("of a restored document")
	_, err = r.app.Workspaces.Unpublish(t.Context(), identity.System, r.ws)
	must(t, err)
	_, err = r.app.Chat.Messages(t.Context(), r.who, r.ws, r.answer.Conversation, chat.MessagePage{Limit: 9})
	if !errors.Is(err, fault.Denied) {
		t.Errorf("Messages in a workspace that is private = %v, want %s", err, fault.Denied)
	}
}

func TestTheModelDoesNotReadAnOldAnswerThatTheAskerMayNotRead(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	_, _, err := r.app.Documents.IngestText(t.Context(), identity.System, r.ws, document.TextDraft{
		Text: "Trains leave from the central station.", Details: document.Details{Title: "stations"},
	})
	must(t, err)
	r.restrict("admin")
	_, err = r.app.Chat.Ask(t.Context(), r.who, chat.Question{Workspace: r.ws, Text: "Where do trains leave?", Conversation: r.answer.Conversation})
	must(t, err)
	if len(r.model.asked) != 2 {
		t.Fatalf("the model was asked %d times, want twice", len(r.model.asked))
	}
	if n := len(r.model.asked[1].Messages); n != 2 {
		t.Errorf("the model reads %d messages, want the rules and the question alone", n)
	}
	for _, m := range r.model.asked[1].Messages {
		if strings.Contains(m.Text, "travel desk") {
			t.Errorf("the model reads %q", m.Text)
		}
	}
}
