package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// A delivery on offer is pending and has a lease_until, but no token: it is leased to a transport, so to say. By that it
// differs from one that waits for another try.

// Offer implements event.Offers.
func (l eventLog) Offer(ctx context.Context, o event.Offer) ([]event.Delivery, error) {
	if o.Max < 1 {
		return nil, fault.Invalid.Errorf("an offer must be of at least one delivery")
	}
	c := event.Claim{Topics: o.Topics, Max: o.Max, Now: o.Now}
	due, err := l.due(ctx, c)
	if err != nil || !due {
		return nil, err
	}
	var out []event.Delivery
	err = l.s.writeQuietly(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		out, err = claim{s: l.s, tx: tx, Claim: c, mark: func(ctx context.Context, id uuid.UUID) error {
			return offer(ctx, tx, id, o.Until)
		}}.run(ctx)
		return err
	})
	return out, err
}

// offer makes a delivery wait for Take.
func offer(ctx context.Context, tx bun.Tx, id uuid.UUID, until time.Time) error {
	_, err := tx.NewUpdate().Table("deliveries").
		Set("state = ?", event.Pending).Set("due = 0").
		Set("available_at = ?", micros(until)).Set("lease_until = ?", micros(until)).Set("lease_token = NULL").
		Where("event_id = ?", id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("offer delivery %s: %w", id, err)
	}
	return nil
}

// Take implements event.Offers.
func (l eventLog) Take(ctx context.Context, delivery uuid.UUID, now, until time.Time) (event.Delivery, error) {
	var out []event.Delivery
	err := l.s.writeQuietly(ctx, func(ctx context.Context, tx bun.Tx) error {
		var free []uuid.UUID
		err := tx.NewRaw("SELECT event_id FROM deliveries WHERE event_id = ? AND due IS NOT NULL"+
			" AND (available_at <= ? OR (state = ? AND lease_until IS NOT NULL))"+l.s.dialect.lock(),
			delivery, micros(now), event.Pending).Scan(ctx, &free)
		if err != nil {
			return fmt.Errorf("find delivery %s: %w", delivery, err)
		}
		if len(free) == 0 {
			return event.ErrLeaseLost
		}
		if err := lease(ctx, tx, delivery, until); err != nil {
			return err
		}
		out, err = readDeliveries(ctx, tx, func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("d.event_id = ?", delivery)
		})
		return err
	})
	if err != nil {
		return event.Delivery{}, err
	}
	return out[0], nil
}
