package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/adapters/sqlstore/vector"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// nearest is exact: codes in memory tell which few vectors to read from the database. A workspace whose codes don't fit
// into the budget is read as a whole.
func (e sqliteEngine) nearest(ctx context.Context, tx bun.Tx, s workspace.Scope, d denseSearch) (search, error) {
	if d.scan || vectorBytes(d.view.chunks, d.Space.Dimension) > e.vectors.budget {
		return d.scanAll(ctx, tx, s), nil
	}
	set := e.vectors.set(vectorKey{s.Workspace(), d.space}, d.Space.Dimension)
	changed, err := set.update(ctx, tx, d.view)
	if err != nil {
		return nil, err
	}
	if changed {
		e.vectors.shrink(set)
	}
	return d.searchIn(ctx, tx, set), nil
}

// forget implements engine. Searches that are at work on a set finish undisturbed.
func (e sqliteEngine) forget(_ context.Context, space int64) error {
	e.vectors.drop(space)
	return nil
}

// tieMargin is how many more vectors than wanted are asked for at first, in order to see where a tie at the end ends.
const tieMargin = 16

// searchIn searches a set.
func (d denseSearch) searchIn(ctx context.Context, tx bun.Tx, set *vectorSet) search {
	return func(k int, only *generationSet) ([]hit, error) {
		set.mu.RLock()
		defer set.mu.RUnlock()
		if set.live(d.view) != d.view.chunks { // it was changed since the update
			return nil, errBehind
		}
		allowed := set.allowed(d.view, only)
		rescore := func(indexes []int, out []float32) error { return d.rescore(ctx, tx, set.rows, indexes, out) }
		for ask := k + tieMargin; ; ask *= 4 {
			found, err := set.codes.Search(d.Vector, ask, allowed, rescore)
			if err != nil {
				return nil, err
			}
			if len(found) == ask && found[ask-1].Score == found[k-1].Score {
				continue
			}
			hits := make([]hit, 0, len(found))
			for i, c := range found {
				if i >= k && c.Score < found[k-1].Score {
					break
				}
				hits = append(hits, hit{no: set.nos[c.Index], score: float64(c.Score)})
			}
			return hits, nil
		}
	}
}

// rescore computes the scores of vectors, given by their places among the rows.
func (d denseSearch) rescore(ctx context.Context, tx bun.Tx, rows []int64, indexes []int, out []float32) error {
	ids := make([]int64, len(indexes))
	for i, index := range indexes {
		ids[i] = rows[index]
	}
	scores, err := d.scores(ctx, tx, ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		score, ok := scores[id]
		if !ok {
			score = float32(math.NaN()) // gone
		}
		out[i] = score
	}
	return nil
}

func (d denseSearch) scores(ctx context.Context, tx bun.Tx, ids []int64) (_ map[int64]float32, err error) {
	list, err := numbersJSON(ids)
	if err != nil {
		return nil, err
	}
	rows, err := query(ctx, tx, "SELECT id, vector FROM embeddings WHERE id IN ("+speaks(tx).members("?", ofIntegers)+")", list)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	scores := make(map[int64]float32, len(ids))
	v := make([]float32, d.Space.Dimension)
	for rows.Next() {
		var id int64
		var raw sql.RawBytes
		if err := rows.Scan(&id, &raw); err != nil {
			return nil, err
		}
		if err := (sqlite{}).decodeVector(raw, v); err != nil {
			return nil, fmt.Errorf("vector %d: %w", id, err)
		}
		scores[id] = vector.Dot(d.Vector, v)
	}
	return scores, rows.Err()
}

// scanAll searches by reading every vector from the database.
func (d denseSearch) scanAll(ctx context.Context, tx bun.Tx, s workspace.Scope) search {
	return func(k int, only *generationSet) ([]hit, error) {
		rows, err := query(ctx, tx, `SELECT g.id, c.no, e.id, e.vector FROM generations AS g
			JOIN chunks AS c ON c.no BETWEEN g.id << 20 AND (g.id << 20) + 1048575
			JOIN embeddings AS e ON e.hash = c.embedded AND e.space_id = ?
			WHERE g.workspace_id = ?`, d.space, s.Workspace())
		if err != nil {
			return nil, err
		}
		top := best{size: k}
		v := make([]float32, d.Space.Dimension)
		err = each(rows, func(r vectorRow) error {
			if !d.view.sees(r.generation) || only != nil && !only.holds(r.generation) {
				return nil
			}
			if err := (sqlite{}).decodeVector(r.vector, v); err != nil {
				return fmt.Errorf("vector %d: %w", r.row.Int64, err)
			}
			if score := vector.Dot(d.Vector, v); !math.IsNaN(float64(score)) {
				top.offer(hit{no: r.no.Int64, score: float64(score)})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return top.hits(), nil
	}
}
