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

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/adapters/sqlstore/vector"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// exactMost is up to how many chunks a workspace is searched exactly. A larger one is searched through an index of its own,
// so that the vectors of other workspaces never stand in the way, however many there are.
const exactMost = 20_000

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
		if only == nil && d.view.chunks > exactMost && d.Space.Dimension <= graphDimensions {
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
	code := graphCode(n.Space.Dimension) + " <#> ?::" + graphType(n.Space.Dimension)
	found, err := candidates(ctx, n.vectors(nil).ColumnExpr(code, n.text()).OrderExpr(code, n.text()).Limit(int64(ask)))
	if err != nil {
		return nil, err
	}
	hits, err := n.score(ctx, found)
	return withTies(hits, k), err
}

// exactly takes more and more, until what is left can't belong to the best.
func (n near) exactly(ctx context.Context, k int, only *generationSet) ([]hit, error) {
	for ask := k + margin; ; ask *= 4 {
		found, err := candidates(ctx, n.vectors(only).ColumnExpr("v.code <#> ?::halfvec AS distance", n.text()).
			OrderExpr("distance").Limit(int64(ask)))
		if err != nil {
			return nil, err
		}
		hits, err := n.score(ctx, found)
		if err != nil {
			return nil, err
		}
		if len(found) < ask || len(hits) >= k && found[ask-1].score+halfError < hits[k-1].score {
			return withTies(hits, k), nil
		}
	}
}

// vectors is a select of the chunks that the search may find.
func (n near) vectors(only *generationSet) *bun.SelectQuery {
	q := n.tx.NewSelect().ColumnExpr("v.chunk_no")
	if only == nil {
		q.TableExpr("vectors AS v")
	} else { // which are looked up one after the other
		q.TableExpr("unnest(?::bigint[]) AS g (id)", bigints(*only)).
			Join("JOIN vectors AS v ON v.chunk_no BETWEEN g.id << 20 AND (g.id << 20) + 1048575")
	}
	q.Where("v.space_id = ?", n.space).Where("v.workspace_id = ?", n.scope.Workspace())
	for _, out := range []generationSet{n.view.dead, n.view.hidden} {
		if len(out) > 0 {
			q.Where("v.chunk_no >> 20 <> ALL (?::bigint[])", bigints(out))
		}
	}
	return q
}

func (n near) text() any { return postgres{}.vector(n.Vector) }

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

// candidates reads chunks with their negative products, which the halves give.
func candidates(ctx context.Context, q *bun.SelectQuery) (out []hit, err error) {
	rows, err := q.Rows(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var h hit
		if err := rows.Scan(&h.no, &h.score); err != nil {
			return nil, err
		}
		h.score = -h.score
		out = append(out, h)
	}
	return out, rows.Err()
}

// score gives candidates the scores of their whole vectors and puts the best first.
func (n near) score(ctx context.Context, found []hit) (_ []hit, err error) {
	nos := make([]int64, len(found))
	for i, h := range found {
		nos[i] = h.no
	}
	list, err := numbersJSON(nos)
	if err != nil {
		return nil, err
	}
	d := postgres{}
	rows, err := query(ctx, n.tx, "SELECT c.no, "+d.vectorBytes("e.vector")+` FROM chunks AS c
		JOIN embeddings AS e ON e.hash = c.embedded AND e.space_id = ?
		WHERE c.no IN (`+d.members("?", ofIntegers)+")", n.space, list)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	hits := make([]hit, 0, len(found))
	v := make([]float32, n.Space.Dimension)
	for rows.Next() {
		var no int64
		var raw sql.RawBytes
		if err := rows.Scan(&no, &raw); err != nil {
			return nil, err
		}
		if err := d.decodeVector(raw, v); err != nil {
			return nil, fmt.Errorf("vector of chunk %d: %w", no, err)
		}
		if score := vector.Dot(n.Vector, v); !math.IsNaN(float64(score)) {
			hits = append(hits, hit{no, float64(score)})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	return hits, rows.Err()
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
