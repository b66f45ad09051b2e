package chat

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// ErrLeft means that nothing of an owner is stored any more, because the user or the API key was deleted, disabled or revoked, or
// the workspace is archived or gone. Its kind is fault.Denied.
var ErrLeft = fault.Denied.Errorf("whoever asked, or the workspace, is not there any more")

// Store keeps conversations, feedback and records of answers. It is safe for concurrent use.
type Store interface {
	Conversations
	Ratings
	Records
}

// Conversations keeps conversations. A conversation belongs to one owner in one workspace; nobody else ever gets at it: to
// others it does not exist, and methods return fault.NotFound unless the owner has it in the scope's workspace.
type Conversations interface {
	// Create adds a conversation without messages and writes the events with it. ErrLeft as in Append.
	Create(ctx context.Context, s workspace.Scope, c Conversation, events ...event.Event) error
	// List returns the owner's conversations in the scope's workspace, the last touched first, ties by id descending.
	List(ctx context.Context, s workspace.Scope, owner string, p Page) ([]Conversation, error)
	// Conversation returns one conversation.
	Conversation(ctx context.Context, s workspace.Scope, owner string, id uuid.UUID) (Conversation, error)
	// Messages returns the last messages of a conversation that the page lets through, oldest first, with those withheld that
	// were made from documents which the scope doesn't see any more.
	Messages(ctx context.Context, s workspace.Scope, owner string, conversation uuid.UUID, p MessagePage) ([]Message, error)
	// Sees reports whether the scope sees all of these documents now, as Messages does for those that an answer was made from.
	Sees(ctx context.Context, s workspace.Scope, ids []document.ID) (bool, error)
	// Append adds an exchange, its record and its events in one transaction; it makes the conversation when there is none of
	// that id, unless the exchange continues one, and names one that has no title. What became of the owner and of the workspace
	// since the question was asked is settled in the same transaction: ErrLeft, and nothing is written.
	Append(ctx context.Context, s workspace.Scope, e Exchange, events ...event.Event) error
	// Rename gives a conversation another title and returns it.
	Rename(ctx context.Context, s workspace.Scope, c Conversation, events ...event.Event) (Conversation, error)
	// Delete removes a conversation with its messages and the feedback on them; records stay.
	Delete(ctx context.Context, s workspace.Scope, owner string, id uuid.UUID, events ...event.Event) error
}

// Ratings keeps feedback on answers. Methods return fault.NotFound unless the place is an answer in a conversation that the
// owner has in the scope's workspace.
type Ratings interface {
	// Rate stores feedback and returns it; what was there before is replaced, but for the time at which it was made. The vote
	// also stands in the record of the answer.
	Rate(ctx context.Context, s workspace.Scope, owner string, p Place, f Feedback, events ...event.Event) (Feedback, error)
	// Rating returns feedback. fault.NotFound also when there is none.
	Rating(ctx context.Context, s workspace.Scope, owner string, p Place) (Feedback, error)
	// Unrate removes feedback. fault.NotFound also when there is none.
	Unrate(ctx context.Context, s workspace.Scope, owner string, p Place, events ...event.Event) error
}

// Records keeps what is known of answers, for those who may see everything; and it lets go of what is to be kept no longer.
type Records interface {
	// Records returns the records that the search chooses, newest first, ties by id descending.
	Records(ctx context.Context, q RecordSearch) ([]Record, error)
	// Note adds the record of an answer that belongs to no conversation here. ErrLeft as in Conversations.Append.
	Note(ctx context.Context, s workspace.Scope, r Record) error
	// Forget removes every conversation of an owner, in all workspaces, and says how many there were; records of the owner's
	// answers lose the owner and all words. The events are written in any case.
	Forget(ctx context.Context, owner string, events ...event.Event) (int, error)
	// PruneConversations removes the conversations that were last touched before a time, and says how many.
	PruneConversations(ctx context.Context, before time.Time) (int, error)
	// PruneRecords removes the records that are older than a time, and says how many.
	PruneRecords(ctx context.Context, before time.Time) (int, error)
}

// Page is a part of a list of conversations.
type Page struct {
	After Position // only what comes after this place
	Limit int      // at most this many; 0 means none
}

// Position is a place in a list of conversations. Its zero value is the start.
type Position struct {
	UpdatedAt time.Time
	ID        uuid.UUID
}

// MessagePage is a part of a conversation.
type MessagePage struct {
	Before uuid.UUID // only messages older than this one of the same conversation; zero means no such limit
	Limit  int       // at most this many; 0 means none
}
