package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/retrieval"
)

// best keeps the hits with the greatest scores of those that it is offered, in a heap with the least at its root, and
// apart from them those that tie with the root: which of these belong to the best is decided later, by their ids.
type best struct {
	size int // at least 1
	heap []hit
	ties []hit
}

// full reports whether a newcomer has to reach the root.
func (b *best) full() bool { return len(b.heap) == b.size }

func (b *best) offer(h hit) {
	if !b.full() {
		b.heap = append(b.heap, h)
		b.up()
		return
	}
	root := b.heap[0]
	switch {
	case h.score < root.score:
	case h.score == root.score:
		b.ties = append(b.ties, h)
	default:
		b.heap[0] = h
		b.down()
		if b.heap[0].score == root.score {
			b.ties = append(b.ties, root)
		} else {
			b.ties = b.ties[:0]
		}
	}
}

func (b *best) up() {
	for i := len(b.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if b.heap[i].score >= b.heap[parent].score {
			return
		}
		b.heap[i], b.heap[parent] = b.heap[parent], b.heap[i]
		i = parent
	}
}

func (b *best) down() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(b.heap) {
			return
		}
		if next := child + 1; next < len(b.heap) && b.heap[next].score < b.heap[child].score {
			child = next
		}
		if b.heap[i].score <= b.heap[child].score {
			return
		}
		b.heap[i], b.heap[child] = b.heap[child], b.heap[i]
		i = child
	}
}

// hits returns what was kept, best first.
func (b *best) hits() []hit {
	out := append(b.heap, b.ties...)
	slices.SortFunc(out, func(x, y hit) int { return cmp.Compare(y.score, x.score) })
	return out
}

// named looks up the ids of hits and returns the k best, ties by id. Hits whose chunks are gone are left out.
func named(ctx context.Context, tx bun.Tx, hits []hit, k int) ([]retrieval.Scored, error) {
	ids, err := chunkIDs(ctx, tx, hits)
	if err != nil {
		return nil, fmt.Errorf("look up ids of %d chunks: %w", len(hits), err)
	}
	out := make([]retrieval.Scored, 0, len(hits))
	for _, h := range hits {
		if h.id == uuid.Nil {
			h.id = ids[h.no]
		}
		if h.id != uuid.Nil {
			out = append(out, retrieval.Scored{Chunk: h.id, Score: h.score})
		}
	}
	slices.SortFunc(out, func(a, b retrieval.Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(string(a.Chunk[:]), string(b.Chunk[:])))
	})
	return slices.Clip(out[:min(k, len(out))]), nil
}

// chunkIDs looks up the ids that hits don't have.
func chunkIDs(ctx context.Context, tx bun.Tx, hits []hit) (_ map[int64]uuid.UUID, err error) {
	var nos []int64
	for _, h := range hits {
		if h.id == uuid.Nil {
			nos = append(nos, h.no)
		}
	}
	if len(nos) == 0 {
		return nil, nil
	}
	list, err := numbersJSON(nos)
	if err != nil {
		return nil, err
	}
	rows, err := query(ctx, tx, "SELECT no, id FROM chunks WHERE no IN ("+speaks(tx).members("?", ofIntegers)+")", list)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	ids := make(map[int64]uuid.UUID, len(nos))
	for rows.Next() {
		var no int64
		var id uuid.UUID
		if err := rows.Scan(&no, &id); err != nil {
			return nil, err
		}
		ids[no] = id
	}
	return ids, rows.Err()
}
