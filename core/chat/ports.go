package chat

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Store keeps conversations. A conversation belongs to one owner in one workspace; nobody else ever gets at it. It is
// safe for concurrent use.
type Store interface {
	// Messages returns the last limit messages of a conversation, oldest first. fault.NotFound unless the owner has it in the
	// scope's workspace.
	Messages(ctx context.Context, s workspace.Scope, owner string, conversation uuid.UUID, limit int) ([]Message, error)
	// Append adds an exchange and its events in one transaction; it makes the conversation when there is none of that id.
	// fault.NotFound when there is one and it isn't the owner's in the scope's workspace.
	Append(ctx context.Context, s workspace.Scope, e Exchange, events ...event.Event) error
}

// Message is one turn of a conversation.
type Message struct {
	ID   uuid.UUID
	Role llm.Role // RoleUser or RoleAssistant
	Text string
	Time time.Time
}

// Exchange is a question with its answer.
type Exchange struct {
	Conversation uuid.UUID
	Owner        string // the actor, as in events
	Title        string // of the conversation, should it be new
	Messages     []Message
}
