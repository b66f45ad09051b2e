package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// spaceRow is a row of embedding_spaces.
type spaceRow struct {
	bun.BaseModel `bun:"table:embedding_spaces,alias:es"`

	ID        int64  `bun:"id,pk,autoincrement"`
	Name      string `bun:"name"`
	Dimension int    `bun:"dimension"`
	Serving   int    `bun:"serving"`
}

// embeddingRow is a row of embeddings.
type embeddingRow struct {
	bun.BaseModel `bun:"table:embeddings,alias:e"`

	ID        int64  `bun:"id,pk,autoincrement"`
	Space     int64  `bun:"space_id"`
	Hash      []byte `bun:"hash"`
	CreatedAt int64  `bun:"created_at"`
	Vector    any    `bun:"vector"` // as the dialect wants it
}

// Missing implements document.Pipeline.
func (p pipeline) Missing(ctx context.Context, space llm.Space, hashes []document.Hash) (missing []document.Hash, err error) {
	err = p.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		missing, err = missingEmbeddings(ctx, tx, space, hashes, "")
		return err
	})
	return missing, err
}

// SaveEmbeddings implements document.Pipeline. fault.Conflict when the store knows the space with another dimension.
func (p pipeline) SaveEmbeddings(ctx context.Context, space llm.Space, es []document.Embedding, now time.Time) error {
	rows, hashes := make([]embeddingRow, len(es)), make([]document.Hash, len(es))
	for i, e := range es {
		hashes[i] = e.Hash
		if len(e.Vector) != space.Dimension {
			return fmt.Errorf("save embeddings: a vector has %d numbers, those of space %s have %d",
				len(e.Vector), space.Name, space.Dimension)
		}
		rows[i] = embeddingRow{Hash: es[i].Hash[:], CreatedAt: micros(now), Vector: p.s.dialect.vector(e.Vector)}
	}
	if len(rows) == 0 {
		return nil
	}
	list, err := hashesJSON(hashes)
	if err != nil {
		return err
	}
	return p.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		id, err := makeSpace(ctx, tx, space)
		if err != nil {
			return err
		}
		for i := range rows {
			rows[i].Space = id
		}
		vectors := bulk[embeddingRow]{
			head: "INSERT INTO embeddings (space_id, hash, created_at, vector)",
			tail: " ON CONFLICT (hash, space_id) DO NOTHING",
			values: func(e *embeddingRow, into []any) []any {
				return append(into, e.Space, e.Hash, e.CreatedAt, e.Vector)
			},
		}
		if err := vectors.insert(ctx, tx, rows); err != nil {
			return fmt.Errorf("save %d embeddings: %w", len(rows), err)
		}
		return p.s.dialect.keepEmbedded(ctx, tx, id, list)
	})
}

// missingEmbeddings returns those of the hashes that have no embedding in the space, in order, each once; lock is appended
// to the select.
func missingEmbeddings(
	ctx context.Context, tx bun.Tx, space llm.Space, hashes []document.Hash, lock string,
) ([]document.Hash, error) {
	id, err := findSpace(ctx, tx, space)
	if err != nil || len(hashes) == 0 {
		return nil, err
	}
	list, err := hashesJSON(hashes)
	if err != nil {
		return nil, err
	}
	d := speaks(tx)
	rows, err := query(ctx, tx, "SELECT hash FROM embeddings WHERE space_id = ? AND hash IN ("+d.members("?", ofHashes)+")"+
		lock, id, list)
	if err != nil {
		return nil, fmt.Errorf("look up %d embeddings: %w", len(hashes), err)
	}
	seen, err := scanHashes(rows)
	if err != nil {
		return nil, fmt.Errorf("look up %d embeddings: %w", len(hashes), err)
	}
	var missing []document.Hash
	for _, h := range hashes {
		if !seen[h] {
			seen[h] = true
			missing = append(missing, h)
		}
	}
	return missing, nil
}

// embeddedIn checks that there are embeddings of all the texts in all the spaces, and holds on to them until tx ends.
// document.ErrNotEmbedded otherwise.
func embeddedIn(ctx context.Context, tx bun.Tx, spaces []llm.Space, hashes []document.Hash) error {
	for _, space := range spaces {
		missing, err := missingEmbeddings(ctx, tx, space, hashes, speaks(tx).lockShared())
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			return document.ErrNotEmbedded
		}
	}
	return nil
}

// hashesJSON is a JSON list of hashes in hexadecimal digits, for dialect.members: a list of any length is one argument.
func hashesJSON(hashes []document.Hash) (string, error) {
	digits := make([]string, len(hashes))
	for i := range hashes {
		digits[i] = hex.EncodeToString(hashes[i][:])
	}
	list, err := json.Marshal(digits)
	if err != nil {
		return "", fmt.Errorf("encode %d hashes: %w", len(hashes), err)
	}
	return string(list), nil
}

func scanHashes(rows *sql.Rows) (_ map[document.Hash]bool, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	out := map[document.Hash]bool{}
	for rows.Next() {
		var raw sql.RawBytes
		if err := rows.Scan(&raw); err != nil {
			return nil, err
		}
		if len(raw) == len(document.Hash{}) {
			out[document.Hash(raw)] = true
		}
	}
	return out, rows.Err()
}

// findSpace returns the id of a space; 0, which no space has, when the store doesn't know it. fault.Conflict when it knows
// it with another dimension.
func findSpace(ctx context.Context, db bun.IDB, space llm.Space) (int64, error) {
	var row spaceRow
	err := db.NewSelect().Model(&row).Where("es.name = ?", space.Name).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("find embedding space %s: %w", space.Name, err)
	}
	return row.of(space)
}

// of returns the row's id, unless its vectors are others than those of the space.
func (r spaceRow) of(space llm.Space) (int64, error) {
	if r.Dimension != space.Dimension {
		return 0, fault.Conflict.Errorf("vectors of %s have %d numbers in the database, not %d",
			space.Name, r.Dimension, space.Dimension).Because(llm.ReasonDimension)
	}
	return r.ID, nil
}

// makeSpace is findSpace that makes the space when the store doesn't know it.
func makeSpace(ctx context.Context, tx bun.Tx, space llm.Space) (int64, error) {
	if id, err := findSpace(ctx, tx, space); err != nil || id != 0 {
		return id, err
	}
	row := spaceRow{Name: space.Name, Dimension: space.Dimension}
	if _, err := tx.NewInsert().Model(&row).On("CONFLICT (name) DO NOTHING").Exec(ctx); err != nil {
		return 0, fmt.Errorf("make embedding space %s: %w", space.Name, err)
	}
	return findSpace(ctx, tx, space) // somebody else may have made it, with another dimension
}
