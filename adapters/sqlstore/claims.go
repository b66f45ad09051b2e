package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Claim implements event.Log. Of the workspaces with something due, those with the fewest live leases come first, of these
// the one served longest ago.
func (l eventLog) Claim(ctx context.Context, c event.Claim) ([]event.Delivery, error) {
	if c.Max < 1 {
		return nil, fault.Invalid.Errorf("a claim must be for at least one delivery")
	}
	due, err := l.due(ctx, c)
	if err != nil || !due {
		return nil, err
	}
	var out []event.Delivery
	err = l.s.writeQuietly(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		out, err = claim{s: l.s, tx: tx, Claim: c, mark: func(ctx context.Context, id uuid.UUID) error {
			return lease(ctx, tx, id, c.Now.Add(c.Lease))
		}}.run(ctx)
		return err
	})
	return out, err
}

// lease hands a delivery to whoever reads its new token.
func lease(ctx context.Context, tx bun.Tx, id uuid.UUID, end time.Time) error {
	until := micros(end)
	_, err := tx.NewUpdate().Table("deliveries").
		Set("state = ?", event.Leased).Set("due = 0").Set("attempts = attempts + 1").
		Set("available_at = ?", until).Set("lease_until = ?", until).Set("lease_token = ?", uuid.New()).
		Where("event_id = ?", id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("lease delivery %s: %w", id, err)
	}
	return nil
}

// due reports whether a claim may find something. It reads only, so that idle workers don't queue for the right to write.
func (l eventLog) due(ctx context.Context, c event.Claim) (bool, error) {
	now := micros(c.Now)
	ready := l.s.reader.NewSelect().Table("deliveries").ColumnExpr("1").Where("due = 1 AND available_at <= ?", now)
	if len(c.Topics) > 0 {
		ready.Where("topic IN (?)", bun.List(c.Topics))
	}
	later := l.s.reader.NewSelect().Table("deliveries").ColumnExpr("1").Where("due = 0 AND available_at <= ?", now)
	var found bool
	err := l.s.reader.NewSelect().ColumnExpr("EXISTS (?) OR EXISTS (?)", ready, later).Scan(ctx, &found)
	return found, l.s.classify(ctx, err)
}

// claim is one claim in its transaction.
type claim struct {
	event.Claim
	s    *Store
	tx   bun.Tx
	mark func(ctx context.Context, id uuid.UUID) error // writes down that a delivery was chosen: it isn't due any more
}

// lane is what one workspace has due on one topic.
type lane struct {
	Topic     string `bun:"topic"`
	Workspace string `bun:"workspace_id"`
	Turn      int64  `bun:"turn"`    // of the workspace; 0 when it never had one
	Working   int    `bun:"working"` // live leases of the workspace, on any topic
}

// tenant is a workspace that has something due.
type tenant struct {
	lane
	topics []string
}

func (c claim) run(ctx context.Context) ([]event.Delivery, error) {
	if err := c.s.dialect.alone(ctx, c.tx, toClaim, uuid.Nil); err != nil {
		return nil, fmt.Errorf("wait for other claims: %w", err)
	}
	if err := c.wake(ctx); err != nil {
		return nil, err
	}
	tenants, turn, err := c.tenants(ctx)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	served := map[string]int64{}
	for len(ids) < c.Max && len(tenants) > 0 {
		i := first(tenants)
		id, err := c.take(ctx, tenants[i])
		if err != nil {
			return nil, err
		}
		if id == uuid.Nil {
			tenants = slices.Delete(tenants, i, i+1)
			continue
		}
		turn++
		tenants[i].Working++
		tenants[i].Turn = turn
		served[tenants[i].Workspace] = turn
		ids = append(ids, id)
	}
	if err := c.keepTurns(ctx, served); err != nil {
		return nil, err
	}
	return c.claimed(ctx, ids)
}

// wake makes those due whose time has come since the last claim: each once, so the cost is that of their being put off.
func (c claim) wake(ctx context.Context) error {
	_, err := c.tx.NewRaw("UPDATE deliveries SET due = 1 WHERE event_id IN ("+
		"SELECT event_id FROM deliveries WHERE due = 0 AND available_at <= ?"+c.s.dialect.lockFree()+")", micros(c.Now)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("wake deliveries: %w", err)
	}
	return nil
}

// tenants returns the workspaces with something due and the last turn that any of them took. The query hops from one topic
// and workspace to the next in the index of what is due, so it costs as much as there are of these, not of deliveries.
func (c claim) tenants(ctx context.Context) (ts []tenant, turn int64, err error) {
	chosen := c.tx.NewRaw("TRUE")
	if len(c.Topics) > 0 {
		chosen = c.tx.NewRaw("t.topic IN (?)", bun.List(c.Topics))
	}
	var lanes []lane
	err = c.tx.NewRaw(`WITH RECURSIVE
		topics (topic) AS (
			SELECT MIN(d.topic) FROM deliveries AS d WHERE d.due = 1
			UNION ALL
			SELECT (SELECT MIN(d.topic) FROM deliveries AS d WHERE d.due = 1 AND d.topic > t.topic)
			FROM topics AS t WHERE t.topic IS NOT NULL),
		lanes (topic, workspace_id) AS (
			SELECT t.topic, (SELECT MIN(d.workspace_id) FROM deliveries AS d WHERE d.due = 1 AND d.topic = t.topic)
			FROM topics AS t WHERE t.topic IS NOT NULL AND ?
			UNION ALL
			SELECT l.topic, (SELECT MIN(d.workspace_id) FROM deliveries AS d
				WHERE d.due = 1 AND d.topic = l.topic AND d.workspace_id > l.workspace_id)
			FROM lanes AS l WHERE l.workspace_id IS NOT NULL)
		SELECT l.topic, l.workspace_id, COALESCE(t.turn, 0) AS turn, (SELECT COUNT(*) FROM deliveries AS d
			WHERE d.state = 'leased' AND d.workspace_id = l.workspace_id AND d.available_at > ?) AS working
		FROM lanes AS l LEFT JOIN delivery_turns AS t ON t.workspace_id = l.workspace_id
		WHERE l.workspace_id IS NOT NULL ORDER BY l.workspace_id, l.topic`, chosen, micros(c.Now)).Scan(ctx, &lanes)
	if err != nil {
		return nil, 0, fmt.Errorf("find workspaces with deliveries due: %w", err)
	}
	for _, l := range lanes {
		if n := len(ts); n == 0 || ts[n-1].Workspace != l.Workspace {
			ts = append(ts, tenant{lane: l})
		}
		last := &ts[len(ts)-1]
		last.topics = append(last.topics, l.Topic)
	}
	if err := c.tx.NewRaw("SELECT COALESCE(MAX(turn), 0) FROM delivery_turns").Scan(ctx, &turn); err != nil {
		return nil, 0, fmt.Errorf("read turns: %w", err)
	}
	return ts, turn, nil
}

// first is the index of the tenant whose turn it is.
func first(ts []tenant) int {
	best := 0
	for i, t := range ts {
		if cmp.Or(cmp.Compare(t.Working, ts[best].Working), cmp.Compare(t.Turn, ts[best].Turn)) < 0 {
			best = i
		}
	}
	return best
}

// take marks the tenant's oldest due event and returns its id; the zero id when there is none left.
func (c claim) take(ctx context.Context, t tenant) (uuid.UUID, error) {
	var oldest uuid.UUID
	for _, topic := range t.topics {
		var ids []uuid.UUID
		err := c.tx.NewRaw("SELECT event_id FROM deliveries WHERE due = 1 AND topic = ? AND workspace_id = ? AND available_at <= ?"+
			" ORDER BY event_id LIMIT 1"+c.s.dialect.lockFree(), topic, t.Workspace, micros(c.Now)).Scan(ctx, &ids)
		if err != nil {
			return uuid.Nil, fmt.Errorf("find the next delivery: %w", err)
		}
		if len(ids) == 1 && (oldest == uuid.Nil || bytes.Compare(ids[0][:], oldest[:]) < 0) {
			oldest = ids[0]
		}
	}
	if oldest == uuid.Nil {
		return uuid.Nil, nil
	}
	return oldest, c.mark(ctx, oldest)
}

// keepTurns stores turns in the order of workspaces, so that claims which run at once don't lock each other out.
func (c claim) keepTurns(ctx context.Context, served map[string]int64) error {
	for _, workspace := range slices.Sorted(maps.Keys(served)) {
		_, err := c.tx.NewRaw("INSERT INTO delivery_turns (workspace_id, turn) VALUES (?, ?)"+
			" ON CONFLICT (workspace_id) DO UPDATE SET turn = excluded.turn", workspace, served[workspace]).Exec(ctx)
		if err != nil {
			return fmt.Errorf("keep the turn of workspace %q: %w", workspace, err)
		}
	}
	return nil
}

// claimed reads deliveries in the given order.
func (c claim) claimed(ctx context.Context, ids []uuid.UUID) ([]event.Delivery, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	out, err := readDeliveries(ctx, c.tx, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("d.event_id IN (?)", bun.List(ids))
	})
	place := make(map[uuid.UUID]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(out, func(a, b event.Delivery) int { return cmp.Compare(place[a.Event.ID], place[b.Event.ID]) })
	return out, err
}
