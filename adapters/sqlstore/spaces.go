package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Spaces returns the embedding spaces.
func (s *Store) Spaces() document.Spaces { return spaces{s} }

type spaces struct{ s *Store }

var _ document.Spaces = spaces{}

// bare is a condition with one parameter, a space in which the chunk c has no vector.
const bare = "NOT EXISTS (SELECT 1 FROM embeddings AS e WHERE e.hash = c.embedded AND e.space_id = ?)"

// List implements document.Spaces.
func (p spaces) List(ctx context.Context) (out []document.SpaceState, err error) {
	err = p.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		var rows []spaceRow
		if err := tx.NewSelect().Model(&rows).Order("es.name").Scan(ctx); err != nil {
			return fmt.Errorf("list embedding spaces: %w", err)
		}
		all, err := tx.NewSelect().TableExpr("chunks AS c").Count(ctx)
		if err != nil {
			return fmt.Errorf("count chunks: %w", err)
		}
		out = make([]document.SpaceState, len(rows))
		for i, r := range rows {
			lacking, err := countBare(ctx, tx, r.ID)
			if err != nil {
				return err
			}
			out[i] = document.SpaceState{Name: r.Name, Dimension: r.Dimension, Serving: r.Serving == 1, Chunks: int(all), Lacking: lacking}
		}
		return nil
	})
	return out, err
}

// countBare counts the chunks that have no vector in a space.
func countBare(ctx context.Context, tx bun.Tx, space int64) (int, error) {
	n, err := tx.NewSelect().TableExpr("chunks AS c").Where(bare, space).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count chunks without a vector: %w", err)
	}
	return int(n), nil
}

// Lacking implements document.Spaces.
func (p spaces) Lacking(ctx context.Context, space llm.Space) (map[workspace.ID]int, error) {
	var rows []struct {
		Workspace uuid.UUID `bun:"workspace_id"`
		Chunks    int       `bun:"chunks"`
	}
	err := p.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		id, err := findSpace(ctx, tx, space)
		if err != nil {
			return err
		}
		return tx.NewSelect().TableExpr("chunks AS c").Join("JOIN generations AS g ON g.id = c.no >> 20").Where(bare, id).
			ColumnExpr("g.workspace_id, count(*) AS chunks").GroupExpr("g.workspace_id").Scan(ctx, &rows)
	})
	if err != nil {
		return nil, fmt.Errorf("count chunks without a vector in %s: %w", space.Name, err)
	}
	out := make(map[workspace.ID]int, len(rows))
	for _, r := range rows {
		out[r.Workspace] = r.Chunks
	}
	return out, nil
}

// Bare implements document.Spaces. The order is that of an index over generations and then of their chunks, so a page is read
// without looking at what comes after it.
func (p spaces) Bare(ctx context.Context, ws workspace.ID, space llm.Space, after int64, n int) (out []document.BareChunk, err error) {
	err = p.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		id, err := findSpace(ctx, tx, space)
		if err != nil {
			return err
		}
		rows, err := query(ctx, tx, `SELECT c.no, g.title, d.title, c.embedded, c.headings, c.lead, c.context, c.body FROM generations AS g
			JOIN chunks AS c ON c.no BETWEEN g.id << 20 AND (g.id << 20) + 1048575
			JOIN documents AS d ON d.id = g.document_id
			WHERE g.workspace_id = ? AND g.id >= ? AND c.no > ? AND `+bare+" ORDER BY g.id, c.no LIMIT ?",
			ws, after>>ordinalBits, after, id, n)
		if err != nil {
			return err
		}
		out, err = scanBare(rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read chunks without a vector in %s: %w", space.Name, err)
	}
	return out, nil
}

func scanBare(rows *sql.Rows) (out []document.BareChunk, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b document.BareChunk
		var hash, headings sql.RawBytes
		if err := rows.Scan(&b.Number, &b.Title, &b.Current, &hash, &headings, &b.Lead, &b.Context, &b.Text); err != nil {
			return nil, err
		}
		if len(hash) != len(b.Embedded) {
			return nil, fmt.Errorf("the key of chunk %d has %d bytes", b.Number, len(hash))
		}
		b.Embedded = document.Hash(hash)
		if err := json.Unmarshal(headings, &b.Headings); err != nil {
			return nil, fmt.Errorf("headings of chunk %d: %w", b.Number, err)
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// Use implements document.Spaces.
func (p spaces) Use(ctx context.Context, space llm.Space, events ...event.Event) error {
	return p.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		id, err := makeSpace(ctx, tx, space)
		if err != nil {
			return err
		}
		// Locked at first: of those who switch or remove, one goes on.
		if _, err := numbers(ctx, tx, "SELECT id FROM embedding_spaces ORDER BY id"+p.s.dialect.lock()); err != nil {
			return fmt.Errorf("lock embedding spaces: %w", err)
		}
		lacking, err := countBare(ctx, tx, id)
		if err != nil {
			return err
		}
		if lacking > 0 {
			return fault.Conflict.Errorf("%d chunks have no vector in %s yet", lacking, space.Name).Because("space_incomplete")
		}
		for _, statement := range []string{
			"UPDATE embedding_spaces SET serving = 0 WHERE serving = 1 AND id <> ?",
			"UPDATE embedding_spaces SET serving = 1 WHERE id = ?",
		} {
			if _, err := exec(ctx, tx, statement, id); err != nil {
				return fmt.Errorf("use embedding space %s: %w", space.Name, err)
			}
		}
		return insertEvents(ctx, tx, events...)
	})
}

// Remove implements document.Spaces. Embeddings go first: from the first one on, nobody can use the space.
func (p spaces) Remove(ctx context.Context, name string) (vectors int, err error) {
	var space, last int64
	for more := true; more; {
		err := p.s.write(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
			if space, err = removable(ctx, tx, name); err != nil {
				return err
			}
			ids, err := numbers(ctx, tx, "SELECT id FROM embeddings WHERE id > ? AND space_id = ? ORDER BY id LIMIT ?", last, space, sweepBatch)
			if more = len(ids) > 0; err != nil || !more {
				return err
			}
			last = ids[len(ids)-1]
			vectors += len(ids)
			_, err = tx.NewDelete().Table("embeddings").Where("id IN (?)", bun.List(ids)).Exec(ctx)
			return err
		})
		if err != nil {
			return vectors, fmt.Errorf("remove embedding space %s: %w", name, err)
		}
	}
	if err := p.s.engine.forget(ctx, space); err != nil {
		return vectors, err
	}
	return vectors, p.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := removable(ctx, tx, name); err != nil {
			return err
		}
		_, err := tx.NewDelete().Table("embedding_spaces").Where("id = ?", space).Exec(ctx)
		return err
	})
}

// removable returns the id of a space that may be removed, and keeps it from being used until tx ends.
func removable(ctx context.Context, tx bun.Tx, name string) (int64, error) {
	var id, serving int64
	err := queryRow(ctx, tx, "SELECT id, serving FROM embedding_spaces WHERE name = ?"+speaks(tx).lock(), name).Scan(&id, &serving)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, fault.NotFound.Errorf("there is no embedding space %s", name)
	case err != nil:
		return 0, err
	case serving == 1:
		return 0, fault.Conflict.Errorf("searches look in the embedding space %s", name).Because("space_serving")
	}
	return id, nil
}
