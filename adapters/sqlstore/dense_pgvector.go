package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/adapters/sqlstore/vector"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// exactMost is up to how many chunks a workspace is searched exactly unless Options.ExactMost says it. A larger one is searched through an index of its own,
// so that the vectors of other workspaces never stand in the way, however many there are.
const exactMost = 10_000

const (
	// halfError bounds how far the product of two vectors of length 1 is from that of their halves: 16 bits keep each number
	// to 2^-11 of itself, in both vectors.
	halfError = 1.0 / 1024
	// margin is how many more vectors than wanted are scored at first.
	margin = 48
	// graphMost is the largest hnsw.ef_search that pgvector takes.
	graphMost = 1000
)

// nearest finds vectors by their halves and scores them by the whole, so that scores are those of the other profile.
func (e postgresEngine) nearest(ctx context.Context, tx bun.Tx, s workspace.Scope, d denseSearch) (search, error) {
	n := near{denseSearch: d, tx: tx, scope: s}
	return func(k int, only *generationSet) ([]hit, error) {
		if only == nil && d.view.chunks > e.exactMost && d.Space.Dimension <= graphDimensions {
			hits, err := n.byGraph(ctx, k)
			if err != nil || len(hits) >= k {
				return hits, err
			}
		}
		return n.exactly(ctx, k, only)
	}, nil
}

// near is one search by vector in its transaction.
type near struct {
	denseSearch
	tx    bun.Tx
	scope workspace.Scope
}

// byGraph finds nearly all of the nearest, and fewer than k when too many of them are hidden.
func (n near) byGraph(ctx context.Context, k int) ([]hit, error) {
	ask := min(2*k+margin, graphMost)
	_, err := n.tx.NewRaw("SELECT set_config('hnsw.ef_search', ?, true), set_config('hnsw.iterative_scan', 'relaxed_order', true)",
		strconv.Itoa(ask)).Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("set the width of the search: %w", err)
	}
	c, err := n.score(ctx, graphCode(n.Space.Dimension)+" <#> ?::"+graphType(n.Space.Dimension), nil, k, ask)
	if err != nil || !c.settled() {
		return nil, err
	}
	return withTies(c.hits, k), nil
}

// exactly takes more and more, until what is left can't belong to the best.
func (n near) exactly(ctx context.Context, k int, only *generationSet) ([]hit, error) {
	for want, ask := k, k+margin; ; want, ask = 4*want, 4*ask {
		c, err := n.score(ctx, "v.code <#> ?::halfvec", only, want, ask)
		if err != nil {
			return nil, err
		}
		if c.settled() && (c.found < ask || len(c.hits) >= k && c.worst+halfError < c.hits[k-1].score) {
			return withTies(c.hits, k), nil
		}
	}
}

// candidates are what halves found.
type candidates struct {
	found int
	worst float64 // score, by halves
	near  int     // of those found, how many are near enough to be scored by their whole vectors
	hits  []hit   // of the near ones, those that are still there, best first
}

// settled reports whether the hits are the best of what was found: nothing was left out, or it was for better ones.
func (c candidates) settled() bool { return c.near == c.found || len(c.hits) == c.near }

// score finds the nearest by a distance of halves, at most so many, and scores by their whole vectors all that may belong to the
// best k of them: of the others, the halves alone say that at least k are better.
func (n near) score(ctx context.Context, distance string, only *generationSet, k, most int) (c candidates, err error) {
	from, args := n.vectors(only)
	args = append([]any{halves(n.Vector)}, args...)
	statement, args := postgres{}.bind(scoring(distance, from), append(args, most, n.space, k-1, 2*halfError))
	args = append([]any{pgx.QueryExecModeCacheDescribe}, args...) // as only then vectors come in binary
	rows, err := n.tx.Tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	v := make([]float32, n.Space.Dimension)
	for rows.Next() {
		h, err := n.scan(rows, &c, v)
		if err != nil {
			return c, err
		}
		c.near++
		if h.id != uuid.Nil && !math.IsNaN(h.score) {
			c.hits = append(c.hits, h)
		}
	}
	slices.SortFunc(c.hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	return c, rows.Err()
}

// scoring is the statement of score. Its arguments are the query, those of from, how many to find, the space, how many of these
// are wanted besides one, and how much nearer than one of them any other may turn out to be.
func scoring(distance, from string) string {
	return "WITH found AS MATERIALIZED (SELECT v.chunk_no, " + distance + " AS distance FROM " + from + ` ORDER BY distance LIMIT ?)
		SELECT (SELECT count(*) FROM found), (SELECT max(distance) FROM found), c.no, c.id, ` + postgres{}.vectorBytes("e.vector") + `
		FROM found LEFT JOIN chunks AS c ON c.no = found.chunk_no
		LEFT JOIN embeddings AS e ON e.hash = c.embedded AND e.space_id = ?
		WHERE found.distance <= coalesce((SELECT distance FROM found ORDER BY distance LIMIT 1 OFFSET ?) + ?, 'infinity')`
}

// scan reads a row that score selects, its vector into v; the hit is empty where the chunk has none.
func (n near) scan(rows *sql.Rows, c *candidates, v []float32) (hit, error) {
	var farthest float64
	var no sql.NullInt64
	var id uuid.NullUUID
	var raw sql.RawBytes
	if err := rows.Scan(&c.found, &farthest, &no, &id, &raw); err != nil {
		return hit{}, err
	}
	c.worst = -farthest
	if raw == nil {
		return hit{}, nil
	}
	if err := (postgres{}).decodeVector(raw, v); err != nil {
		return hit{}, fmt.Errorf("vector of chunk %d: %w", no.Int64, err)
	}
	return hit{no: no.Int64, score: float64(vector.Dot(n.Vector, v)), id: id.UUID}, nil
}

// vectors is the part of a statement that says which chunks the search may find.
func (n near) vectors(only *generationSet) (from string, args []any) {
	from = "vectors AS v"
	if only != nil { // OFFSET keeps the planner to looking them up one after the other
		from = `unnest(?::bigint[]) AS g (id) CROSS JOIN LATERAL (SELECT * FROM vectors WHERE space_id = ? AND workspace_id = ?
			AND chunk_no BETWEEN g.id << 20 AND (g.id << 20) + 1048575 OFFSET 0) AS v`
		args = append(args, bigints(*only), n.space, n.scope.Workspace())
	}
	from += " WHERE v.space_id = ? AND v.workspace_id = ?"
	args = append(args, n.space, n.scope.Workspace())
	for _, out := range []generationSet{n.view.dead, n.view.hidden} {
		if len(out) > 0 {
			from += " AND v.chunk_no >> 20 <> ALL (?::bigint[])"
			args = append(args, bigints(out))
		}
	}
	return from, args
}

// halves is pgvector's text of a vector, with more digits than half precision keeps.
func halves(v llm.Vector) string {
	const digits = 6
	out := append(make([]byte, 0, 13*len(v)+2), '[')
	for i, x := range v {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendFloat(out, float64(x), 'g', digits, 32)
	}
	return string(append(out, ']'))
}

// bigints is PostgreSQL's text of an array.
func bigints(ids []int64) string {
	out := []byte{'{'}
	for i, id := range ids {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, id, 10)
	}
	return string(append(out, '}'))
}

// withTies cuts hits, best first, after the k-th and those that tie with it.
func withTies(hits []hit, k int) []hit {
	if len(hits) <= k {
		return hits
	}
	end := k
	for end < len(hits) && hits[end].score == hits[k-1].score {
		end++
	}
	return hits[:end]
}
