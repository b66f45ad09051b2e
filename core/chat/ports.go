package chat

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Store keeps conversations. A conversation belongs to one owner in one workspace; nobody else ever gets at it: to others it
// does not exist, and methods return fault.NotFound unless the owner has it in the scope's workspace. It is safe for
// concurrent use.
type Store interface {
	// Create adds a conversation without messages and writes the events with it.
	Create(ctx context.Context, s workspace.Scope, c Conversation, events ...event.Event) error
	// List returns the owner's conversations in the scope's workspace, the last touched first, ties by id descending.
	List(ctx context.Context, s workspace.Scope, owner string, p Page) ([]Conversation, error)
	// Conversation returns one conversation.
	Conversation(ctx context.Context, s workspace.Scope, owner string, id uuid.UUID) (Conversation, error)
	// Messages returns the last messages of a conversation that the page lets through, oldest first.
	Messages(ctx context.Context, s workspace.Scope, owner string, conversation uuid.UUID, p MessagePage) ([]Message, error)
	// Append adds an exchange and its events in one transaction; it makes the conversation when there is none of that id, and
	// names one that has no title.
	Append(ctx context.Context, s workspace.Scope, e Exchange, events ...event.Event) error
	// Rename gives a conversation another title and returns it.
	Rename(ctx context.Context, s workspace.Scope, c Conversation, events ...event.Event) (Conversation, error)
	// Delete removes a conversation with its messages.
	Delete(ctx context.Context, s workspace.Scope, owner string, id uuid.UUID, events ...event.Event) error
	// Forget removes every conversation of an owner, in all workspaces, and says how many there were. The events are written
	// in any case.
	Forget(ctx context.Context, owner string, events ...event.Event) (int, error)
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
