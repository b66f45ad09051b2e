package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// visible joins chunks as c to their generations and documents, which must show just those generations.
const visible = ` FROM c
	JOIN generations AS g ON g.id = c.no >> 20
	JOIN documents AS d ON d.id = g.document_id AND d.generation_id = g.id`

// visibleChunks are the conditions under which a scope sees chunks of the given ids, for visible, and what comes before the
// statement. The chunks are found before anything is joined to them: PostgreSQL takes it that a document seldom has the generation
// that is its own, and would look for every chunk once for each document of the workspace.
func visibleChunks(d dialect, s workspace.Scope, ids []uuid.UUID) (with string, c conditions) {
	c.dialect = d
	among(&c, "id", ofIDs, ids)
	with, c.parts = "WITH c AS MATERIALIZED (SELECT * FROM chunks"+c.where()+") ", nil
	c.seen(s)
	return with, c
}

// seen adds the conditions under which a scope sees what is of the document d, which others have found: the workspace's documents are
// not to be walked through.
func (c *conditions) seen(s workspace.Scope) {
	c.add(c.dialect.unindexed("d.workspace_id")+" = ?", s.Workspace())
	c.add("d.deleted_at IS NULL")
	if s.SeesAll() {
		return
	}
	seen := "(d.allowed_roles = '[]' OR ? IN (" + c.dialect.members("d.allowed_roles", ofWords) + ")"
	args := []any{string(s.Role())}
	if s.User() != uuid.Nil {
		seen += " OR d.uploaded_by_user_id = ?"
		args = append(args, s.User())
	}
	c.add(seen+")", args...)
}

// Chunks implements retrieval.Index.
func (ix index) Chunks(ctx context.Context, s workspace.Scope, ids []uuid.UUID) (out []retrieval.Chunk, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	with, c := visibleChunks(ix.s.dialect, s, ids)
	if c.err != nil {
		return nil, c.err
	}
	err = ix.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		if out, err = readChunks(ctx, tx, with, c); err != nil {
			return fmt.Errorf("read %d chunks: %w", len(ids), err)
		}
		return addPages(ctx, tx, out)
	})
	return out, err
}

func readChunks(ctx context.Context, tx bun.Tx, with string, c conditions) (out []retrieval.Chunk, err error) {
	rows, err := query(ctx, tx, with+`SELECT c.id, d.id, d.title, d.source, g.id, c.no, c.start_byte, c.end_byte,
		c.body, c.page_from, c.page_to, c.row_from, c.row_to, c.headings,
		c.section_start, c.section_end, c.context, g.language`+visible+c.where(), c.args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var k retrieval.Chunk
		var no int64
		var headings []byte
		err := rows.Scan(&k.ID, &k.Document, &k.Title, &k.Source, &k.Generation, &no, &k.Span.Start, &k.Span.End,
			&k.Text, &k.PageFrom, &k.PageTo, &k.RowFrom, &k.RowTo, &headings,
			&k.Section.Start, &k.Section.End, &k.Context, &k.Language)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(headings, &k.Headings); err != nil {
			return nil, fmt.Errorf("headings of chunk %s: %w", k.ID, err)
		}
		if len(k.Headings) == 0 {
			k.Headings = nil
		}
		k.Ordinal = int(no & maxOrdinal)
		out = append(out, k)
	}
	return out, rows.Err()
}

// addPages gives chunks of formats with pages the pages that they touch.
func addPages(ctx context.Context, tx bun.Tx, chunks []retrieval.Chunk) error {
	var generations []int64
	for _, k := range chunks {
		if k.PageFrom > 0 && !slices.Contains(generations, k.Generation) {
			generations = append(generations, k.Generation)
		}
	}
	for _, g := range generations {
		var raw string
		if err := queryRow(ctx, tx, "SELECT pages FROM generations WHERE id = ?", g).Scan(&raw); err != nil {
			return fmt.Errorf("read pages of generation %d: %w", g, err)
		}
		pages, err := decodePages(raw)
		if err != nil {
			return fmt.Errorf("pages of generation %d: %w", g, err)
		}
		for i := range chunks {
			if k := &chunks[i]; k.Generation == g {
				k.Pages = touched(pages, k.Span)
			}
		}
	}
	return nil
}

// touched returns the pages, which ascend, that have a byte in common with the span.
func touched(pages []text.Page, span text.Span) []text.Page {
	var out []text.Page
	for _, p := range pages {
		if p.Start < span.End && span.Start < p.End {
			out = append(out, p)
		}
	}
	return out
}

// Vectors implements retrieval.Index.
func (ix index) Vectors(
	ctx context.Context, s workspace.Scope, space llm.Space, ids []uuid.UUID,
) (out map[uuid.UUID]llm.Vector, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	with, c := visibleChunks(ix.s.dialect, s, ids)
	if c.err != nil {
		return nil, c.err
	}
	err = ix.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		id, err := findSpace(ctx, tx, space)
		if err != nil || id == 0 {
			return err
		}
		c.add("e.space_id = ?", id)
		out, err = readVectors(ctx, tx, with, c, space.Dimension)
		if err != nil {
			return fmt.Errorf("read vectors of %d chunks: %w", len(ids), err)
		}
		return nil
	})
	return out, err
}

func readVectors(ctx context.Context, tx bun.Tx, with string, c conditions, dim int) (_ map[uuid.UUID]llm.Vector, err error) {
	rows, err := query(ctx, tx, with+"SELECT c.id, "+speaks(tx).vectorBytes("e.vector")+visible+" JOIN embeddings AS e ON e.hash = c.embedded"+
		c.where(), c.args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out := map[uuid.UUID]llm.Vector{}
	for rows.Next() {
		var id uuid.UUID
		var raw sql.RawBytes
		if err := rows.Scan(&id, &raw); err != nil {
			return nil, err
		}
		v := make(llm.Vector, dim)
		if err := speaks(tx).decodeVector(raw, v); err != nil {
			return nil, fmt.Errorf("vector of chunk %s: %w", id, err)
		}
		out[id] = v
	}
	return out, rows.Err()
}
