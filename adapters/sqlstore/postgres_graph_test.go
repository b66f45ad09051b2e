package sqlstore

import (
	"testing"

	"github.com/ragcorp/ragcorp/e2e/servers"
)

// A workspace that lost nearly all of its documents is searched exactly, and nothing is left to be kept up.
func TestTheGraphOfASmallWorkspaceIsDropped(t *testing.T) {
	t.Parallel()
	_, url := servers.StartPostgres(t)
	w := openIndexWorld(t, url, nil)
	w.add(3, 20)
	e := w.engine.(postgresEngine) //nolint:forcetypeassert // of PostgreSQL
	var space spaceRow
	w.must(e.db.NewSelect().Model(&space).Scan(t.Context()))
	conn, err := e.pool.Acquire(t.Context())
	w.must(err)
	err = makeGraph(t.Context(), conn, w.ws.ID, space)
	conn.Release()
	w.must(err)
	graphs := func() int {
		return w.number("SELECT count(*) FROM pg_indexes WHERE indexname = '" + graphName(space.ID, w.ws.ID) + "'")
	}
	if graphs() != 1 {
		t.Fatal("no graph was made")
	}
	w.must(w.Janitor().Compact(t.Context(), w.id()))
	if graphs() != 1 {
		t.Fatal("tending another workspace dropped the graph")
	}
	w.must(w.Janitor().Compact(t.Context(), w.ws.ID))
	if graphs() != 0 {
		t.Fatal("the graph is still there")
	}
	if found := w.near(); len(found) != 3 {
		t.Fatalf("%d chunks are found, want 3", len(found))
	}
}
