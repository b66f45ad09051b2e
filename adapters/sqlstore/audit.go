package sqlstore

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/event"
)

// Trail reads the events.
func (s *Store) Trail() audit.Trail { return trail{s} }

type trail struct{ s *Store }

var _ audit.Trail = trail{}

// Find implements audit.Trail.
func (t trail) Find(ctx context.Context, q audit.Query) ([]event.Event, error) {
	if q.Limit <= 0 {
		return nil, nil
	}
	var rows []eventRow
	sel := t.s.reader.NewSelect().Model(&rows).OrderExpr("e.time DESC, e.id DESC").
		Limit(int64(q.Limit)).Offset(int64(max(q.Offset, 0)))
	if err := chooseEvents(sel, q).Scan(ctx); err != nil {
		return nil, t.s.classify(ctx, fmt.Errorf("find events: %w", err))
	}
	out := make([]event.Event, len(rows))
	for i := range rows {
		out[i] = rows[i].event()
	}
	return out, nil
}

// chooseEvents narrows a select from events as e to what the query chooses.
func chooseEvents(sel *bun.SelectQuery, q audit.Query) *bun.SelectQuery {
	if q.Workspace != uuid.Nil {
		sel.Where("e.workspace_id = ?", q.Workspace)
	}
	if len(q.Actors) > 0 {
		sel.Where("e.actor IN (?)", bun.List(q.Actors))
	}
	if q.ActionPrefix != "" { // not LIKE, in which a prefix could hold wildcards and letters lose their case
		sel.Where("SUBSTR(e.name, 1, ?) = ?", utf8.RuneCountInString(q.ActionPrefix), q.ActionPrefix)
	}
	if !q.Start.IsZero() {
		sel.Where("e.time >= ?", ceilMicros(q.Start))
	}
	if !q.End.IsZero() {
		sel.Where("e.time <= ?", micros(q.End))
	}
	if q.After != (audit.Position{}) {
		sel.Where("(e.time, e.id) < (?, ?)", micros(q.After.Time), q.After.ID)
	}
	return sel
}
