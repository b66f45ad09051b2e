package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/ragcorp/ragcorp/core/fault"
)

// A graph is an index over the vectors of one workspace in one space, by which large workspaces are searched (HNSW; Y.
// Malkov, D. Yashunin: Efficient and robust approximate nearest neighbor search, 2018). It is derived data: made when a
// workspace has become large, and kept up by the database.

// graphDimensions is the largest dimension that pgvector takes for a graph over halves; vectors of more numbers are searched
// exactly, whatever the size of the workspace.
const graphDimensions = 4000

// graphMemory is what PostgreSQL may use to make a graph; with less than the graph takes, that is many times slower.
const graphMemory = "512MB"

func graphType(dimension int) string { return fmt.Sprintf("halfvec(%d)", dimension) }

// graphCode is the expression that a graph is made of, and that a search must use for it.
func graphCode(dimension int) string { return "(v.code::" + graphType(dimension) + ")" }

func graphName(space int64, ws uuid.UUID) string {
	return fmt.Sprintf("vectors_hnsw_%d_%s", space, hex.EncodeToString(ws[:]))
}

// tend makes the graphs that a workspace has become large enough for, and drops those of one that has become much smaller. It
// holds up neither readers nor writers, and may be interrupted and repeated; of several processes, one does it.
func (e postgresEngine) tend(ctx context.Context, ws uuid.UUID) error {
	var chunks int64
	var graphs []string
	err := e.db.NewRaw(`SELECT (SELECT coalesce(sum(chunks), 0) FROM index_stats WHERE workspace_id = ?), ARRAY(SELECT c.relname::text
		FROM embedding_spaces AS es JOIN pg_class AS c ON c.oid = to_regclass('vectors_hnsw_' || es.id || '_' || ?))`,
		ws, hex.EncodeToString(ws[:])).Scan(ctx, &chunks, pgdialect.Array(&graphs))
	if err != nil {
		return postgres{}.classify(fmt.Errorf("look at the size of %s: %w", ws, err))
	}
	if chunks <= int64(e.exactMost) {
		if chunks > int64(e.exactMost/2) {
			graphs = nil // it may grow again
		}
		return e.drop(ctx, graphs)
	}
	missing, err := e.missingGraphs(ctx, ws, chunks)
	if err != nil || len(missing) == 0 {
		return err
	}
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return fault.Unavailable.Wrap(err, "the database does not answer").Because(fault.ReasonDatabase)
	}
	defer conn.Release()
	for _, space := range missing {
		if err := makeGraph(ctx, conn, ws, space); err != nil {
			return postgres{}.classify(fmt.Errorf("index the vectors of %s: %w", ws, err))
		}
	}
	return nil
}

// drop removes graphs. Searches that use one end first, and need it no more afterwards.
func (e postgresEngine) drop(ctx context.Context, graphs []string) error {
	for _, name := range graphs {
		if _, err := e.db.ExecContext(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+name); err != nil {
			return postgres{}.classify(fmt.Errorf("drop %s: %w", name, err))
		}
	}
	return nil
}

// missingGraphs returns the spaces for which a workspace of so many chunks needs a graph and has none that is whole.
func (e postgresEngine) missingGraphs(ctx context.Context, ws uuid.UUID, chunks int64) ([]spaceRow, error) {
	var spaces, missing []spaceRow
	if err := e.db.NewSelect().Model(&spaces).Where("es.dimension <= ?", graphDimensions).Scan(ctx); err != nil {
		return nil, postgres{}.classify(err)
	}
	for _, s := range spaces {
		need, err := e.needsGraph(ctx, ws, s, chunks)
		if err != nil {
			return nil, postgres{}.classify(err)
		}
		if need {
			missing = append(missing, s)
		}
	}
	return missing, nil
}

// needsGraph reports whether a graph is due. A space that is being filled waits until nearly all is in it: adding vectors to a
// graph takes a hundred times longer than making one of them.
func (e postgresEngine) needsGraph(ctx context.Context, ws uuid.UUID, space spaceRow, chunks int64) (bool, error) {
	var whole bool
	err := e.db.NewRaw("SELECT coalesce((SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(?)), FALSE)",
		graphName(space.ID, ws)).Scan(ctx, &whole)
	if err != nil || whole {
		return false, err
	}
	var vectors int64
	err = e.db.NewRaw("SELECT count(*) FROM vectors WHERE space_id = ? AND workspace_id = ?", space.ID, ws).Scan(ctx, &vectors)
	return vectors*10 >= chunks*9, err
}

// forgetBatch is how many vectors one statement removes.
const forgetBatch = 5000

// forget implements engine. Graphs go first, and without holding up anybody.
func (e postgresEngine) forget(ctx context.Context, space int64) error {
	var graphs []string
	err := e.db.NewRaw("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'vectors'"+
		" AND starts_with(indexname, ?)", fmt.Sprintf("vectors_hnsw_%d_", space)).Scan(ctx, &graphs)
	if err == nil {
		err = e.drop(ctx, graphs)
	}
	for removed := int64(forgetBatch); err == nil && removed == forgetBatch; {
		var res sql.Result
		res, err = e.db.NewRaw(`DELETE FROM vectors WHERE space_id = ? AND (workspace_id, chunk_no) IN
			(SELECT workspace_id, chunk_no FROM vectors WHERE space_id = ? LIMIT ?)`, space, space, forgetBatch).Exec(ctx)
		if err == nil {
			removed, err = res.RowsAffected()
		}
	}
	if err != nil {
		return postgres{}.classify(fmt.Errorf("remove the vectors of space %d: %w", space, err))
	}
	return nil
}

// makeGraph makes a graph, in the place of one that was broken off. The lock is the session's: making an index beside
// running writes takes more than one transaction.
func makeGraph(ctx context.Context, conn *pgxpool.Conn, ws uuid.UUID, space spaceRow) (err error) {
	name := graphName(space.ID, ws)
	var first bool
	lock := fmt.Sprintf("(%d, hashtext('%s'))", lockSpace+int32(toIndex), name)
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock"+lock).Scan(&first); err != nil || !first {
		return err
	}
	defer func() {
		_, unlock := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock"+lock)
		_, reset := conn.Exec(context.WithoutCancel(ctx), "RESET maintenance_work_mem; RESET statement_timeout")
		err = errors.Join(err, unlock, reset)
	}()
	for _, statement := range []string{
		"SET statement_timeout = 0",
		"SET maintenance_work_mem = '" + graphMemory + "'",
		"DROP INDEX CONCURRENTLY IF EXISTS " + name,
		fmt.Sprintf("CREATE INDEX CONCURRENTLY %s ON vectors USING hnsw (%s halfvec_ip_ops) WHERE space_id = %d AND workspace_id = '%s'",
			name, "(code::"+graphType(space.Dimension)+")", space.ID, ws),
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
