package workspace

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
)

// Store keeps workspaces with their members. It is safe for concurrent use.
type Store interface {
	// Create adds a workspace and writes the events with it. fault.Conflict when the owner has one of that name, whatever
	// the case, archived ones included; fault.Invalid on the field owner_user_id when there is no such user.
	Create(ctx context.Context, w Workspace, events ...event.Event) error
	// Workspace returns one workspace with its members, archived or not. fault.NotFound when there is none.
	Workspace(ctx context.Context, id ID) (Workspace, error)
	// List returns the workspaces that the filter chooses, newest first, ties by id descending.
	List(ctx context.Context, f Filter) ([]Workspace, error)
	// Update reads a workspace, lets change decide, and writes workspace, members and events in one transaction. An error
	// of change is returned as it is and leaves no trace. change must not call any port. fault.Conflict on a taken name,
	// fault.Invalid on the field user_ids when a member is no user.
	Update(ctx context.Context, id ID, change func(w *Workspace) ([]event.Event, error)) (Workspace, error)
}

// Filter chooses workspaces. Reader and the limits of a service are applied in the query.
type Filter struct {
	Reader   uuid.UUID // only what this employee may read: own, ORG_READ, SHARED with them; zero means no such limit
	IDs      []ID      // only these; empty means no such limit
	Owner    uuid.UUID // only this owner's; zero means anybody's
	Archived bool      // archived ones too
	After    Position  // only what comes after this one
	Offset   int       // how many to pass over, for clients that count pages
	Limit    int       // at most this many
}

// Position is a place in the order of the list: newest first, ties by id descending. Its zero value is the start.
type Position struct {
	CreatedAt time.Time
	ID        ID
}
