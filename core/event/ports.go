package event

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Log keeps events and hands out their deliveries. It is safe for concurrent use, by many processes too. The time of
// every operation is an argument, so that a store has no clock of its own.
type Log interface {
	// Append writes events, and a pending delivery for each that has a topic, in one transaction.
	Append(ctx context.Context, events ...Event) error
	// Claim leases up to c.Max deliveries that are due: pending ones whose time has come and leased ones whose lease has
	// run out. Workspaces take turns: of two that have something due, the one with less in work comes first, then the one
	// served longer ago; within a workspace the oldest event comes first. It returns none, and no error, when nothing is due.
	Claim(ctx context.Context, c Claim) ([]Delivery, error)
	// Renew moves the end of a lease. ErrLeaseLost when it is no longer held.
	Renew(ctx context.Context, l Lease, until time.Time) error
	// Done settles a delivery. ErrLeaseLost when the lease is no longer held; nil when this lease already settled it.
	Done(ctx context.Context, l Lease, now time.Time) error
	// Retry makes a delivery due again at the given time, counts a failure and keeps its cause. ErrLeaseLost as in Renew.
	Retry(ctx context.Context, l Lease, at time.Time, cause string) error
	// Release makes a delivery due at once and takes back the attempt, as on an orderly shutdown. ErrLeaseLost as in Renew.
	Release(ctx context.Context, l Lease, now time.Time) error
	// Bury makes a delivery dead and keeps the cause. ErrLeaseLost as in Renew.
	Bury(ctx context.Context, l Lease, now time.Time, cause string) error

	Offers
}

// Offers is how deliveries are handed out over a transport, such as a message broker: one process offers them and announces
// them there, whoever hears of one takes it. The log stays the only truth. An announcement that is lost delays its delivery
// to the end of the offer; one that comes twice, late or for nothing is refused.
type Offers interface {
	// Offer chooses up to o.Max deliveries that are due, in the turns of Claim, and makes them not due until the given time,
	// except to Take. They are pending then, and it is no attempt; a lease that ran out is lost. It returns none, and no error,
	// when nothing is due.
	Offer(ctx context.Context, o Offer) ([]Delivery, error)
	// Take leases this one delivery, whoever's turn it is: it must be on offer or due, or its lease must have run out.
	// ErrLeaseLost otherwise: it is in work, settled, unknown, or waits for another try.
	Take(ctx context.Context, delivery uuid.UUID, now, until time.Time) (Delivery, error)
}

// Offer asks for deliveries to announce.
type Offer struct {
	Topics []string // which topics; empty means all
	Max    int      // how many at most; at least 1
	Now    time.Time
	Until  time.Time // when those that nobody took are due again
}

// Claim asks for deliveries to work on.
type Claim struct {
	Topics []string      // which topics; empty means all
	Max    int           // how many at most; at least 1
	Lease  time.Duration // how long the lease lasts
	Now    time.Time
}

// Backlog is the operator's view of the deliveries.
type Backlog interface {
	// Deliveries lists deliveries that match the filter, newest event first.
	Deliveries(ctx context.Context, f Filter) ([]Delivery, error)
	// Replay makes dead deliveries that match the filter pending again, due now, with their counts reset, and says how many.
	Replay(ctx context.Context, f Filter, now time.Time) (int, error)
	// Discard settles dead deliveries that match the filter without any reaction, and says how many.
	Discard(ctx context.Context, f Filter, now time.Time) (int, error)
	// Stats counts deliveries that are not done, by topic and state, but for those whose time, set by their event, is yet to
	// come.
	Stats(ctx context.Context) ([]Stat, error)
	// Prune removes rows of deliveries that were done before the given time, and says how many. The events stay.
	Prune(ctx context.Context, before time.Time) (int, error)
}

// Filter chooses deliveries; its zero value chooses all.
type Filter struct {
	IDs       []uuid.UUID // of the events
	Topic     string
	State     State
	Workspace uuid.UUID
	Before    uuid.UUID // only events with a smaller id: the last id of the page before
	Limit     int       // at most this many; 0 means 100 when listing, all otherwise
}

// Stat counts the deliveries of one topic in one state.
type Stat struct {
	Topic  string
	State  State
	Count  int
	Oldest time.Time // of the oldest event among them
}

// Notifier is an optional ability of a Log: it tells when something may have become due, so that workers needn't poll as
// often.
type Notifier interface {
	// Notify returns a channel that receives after a write that may have made a delivery due. Signals may be merged or
	// missed; polling stays necessary. Call stop when done.
	Notify() (signal <-chan struct{}, stop func())
}
