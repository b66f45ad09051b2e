package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Janitor returns what removes things that are no longer needed.
func (s *Store) Janitor() document.Janitor { return janitor{s} }

type janitor struct{ s *Store }

var _ document.Janitor = janitor{}

// Purge implements document.Janitor. Entries of the index were retired with the document; Compact removes them. Should the
// caller die before it deleted the blob, nobody uses that any more, and the sweep of blobs finds it.
func (j janitor) Purge(ctx context.Context, ws workspace.ID, id document.ID, deletedBy time.Time) (blob string, err error) {
	err = j.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		err := tx.NewRaw("SELECT blob_key FROM documents WHERE id = ? AND workspace_id = ? AND deleted_at <= ? "+
			j.s.dialect.lock(), id, ws, micros(deletedBy)).Scan(ctx, &blob)
		if errors.Is(err, sql.ErrNoRows) {
			return errNoDocument()
		}
		if err != nil {
			return fmt.Errorf("read deleted document %s: %w", id, err)
		}
		var generations []int64
		if err := tx.NewRaw("SELECT id FROM generations WHERE document_id = ?", id).Scan(ctx, &generations); err != nil {
			return fmt.Errorf("find generations of %s: %w", id, err)
		}
		for _, g := range generations {
			if err := purgeGeneration(ctx, tx, g); err != nil {
				return err
			}
		}
		if err := forgetContexts(ctx, tx, id); err != nil {
			return err
		}
		if err := eraseAnswers(ctx, tx, id); err != nil {
			return err
		}
		_, err = tx.NewUpdate().Table("documents").Set("blob_key = ''").Set("generation_id = NULL").Set("language = ''").
			Set("page_count = 0").Set("chunk_count = 0").Set("properties = '{}'").Where("id = ?", id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("strip document %s: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return blob, nil
}

// purgeGeneration removes a generation with its chunks and the embeddings that no other chunk uses, in whatever space.
func purgeGeneration(ctx context.Context, tx bun.Tx, generation int64) error {
	first, last := chunkNo(generation, 0), chunkNo(generation, maxOrdinal)
	// Locked at first: whoever is about to use one of them is waited for, and then seen by the deletion.
	lock := speaks(tx).lock()
	_, err := numbers(ctx, tx, "SELECT id FROM embeddings WHERE hash IN (SELECT embedded FROM chunks WHERE no BETWEEN ? AND ?)"+
		" ORDER BY id"+lock, first, last)
	if err != nil {
		return fmt.Errorf("lock embeddings of generation %d: %w", generation, err)
	}
	_, err = tx.NewRaw(`DELETE FROM embeddings WHERE hash IN (SELECT embedded FROM chunks WHERE no BETWEEN ? AND ?)
		AND NOT EXISTS (SELECT 1 FROM chunks AS c WHERE c.embedded = embeddings.hash AND c.no NOT BETWEEN ? AND ?)`,
		first, last, first, last).Exec(ctx)
	if err != nil {
		return fmt.Errorf("delete embeddings of generation %d: %w", generation, err)
	}
	return deleteGeneration(ctx, tx, generation)
}

// Compact implements document.Janitor.
func (j janitor) Compact(ctx context.Context, ws workspace.ID) error {
	return errors.Join(j.s.compactIndex(ctx, ws), j.s.engine.tend(ctx, ws))
}

// sweepBatch is how many embeddings one transaction of a sweep removes, so that other writers get their turn.
const sweepBatch = 500

// Sweep implements document.Janitor. What to remove is found without holding up writers and checked again on removing.
func (j janitor) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	// The inner query runs over two indexes alone; rows, with their vectors, are touched only where it finds something.
	var ids []int64
	err = j.s.reader.NewRaw(`WITH orphans AS MATERIALIZED (
			SELECT e.id FROM embeddings AS e WHERE NOT EXISTS (SELECT 1 FROM chunks AS c WHERE c.embedded = e.hash))
		SELECT e.id FROM orphans AS o JOIN embeddings AS e ON e.id = o.id WHERE e.created_at < ?`,
		micros(before)).Scan(ctx, &ids)
	if err != nil {
		return 0, j.s.classify(ctx, fmt.Errorf("find embeddings that no chunk uses: %w", err))
	}
	for batch := range slices.Chunk(ids, sweepBatch) {
		err := j.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
			var locked []int64
			err := tx.NewRaw("SELECT id FROM embeddings WHERE id IN (?) ORDER BY id"+j.s.dialect.lock(), bun.List(batch)).Scan(ctx, &locked)
			if err != nil {
				return fmt.Errorf("lock embeddings: %w", err)
			}
			res, err := tx.NewRaw(`DELETE FROM embeddings WHERE id IN (?)
				AND NOT EXISTS (SELECT 1 FROM chunks AS c WHERE c.embedded = embeddings.hash)`, bun.List(batch)).Exec(ctx)
			if err != nil {
				return fmt.Errorf("delete embeddings: %w", err)
			}
			n, err := rowCount(res)
			removed += n
			return err
		})
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// BlobInUse implements document.Janitor.
func (j janitor) BlobInUse(ctx context.Context, key string) (bool, error) {
	if key == "" {
		return false, nil // that is how a document without a blob is stored
	}
	used, err := j.s.reader.NewSelect().Table("documents").Where("blob_key = ?", key).Exists(ctx)
	return used, j.s.classify(ctx, err)
}
