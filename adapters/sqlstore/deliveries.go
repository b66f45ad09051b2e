package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/event"
)

// Backlog is the operator's view of the deliveries.
func (s *Store) Backlog() event.Backlog { return backlog{s} }

type backlog struct{ s *Store }

var _ event.Backlog = backlog{}

// defaultPage is how many deliveries a list has when the filter doesn't say.
const defaultPage = 100

// Deliveries implements event.Backlog.
func (b backlog) Deliveries(ctx context.Context, f event.Filter) (out []event.Delivery, err error) {
	if f.Limit <= 0 {
		f.Limit = defaultPage
	}
	err = b.s.read(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		out, err = readDeliveries(ctx, tx, func(q *bun.SelectQuery) *bun.SelectQuery { return matching(q, f) })
		return err
	})
	return out, err
}

// Replay implements event.Backlog.
func (b backlog) Replay(ctx context.Context, f event.Filter, now time.Time) (int, error) {
	return b.dead(ctx, f, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		return q.Set("state = ?", event.Pending).Set("due = 1").Set("available_at = ?", micros(now)).
			Set("attempts = 0").Set("failures = 0").Set("error = ''").Set("settled_at = NULL")
	})
}

// Discard implements event.Backlog.
func (b backlog) Discard(ctx context.Context, f event.Filter, now time.Time) (int, error) {
	return b.dead(ctx, f, func(q *bun.UpdateQuery) *bun.UpdateQuery {
		return q.Set("state = ?", event.Done).Set("settled_at = ?", micros(now))
	})
}

// dead updates the dead deliveries that match the filter.
func (b backlog) dead(ctx context.Context, f event.Filter, set func(*bun.UpdateQuery) *bun.UpdateQuery) (n int, err error) {
	if f.State != "" && f.State != event.Dead {
		return 0, nil
	}
	f.State = event.Dead
	err = b.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		chosen := matching(tx.NewSelect().TableExpr("deliveries AS d").Column("d.event_id"), f)
		res, err := set(tx.NewUpdate().Table("deliveries")).
			Where("event_id IN (?) AND state = ?", chosen, event.Dead).Exec(ctx)
		if err != nil {
			return fmt.Errorf("update dead deliveries: %w", err)
		}
		n, err = rowCount(res)
		return err
	})
	return n, err
}

// Stats implements event.Backlog.
func (b backlog) Stats(ctx context.Context) ([]event.Stat, error) {
	var rows []struct {
		Topic string      `bun:"topic"`
		State event.State `bun:"state"`
		Count int         `bun:"count"`
		Time  int64       `bun:"time"`
	}
	err := b.s.reader.NewRaw(`SELECT s.topic, s.state, s.count, e.time
		FROM (SELECT topic, state, COUNT(*) AS count FROM deliveries
			WHERE state IN (?) AND (due IS NULL OR due = 1 OR attempts > 0 OR lease_until IS NOT NULL) GROUP BY state, topic) AS s
		JOIN events AS e ON e.id = (SELECT d.event_id FROM deliveries AS d WHERE d.state = s.state AND d.topic = s.topic
			AND (d.due IS NULL OR d.due = 1 OR d.attempts > 0 OR d.lease_until IS NOT NULL) ORDER BY d.event_id LIMIT 1)
		ORDER BY s.topic, s.state`,
		bun.List([]event.State{event.Pending, event.Leased, event.Dead})).Scan(ctx, &rows)
	if err != nil {
		return nil, b.s.classify(ctx, fmt.Errorf("count deliveries: %w", err))
	}
	out := make([]event.Stat, len(rows))
	for i, r := range rows {
		out[i] = event.Stat{Topic: r.Topic, State: r.State, Count: r.Count, Oldest: moment(r.Time)}
	}
	return out, nil
}

// Prune implements event.Backlog.
func (b backlog) Prune(ctx context.Context, before time.Time) (n int, err error) {
	err = b.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewDelete().Table("deliveries").
			Where("state = 'done' AND settled_at < ?", micros(before)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("prune deliveries: %w", err)
		}
		n, err = rowCount(res)
		return err
	})
	return n, err
}

func rowCount(res sql.Result) (int, error) {
	n, err := res.RowsAffected()
	return int(n), err
}

// matching narrows a select from deliveries as d to those that match the filter, newest event first.
func matching(q *bun.SelectQuery, f event.Filter) *bun.SelectQuery {
	if len(f.IDs) > 0 {
		q.Where("d.event_id IN (?)", bun.List(f.IDs))
	}
	if f.Topic != "" {
		q.Where("d.topic = ?", f.Topic)
	}
	if f.State != "" {
		q.Where("d.state = ?", f.State)
	}
	if f.Workspace != uuid.Nil {
		q.Where("d.workspace_id = ?", turnKey(f.Workspace))
	}
	if f.Before != uuid.Nil {
		q.Where("d.event_id < ?", f.Before)
	}
	if f.Limit > 0 {
		q.Limit(int64(f.Limit))
	}
	return q.OrderExpr("d.event_id DESC")
}

// deliveryEvent is a delivery with its event.
type deliveryEvent struct {
	deliveryRow `bun:",extend"`

	Event *eventRow `bun:"rel:belongs-to,join:event_id=id"`
}

func readDeliveries(ctx context.Context, tx bun.Tx, where func(*bun.SelectQuery) *bun.SelectQuery) ([]event.Delivery, error) {
	var rows []deliveryEvent
	if err := where(tx.NewSelect().Model(&rows).Relation("Event")).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	out := make([]event.Delivery, len(rows))
	for i := range rows {
		out[i] = rows[i].delivery()
	}
	return out, nil
}

func (r *deliveryEvent) delivery() event.Delivery {
	d := event.Delivery{
		Event: r.Event.event(), State: r.State, Attempts: r.Attempts, Failures: r.Failures,
		AvailableAt: moment(r.AvailableAt), Error: r.Error,
	}
	if r.State == event.Leased {
		d.Lease = event.Lease{Delivery: r.EventID, Token: value(r.LeaseToken), Until: nullMoment(r.LeaseUntil)}
	}
	return d
}
