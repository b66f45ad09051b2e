package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// Segments are merged when there are fanIn of about the same size, so a posting is written again once for each time that
// the index becomes fanIn times larger. What a merge makes has at most maxMerged chunks: that bounds the time for which it
// holds up other writers. Larger workspaces just have more segments of that size.
const (
	fanIn     = 8
	fanInMost = 64 // after many documents came at once
	maxMerged = 1 << 15
)

// A segment is written anew when one in deadShare of its chunks is dead.
const deadShare = 4

// tombstonesKept is how many tombstones of generations that are gone for good may stand for themselves before they are
// written to their segments, and tombstoneShare how many chunks must be there for each.
const (
	tombstonesKept = 64
	tombstoneShare = 64
)

// compactIndex merges small segments of the workspace's index into larger ones and forgets retired generations. It makes
// its own transactions, may be interrupted at any point and repeated; results of searches don't change. Several may run at
// once, in other processes too: whoever comes second finds its work done.
func (s *Store) compactIndex(ctx context.Context, ws uuid.UUID) error {
	if err := s.buryDead(ctx, ws); err != nil {
		return fmt.Errorf("bury retired generations of %s: %w", ws, err)
	}
	for {
		var sources []source
		var merged segment
		err := s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
			all, err := readSources(ctx, tx, ws)
			if err != nil {
				return err
			}
			if sources, err = choose(all); err != nil || len(sources) == 0 {
				return err
			}
			merged, err = merge(ctx, tx, sources)
			return err
		})
		if err != nil {
			return fmt.Errorf("merge segments of %s: %w", ws, err)
		}
		if len(sources) == 0 {
			return nil
		}
		if err := s.replaceSegments(ctx, ws, sources, merged); err != nil {
			return fmt.Errorf("replace segments of %s: %w", ws, err)
		}
	}
}

// source is a segment that may be merged.
type source struct {
	id      int64
	chunks  int
	dead    []byte
	members []byte // read when something is dead
}

func readSources(ctx context.Context, tx bun.Tx, ws uuid.UUID) (out []source, err error) {
	rows, err := query(ctx, tx, `SELECT id, chunks, dead, CASE WHEN length(dead) > 0 THEN generations ELSE dead END
		FROM index_segments WHERE workspace_id = ? ORDER BY chunks, id`, ws)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s source
		if err := rows.Scan(&s.id, &s.chunks, &s.dead, &s.members); err != nil {
			return nil, err
		}
		if s.dead == nil { // an empty blob, which is compared with later on; nil would be stored as null
			s.dead = []byte{}
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// choose returns the segments, given from small to large, that are to be merged next; none when all is well.
func choose(all []source) ([]source, error) {
	for i, s := range all {
		lost, err := s.deadChunks()
		if err != nil {
			return nil, err
		}
		if lost > 0 && lost*deadShare >= s.chunks {
			return all[i : i+1], nil
		}
	}
	for len(all) > 0 {
		n := 1
		for n < len(all) && tier(all[n].chunks) == tier(all[0].chunks) {
			n++
		}
		if n >= fanIn {
			if some := fitting(all[:min(n, fanInMost)]); len(some) > 1 {
				return some, nil
			}
		}
		all = all[n:]
	}
	return nil, nil
}

// fitting returns as many, from the first, as fit into one segment.
func fitting(sources []source) []source {
	total := 0
	for i, s := range sources {
		if total += s.chunks; total > maxMerged {
			return sources[:i]
		}
	}
	return sources
}

// tier is the whole part of the logarithm of a number of chunks to the base fanIn.
func tier(chunks int) int { return (bits.Len(uint(max(chunks, 1))) - 1) / (bits.Len(fanIn) - 1) } //nolint:gosec // positive

func (s source) deadChunks() (int, error) {
	if len(s.dead) == 0 {
		return 0, nil
	}
	dead, err := appendGenerations(nil, s.dead)
	if err != nil {
		return 0, err
	}
	members, err := decodeMembers(s.members)
	if err != nil {
		return 0, err
	}
	set, n := generationSet(dead), 0
	for _, m := range members {
		if set.has(m.generation) {
			n += m.chunks
		}
	}
	return n, nil
}

// replaceSegments puts a merged segment into the place of its sources, unless one of them changed since it was read.
func (s *Store) replaceSegments(ctx context.Context, ws uuid.UUID, sources []source, merged segment) error {
	return s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := s.dialect.alone(ctx, tx, toCompact, ws); err != nil {
			return err
		}
		for _, src := range sources {
			same, err := numbers(ctx, tx, "SELECT 1 FROM index_segments WHERE id = ? AND dead = ?", src.id, src.dead)
			if err != nil || len(same) == 0 {
				return err
			}
		}
		for _, src := range sources {
			if _, err := exec(ctx, tx, "DELETE FROM index_segments WHERE id = ?", src.id); err != nil {
				return err
			}
		}
		if len(merged.members) == 0 {
			return nil
		}
		return merged.insert(ctx, tx, ws)
	})
}

// buryDead moves tombstones of generations that are gone for good to their segments' lists, when there are many.
func (s *Store) buryDead(ctx context.Context, ws uuid.UUID) error {
	var due bool
	err := s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		gone, err := goneGenerations(ctx, tx, ws)
		if err != nil || len(gone) == 0 {
			return err
		}
		chunks, err := numbers(ctx, tx, "SELECT coalesce(sum(chunks), 0) FROM index_segments WHERE workspace_id = ?", ws)
		due = err == nil && len(gone) >= min(int(chunks[0])/tombstoneShare, tombstonesKept)
		return err
	})
	if err != nil || !due {
		return err
	}
	return s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := s.dialect.alone(ctx, tx, toCompact, ws); err != nil {
			return err
		}
		gone, err := goneGenerations(ctx, tx, ws)
		if err != nil {
			return err
		}
		if err := markDead(ctx, tx, ws, newGenerationSet(gone)); err != nil {
			return err
		}
		list, err := numbersJSON(gone)
		if err != nil {
			return err
		}
		_, err = exec(ctx, tx, "DELETE FROM index_tombstones WHERE workspace_id = ? AND generation_id IN ("+
			speaks(tx).members("?", ofIntegers)+")", ws, list)
		return err
	})
}

// goneGenerations returns the retired generations whose rows are gone, so that nobody can restore them.
func goneGenerations(ctx context.Context, tx bun.Tx, ws uuid.UUID) ([]int64, error) {
	return numbers(ctx, tx, `SELECT t.generation_id FROM index_tombstones AS t WHERE t.workspace_id = ?
		AND NOT EXISTS (SELECT 1 FROM generations AS g WHERE g.id = t.generation_id)`, ws)
}

// markDead adds generations to the lists of the segments that hold them.
func markDead(ctx context.Context, tx bun.Tx, ws uuid.UUID, gone generationSet) error {
	ids, err := numbers(ctx, tx, "SELECT id FROM index_segments WHERE workspace_id = ?", ws)
	if err != nil {
		return err
	}
	for _, id := range ids {
		var dead, raw []byte
		err := queryRow(ctx, tx, "SELECT dead, generations FROM index_segments WHERE id = ?", id).Scan(&dead, &raw)
		if err != nil {
			return err
		}
		members, err := decodeMembers(raw)
		if err != nil {
			return err
		}
		known, err := appendGenerations(nil, dead)
		if err != nil {
			return err
		}
		before, left := len(known), slices.Clone(gone)
		for _, m := range members {
			if left.has(m.generation) {
				known = append(known, m.generation)
			}
		}
		if len(known) == before {
			continue
		}
		_, err = exec(ctx, tx, "UPDATE index_segments SET dead = ? WHERE id = ?", newGenerationSet(known).encode(), id)
		if err != nil {
			return err
		}
	}
	return nil
}
