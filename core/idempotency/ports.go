package idempotency

import (
	"context"
	"encoding/json"
	"time"
)

// Entry is what is known of a request. Actor, Operation and Key name it.
type Entry struct {
	Actor, Operation, Key string

	Content string // digest of all that decides the outcome
	Outcome json.RawMessage
	Begun   time.Time
}

// Store keeps entries. It is safe for concurrent use.
type Store interface {
	// Begin stores e, which has no outcome yet, and returns begun true. When there is an entry of that name, it is returned with
	// begun false instead, unless it is older than old, or has no outcome and is older than stalled: then e takes its place.
	// fault.Denied, and nothing is written, when the store knows the actor and doesn't let them in any more: entries go with the user
	// or the API key that they are of, also late ones.
	Begin(ctx context.Context, e Entry, old, stalled time.Time) (there Entry, begun bool, err error)
	// Finish stores the outcome of an entry, if it is still the one that began at e.Begun.
	Finish(ctx context.Context, e Entry) error
	// Forget removes an entry without an outcome, if it is still the one that began at e.Begun.
	Forget(ctx context.Context, e Entry) error
	// Prune removes entries that began before the given time.
	Prune(ctx context.Context, before time.Time) error
}
