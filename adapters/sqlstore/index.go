package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	chunks int      // live ones
	seen   struct { // of the live ones, those that the scope sees: what it doesn't must not show in scores either
		chunks int
		terms  int64 // in them, repeated ones counted each time
	}
	newest   int64         // greatest id of a generation, retired ones included
	segments []int64       // ascending
	dead     generationSet // generations that may still be in the index or in memory but are not live
	hidden   generationSet // live ones that the scope doesn't see
	space    spaceRow      // the embedding space that was asked for; with ID 0 when there is none of that name
	serving  int64         // the space in which searches look; 0 when none is marked
}

// What the rows of a view are.
const (
	viewSegment   = iota // id and dead generations
	viewTombstone        // generation
	viewHidden           // generation
	viewCounts           // chunks and terms of a part of the workspace
	viewNewest           // generation
	viewSpace            // id and dimension
	viewServing          // id of a space
	viewUnseen           // chunks and terms of a generation that the scope doesn't see
)

// look reads the view, and the embedding space of this name unless it is empty. One statement reads it all, since each one
// more would be a round trip to the server.
func look(ctx context.Context, tx bun.Tx, s workspace.Scope, space string) (view, error) {
	parts := []string{
		"SELECT 0, id, 0, dead FROM index_segments WHERE workspace_id = ?",
		"SELECT 1, generation_id, 0, NULL FROM index_tombstones WHERE workspace_id = ?",
		"SELECT 3, chunks, terms, NULL FROM index_stats WHERE workspace_id = ?",
		"SELECT 4, coalesce(max(id), 0), 0, NULL FROM generations WHERE workspace_id = ?",
	}
	ws := s.Workspace()
	args := []any{ws, ws, ws, ws}
	if space != "" {
		parts, args = append(parts, "SELECT 5, id, dimension, NULL FROM embedding_spaces WHERE name = ?",
			"SELECT 6, id, 0, NULL FROM embedding_spaces WHERE serving = 1"), append(args, space)
	}
	if !s.SeesAll() {
		c := hidden(speaks(tx), s)
		parts, args = append(parts, "SELECT 2, d.generation_id, 0, NULL FROM documents AS d"+c.where()), append(args, c.args...)
		parts = append(parts, "SELECT 7, chunk_count, term_count, NULL FROM generations WHERE id IN (SELECT d.generation_id FROM documents AS d"+c.where()+")")
		args = append(args, c.args...)
	}
	rows, err := query(ctx, tx, strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return view{}, fmt.Errorf("look at the index: %w", err)
	}
	v, err := readView(rows)
	if err != nil {
		return view{}, fmt.Errorf("look at the index: %w", err)
	}
	return v, nil
}

func readView(rows *sql.Rows) (v view, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	var dead, hidden []int64
	for rows.Next() {
		var kind int
		var a, b int64
		var raw sql.RawBytes
		if err := rows.Scan(&kind, &a, &b, &raw); err != nil {
			return v, err
		}
		switch kind {
		case viewSegment:
			v.segments = append(v.segments, a)
			if dead, err = appendGenerations(dead, raw); err != nil {
				return v, err
			}
		case viewTombstone:
			dead = append(dead, a)
		case viewHidden:
			hidden = append(hidden, a)
		case viewCounts:
			v.chunks, v.seen.chunks, v.seen.terms = v.chunks+int(a), v.seen.chunks+int(a), v.seen.terms+b
		case viewUnseen:
			v.seen.chunks, v.seen.terms = v.seen.chunks-int(a), v.seen.terms-b
		case viewNewest:
			v.newest = a
		case viewSpace:
			v.space = spaceRow{ID: a, Dimension: int(b)}
		case viewServing:
			v.serving = a
		}
	}
	slices.Sort(v.segments)
	v.dead, v.hidden = newGenerationSet(dead), newGenerationSet(hidden)
	return v, rows.Err()
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

// Serving implements retrieval.Index.
func (ix index) Serving(ctx context.Context) (name string, err error) {
	var names []string
	err = ix.s.reader.NewSelect().Table("embedding_spaces").Column("name").Where("serving = 1").Scan(ctx, &names)
	if err != nil || len(names) == 0 {
		return "", ix.s.classify(ctx, err)
	}
	return names[0], nil
}

// Languages implements retrieval.Index.
func (ix index) Languages(ctx context.Context, s workspace.Scope) ([]text.Language, error) {
	var out []text.Language
	seen, args := "SELECT language, chunks FROM index_stats WHERE workspace_id = ?", []any{s.Workspace()}
	if !s.SeesAll() {
		c := hidden(ix.s.dialect, s)
		seen += " UNION ALL SELECT language, -chunk_count FROM generations WHERE id IN (SELECT d.generation_id FROM documents AS d" + c.where() + ")"
		args = append(args, c.args...)
	}
	err := ix.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		out = nil
		return tx.NewRaw("SELECT language FROM ("+seen+`) AS seen
			GROUP BY language HAVING sum(chunks) > 0 ORDER BY sum(chunks) DESC, language`, args...).Scan(ctx, &out)
	})
	return out, err
}
