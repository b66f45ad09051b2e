package audit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
)

// Trail reads events. It is safe for concurrent use.
type Trail interface {
	// Find returns the events that the query chooses, newest first, ties by id descending; none when the limit is 0.
	Find(ctx context.Context, q Query) ([]event.Event, error)
}

// Query chooses events; every condition that is set must hold. Text is compared to the letter: nothing in it is a wildcard.
type Query struct {
	Workspace    uuid.UUID // zero means any
	Actors       []string  // any of these; empty means any
	ActionPrefix string    // how the event's name begins
	Start, End   time.Time // not before and not after; zero means no such limit
	After        Position  // only what comes after this place
	Offset       int       // how many to pass over
	Limit        int       // at most this many
}

// Position is a place in the order of the trail: newest first, ties by id descending. Its zero value is the start.
type Position struct {
	Time time.Time
	ID   uuid.UUID
}

// PositionOf returns the place of an event.
func PositionOf(e event.Event) Position { return Position{Time: e.Time, ID: e.ID} }
