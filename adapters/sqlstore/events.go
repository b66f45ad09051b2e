package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/event"
)

// Events is the log of events and the hand-out of their deliveries. The value is also an event.Notifier.
func (s *Store) Events() event.Log { return eventLog{s} }

type eventLog struct{ s *Store }

var (
	_ event.Log      = eventLog{}
	_ event.Notifier = eventLog{}
)

// Notify implements event.Notifier.
func (l eventLog) Notify() (<-chan struct{}, func()) { return l.s.Notify() }

// Append implements event.Log.
func (l eventLog) Append(ctx context.Context, events ...event.Event) error {
	if len(events) == 0 {
		return nil
	}
	return l.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		return insertEvents(ctx, tx, events...)
	})
}

// Renew implements event.Log.
func (l eventLog) Renew(ctx context.Context, lease event.Lease, until time.Time) error {
	return l.quietly(ctx, lease, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		return q.Set("due = 0").Set("available_at = ?", micros(until)).Set("lease_until = ?", micros(until))
	})
}

// Done implements event.Log.
func (l eventLog) Done(ctx context.Context, lease event.Lease, now time.Time) error {
	return l.s.writeQuietly(ctx, func(ctx context.Context, tx bun.Tx) error {
		before, err := tx.NewSelect().Table("deliveries").
			Where("event_id = ? AND lease_token = ? AND state = ?", lease.Delivery, lease.Token, event.Done).Exists(ctx)
		if before || err != nil {
			return err
		}
		return settleDelivery(ctx, tx, lease, now)
	})
}

// Retry implements event.Log.
func (l eventLog) Retry(ctx context.Context, lease event.Lease, at time.Time, cause string) error {
	return l.held(ctx, lease, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		return returned(q, at).Set("due = 0").Set("failures = failures + 1").Set("error = ?", storable(cause))
	})
}

// Release implements event.Log.
func (l eventLog) Release(ctx context.Context, lease event.Lease, now time.Time) error {
	return l.held(ctx, lease, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		return returned(q, now).Set("due = 1").Set("attempts = attempts - 1")
	})
}

// Bury implements event.Log. The cause counts as a failure.
func (l eventLog) Bury(ctx context.Context, lease event.Lease, now time.Time, cause string) error {
	return l.s.writeQuietly(ctx, func(ctx context.Context, tx bun.Tx) error {
		return buryDelivery(ctx, tx, lease, now, cause)
	})
}

// returned makes a leased delivery pending again.
func returned(q *bun.UpdateQuery, at time.Time) *bun.UpdateQuery {
	return q.Set("state = ?", event.Pending).Set("available_at = ?", micros(at)).
		Set("lease_token = NULL").Set("lease_until = NULL")
}

// held updates a delivery in its own transaction, if the lease is held.
func (l eventLog) held(ctx context.Context, lease event.Lease, set func(*bun.UpdateQuery) *bun.UpdateQuery) error {
	return l.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		return updateHeld(ctx, tx, lease, set)
	})
}

// quietly is held for updates that make nothing due.
func (l eventLog) quietly(ctx context.Context, lease event.Lease, set func(*bun.UpdateQuery) *bun.UpdateQuery) error {
	return l.s.writeQuietly(ctx, func(ctx context.Context, tx bun.Tx) error {
		return updateHeld(ctx, tx, lease, set)
	})
}

// writeQuietly is write for what makes nothing due. Claims and renewals are most of the writes of a busy queue; each would
// wake every idle worker for nothing.
func (s *Store) writeQuietly(ctx context.Context, fn func(ctx context.Context, tx bun.Tx) error) error {
	return s.classify(ctx, s.writer.RunInTx(ctx, nil, fn))
}

// checkLease returns event.ErrLeaseLost unless the lease is held. One that has run out is held until another claim takes
// the delivery, or its work would be thrown away for nothing; so the time does not matter.
func checkLease(ctx context.Context, tx bun.Tx, l event.Lease, _ time.Time) error {
	return updateHeld(ctx, tx, l, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		return q.Set("attempts = attempts") // changes nothing, and locks the row where the database has such locks
	})
}

// settleDelivery marks the delivery as done in tx: event.ErrLeaseLost, and nothing written, when the lease is not held.
func settleDelivery(ctx context.Context, tx bun.Tx, l event.Lease, now time.Time) error {
	return updateHeld(ctx, tx, l, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		// The token stays, by which Done knows the lease again.
		return q.Set("state = ?", event.Done).Set("due = NULL").Set("settled_at = ?", micros(now))
	})
}

func updateHeld(ctx context.Context, tx bun.Tx, l event.Lease, set func(*bun.UpdateQuery) *bun.UpdateQuery) error {
	q := tx.NewUpdate().Table("deliveries").
		Where("event_id = ? AND lease_token = ? AND state = ?", l.Delivery, l.Token, event.Leased)
	res, err := set(q).Exec(ctx)
	if err != nil {
		return fmt.Errorf("update delivery %s: %w", l.Delivery, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return event.ErrLeaseLost
}

// storable is a text that every database takes: valid, and without the zero byte.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

func (r *eventRow) event() event.Event {
	return event.Event{
		ID: r.ID, Name: r.Name, Time: moment(r.Time), Actor: r.Actor, Workspace: value(r.Workspace),
		Subject: r.Subject, Topic: r.Topic, Data: json.RawMessage(r.Data), Role: r.Role, Trace: r.Trace,
	}
}
