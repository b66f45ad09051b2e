package sqlstore

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

func TestChunksAreFoundByTheirIDsWithoutAWalkThroughTheWorkspace(t *testing.T) {
	t.Parallel()
	w := newIndexWorld(t, nil)
	with, c := visibleChunks(w.dialect, w.scope, []uuid.UUID{w.id()})
	w.must(c.err)
	var plan []string
	w.must(w.read(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		rows, err := query(ctx, tx, "EXPLAIN QUERY PLAN "+with+"SELECT c.id"+visible+c.where(), c.args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				return err
			}
			plan = append(plan, step)
		}
		return rows.Err()
	}))
	for _, step := range plan {
		if strings.HasPrefix(step, "SCAN d") || strings.HasPrefix(step, "SCAN g") || strings.Contains(step, "workspace_id=?") {
			t.Errorf("%q walks through the workspace; the plan is\n%s", step, strings.Join(plan, "\n"))
		}
	}
}
