package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
)

// rebuildShare: a set is built anew when one in so many of its vectors belongs to a generation that is gone.
const rebuildShare = 4

// load adds what the transaction sees and the set lacks, and finds out what has been purged if anything was.
func (vs *vectorSet) load(ctx context.Context, tx bun.Tx, v view) error {
	last, err := lastEmbedding(ctx, tx)
	if err != nil {
		return fmt.Errorf("look for vectors: %w", err)
	}
	if vs.missing > 0 && last > vs.embeddings {
		if err := vs.loadLate(ctx, tx); err != nil {
			return fmt.Errorf("load vectors that came late: %w", err)
		}
	}
	if v.newest > vs.newest() {
		if err := vs.loadNew(ctx, tx); err != nil {
			return fmt.Errorf("load vectors: %w", err)
		}
	}
	vs.embeddings = max(vs.embeddings, last)
	if vs.live(v) <= v.chunks {
		return nil
	}
	if err := vs.prune(ctx, tx, v); err != nil {
		return fmt.Errorf("look for purged generations: %w", err)
	}
	if vs.gone*rebuildShare < len(vs.nos) {
		return nil
	}
	vs.reset()
	if err := vs.loadNew(ctx, tx); err != nil {
		return fmt.Errorf("load vectors again: %w", err)
	}
	vs.embeddings = last
	return nil
}

func lastEmbedding(ctx context.Context, tx bun.Tx) (last int64, err error) {
	err = queryRow(ctx, tx, "SELECT coalesce(max(id), 0) FROM embeddings").Scan(&last)
	return last, err
}

// loadNew adds the generations that are newer than those in the set. Their ids ascend in the order of commits, since
// SQLite has one writer at a time.
func (vs *vectorSet) loadNew(ctx context.Context, tx bun.Tx) error {
	rows, err := query(ctx, tx, `SELECT g.id, c.no, e.id, e.vector FROM generations AS g
		LEFT JOIN chunks AS c ON c.no BETWEEN g.id << 20 AND (g.id << 20) + 1048575
		LEFT JOIN embeddings AS e ON e.hash = c.embedded AND e.space_id = ?
		WHERE g.workspace_id = ? AND g.id > ? ORDER BY g.id, c.no`, vs.key.space, vs.key.workspace, vs.newest())
	if err != nil {
		return err
	}
	v := make([]float32, vs.dim)
	return each(rows, func(r vectorRow) error {
		if r.generation != vs.newest() {
			at := int32(len(vs.nos)) //nolint:gosec // memory ends before
			vs.generations = append(vs.generations, genRange{id: r.generation, from: at, to: at})
		}
		if !r.no.Valid {
			return nil // a generation without chunks
		}
		g := &vs.generations[len(vs.generations)-1]
		g.chunks++
		vs.chunks++
		if !r.row.Valid {
			vs.missing++
			return nil
		}
		g.to++
		return vs.append(r, v)
	})
}

// loadLate adds vectors of generations that are in the set already: those that were made meanwhile for other generations
// with the same text. CROSS JOIN makes SQLite begin with the new vectors, which are few.
func (vs *vectorSet) loadLate(ctx context.Context, tx bun.Tx) error {
	rows, err := query(ctx, tx, `SELECT g.id, c.no, e.id, e.vector FROM embeddings AS e
		CROSS JOIN chunks AS c ON c.embedded = e.hash
		CROSS JOIN generations AS g ON g.id = c.no >> 20
		WHERE e.id > ? AND e.space_id = ? AND g.workspace_id = ? AND g.id <= ?`,
		vs.embeddings, vs.key.space, vs.key.workspace, vs.newest())
	if err != nil {
		return err
	}
	v := make([]float32, vs.dim)
	return each(rows, func(r vectorRow) error {
		g := vs.find(r.generation)
		if g == nil || g.vectors() >= g.chunks {
			return nil
		}
		g.late++
		vs.missing--
		vs.late = append(vs.late, len(vs.nos))
		return vs.append(r, v)
	})
}

// vectorRow is a vector as it is read for a set.
type vectorRow struct {
	generation int64
	no, row    sql.NullInt64
	vector     sql.RawBytes
}

func each(rows *sql.Rows, do func(r vectorRow) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r vectorRow
		if err := rows.Scan(&r.generation, &r.no, &r.row, &r.vector); err != nil {
			return err
		}
		if err := do(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (vs *vectorSet) append(r vectorRow, v []float32) error {
	if err := (sqlite{}).decodeVector(r.vector, v); err != nil {
		return fmt.Errorf("vector %d: %w", r.row.Int64, err)
	}
	vs.codes.Append(v)
	vs.nos = append(vs.nos, r.no.Int64)
	vs.rows = append(vs.rows, r.row.Int64)
	return nil
}

// prune finds the generations that have been purged.
func (vs *vectorSet) prune(ctx context.Context, tx bun.Tx, v view) error {
	ids, err := numbers(ctx, tx, "SELECT id FROM generations WHERE workspace_id = ?", vs.key.workspace)
	if err != nil {
		return err
	}
	there := newGenerationSet(ids)
	for i := range vs.generations {
		g := &vs.generations[i]
		if g.id > v.newest { // made after the transaction began
			break
		}
		if g.gone || there.has(g.id) {
			continue
		}
		g.gone = true
		vs.chunks -= int(g.chunks)
		vs.missing -= int(g.chunks - g.vectors())
		vs.gone += int(g.vectors())
	}
	return nil
}
