package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// denseTries is how often a search begins a newer transaction when memory is ahead of its own, before it reads everything
// from the database.
const denseTries = 3

// Dense implements retrieval.Index.
func (ix index) Dense(ctx context.Context, s workspace.Scope, q retrieval.DenseQuery) (out []retrieval.Scored, err error) {
	if len(q.Vector) != q.Space.Dimension {
		return nil, fmt.Errorf("the query's vector has %d numbers, those of space %s have %d",
			len(q.Vector), q.Space.Name, q.Space.Dimension)
	}
	if q.K <= 0 {
		return nil, nil
	}
	err = errBehind
	for try := 1; errors.Is(err, errBehind); try++ {
		err = ix.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
			out, err = ix.dense(ctx, tx, s, denseSearch{DenseQuery: q, scan: try > denseTries})
			return err
		})
	}
	return out, err
}

// denseSearch is a search by meaning in one transaction.
type denseSearch struct {
	retrieval.DenseQuery
	scan  bool // leave memory alone
	space int64
	view  view
}

func (ix index) dense(ctx context.Context, tx bun.Tx, s workspace.Scope, d denseSearch) ([]retrieval.Scored, error) {
	var err error
	if d.view, err = look(ctx, tx, s, d.Space.Name); err != nil {
		return nil, err
	}
	if d.view.serving != 0 && d.view.serving != d.view.space.ID {
		return nil, retrieval.ErrNotServing
	}
	if d.view.chunks == 0 || d.view.space.ID == 0 {
		return nil, nil
	}
	if d.space, err = d.view.space.of(d.Space); err != nil {
		return nil, err
	}
	run, err := ix.s.engine.nearest(ctx, tx, s, d)
	if err != nil {
		return nil, err
	}
	hits, err := filtered(ctx, tx, s, d.Filter, d.K, run)
	if err != nil {
		return nil, fmt.Errorf("search by vector: %w", err)
	}
	return named(ctx, tx, hits, d.K)
}
