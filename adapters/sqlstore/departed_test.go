package sqlstore

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Nothing but a person with SQL deletes a workspace; whoever does deletes what was asked in it.
func TestTheRowOfAWorkspaceTakesWhatWasAskedInItAlong(t *testing.T) {
	t.Parallel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), "sqlite::memory:", nil)
	must(err)
	t.Cleanup(func() { must(s.Close()) })
	now := time.Now()
	w := workspace.Workspace{ID: uuid.New(), Name: "Papers", Visibility: workspace.Private, CreatedAt: now, UpdatedAt: now}
	must(s.Workspaces().Create(t.Context(), w))
	scope, err := workspace.Reading(w, identity.System)
	must(err)
	from, answer := []document.ID{uuid.New()}, uuid.New()
	e := chat.Exchange{
		Conversation: uuid.New(), Owner: "system", Documents: from,
		Record: &chat.Record{ID: answer, Time: now, Actor: "system", Query: "q", Documents: from},
		Messages: []chat.Message{
			{ID: uuid.New(), Role: llm.RoleUser, Text: "q", Time: now}, {ID: answer, Role: llm.RoleAssistant, Text: "a", Time: now},
		},
	}
	must(s.Conversations().Append(t.Context(), scope, e))
	place := chat.Place{Workspace: w.ID, Conversation: e.Conversation, Message: answer}
	_, err = s.Conversations().Rate(t.Context(), scope, "system", place, chat.Feedback{Vote: chat.VoteUp, CreatedAt: now, UpdatedAt: now})
	must(err)
	tables := []string{"conversations", "messages", "message_documents", "answers", "answer_documents", "feedback"}
	holds := func(want bool) {
		t.Helper()
		for _, table := range tables {
			if got, err := s.reader.NewSelect().Table(table).Exists(t.Context()); err != nil || got != want {
				t.Errorf("%s has rows: %v (%v), want %v", table, got, err, want)
			}
		}
	}
	holds(true)
	_, err = s.writer.NewDelete().Table("workspaces").Where("id = ?", w.ID).Exec(t.Context())
	must(err)
	holds(false)
}
