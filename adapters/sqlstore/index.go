package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Index returns the search index.
func (s *Store) Index() retrieval.Index { return index{s} }

type index struct{ s *Store }

var _ retrieval.Index = index{}

// view is what a search must know of a workspace, as one read transaction sees it.
type view struct {
	chunks   int           // live ones
	terms    int64         // in them, repeated ones counted each time
	newest   int64         // greatest id of a generation, retired ones included
	segments []int64       // ascending
	dead     generationSet // generations that may still be in the index or in memory but are not live
	hidden   generationSet // live ones that the scope doesn't see
}

// look reads the view.
func look(ctx context.Context, tx bun.Tx, s workspace.Scope) (view, error) {
	var v view
	err := queryRow(ctx, tx, `SELECT coalesce(sum(chunks), 0), coalesce(sum(terms), 0),
		coalesce((SELECT max(id) FROM generations WHERE workspace_id = ?), 0)
		FROM index_stats WHERE workspace_id = ?`, s.Workspace(), s.Workspace()).Scan(&v.chunks, &v.terms, &v.newest)
	if err != nil {
		return view{}, fmt.Errorf("read statistics of the index: %w", err)
	}
	if v.chunks == 0 {
		return v, nil
	}
	dead, err := numbers(ctx, tx, "SELECT generation_id FROM index_tombstones WHERE workspace_id = ?", s.Workspace())
	if err != nil {
		return view{}, fmt.Errorf("read tombstones: %w", err)
	}
	if dead, err = v.readSegments(ctx, tx, s, dead); err != nil {
		return view{}, fmt.Errorf("read segments: %w", err)
	}
	v.dead = newGenerationSet(dead)
	if v.hidden, err = hidden(ctx, tx, s); err != nil {
		return view{}, fmt.Errorf("read what is hidden: %w", err)
	}
	return v, nil
}

// readSegments lists the segments and appends to dead what their lists hold.
func (v *view) readSegments(ctx context.Context, tx bun.Tx, s workspace.Scope, dead []int64) (_ []int64, err error) {
	rows, err := query(ctx, tx, "SELECT id, dead FROM index_segments WHERE workspace_id = ? ORDER BY id", s.Workspace())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		var raw sql.RawBytes
		if err := rows.Scan(&id, &raw); err != nil {
			return nil, err
		}
		v.segments = append(v.segments, id)
		if dead, err = appendGenerations(dead, raw); err != nil {
			return nil, err
		}
	}
	return dead, rows.Err()
}

// sees reports whether a generation of the index is live and visible.
func (v *view) sees(generation int64) bool {
	return generation <= v.newest && !v.dead.holds(generation) && !v.hidden.holds(generation)
}

// numbers reads a column of integers.
func numbers(ctx context.Context, tx bun.Tx, statement string, args ...any) (out []int64, err error) {
	rows, err := query(ctx, tx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Languages implements retrieval.Index.
func (ix index) Languages(ctx context.Context, s workspace.Scope) ([]text.Language, error) {
	var out []text.Language
	err := ix.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		unseen, err := hidden(ctx, tx, s)
		if err != nil {
			return fmt.Errorf("read what is hidden: %w", err)
		}
		list, err := numbersJSON(unseen)
		if err != nil {
			return err
		}
		out = nil
		return tx.NewRaw(`SELECT language FROM (
			SELECT language, chunks FROM index_stats WHERE workspace_id = ?
			UNION ALL
			SELECT language, -chunk_count FROM generations WHERE id IN (`+ix.s.dialect.members("?", ofIntegers)+`)) AS seen
			GROUP BY language HAVING sum(chunks) > 0 ORDER BY sum(chunks) DESC, language`,
			s.Workspace(), list).Scan(ctx, &out)
	})
	return out, err
}
