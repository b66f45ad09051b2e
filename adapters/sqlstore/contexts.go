package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
)

// contextRow is a row of chunk_contexts.
type contextRow struct {
	bun.BaseModel `bun:"table:chunk_contexts,alias:cc"`

	Document  uuid.UUID `bun:"document_id,pk"`
	Key       []byte    `bun:"key,pk"`
	CreatedAt int64     `bun:"created_at"`
	Body      string    `bun:"body"`
}

// Contexts implements document.Pipeline. Those of the visible generation stand with its chunks, later ones by themselves.
func (p pipeline) Contexts(ctx context.Context, id document.ID) (map[document.Hash]string, error) {
	out := map[document.Hash]string{}
	err := p.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		generations, err := numbers(ctx, tx, "SELECT id FROM generations WHERE document_id = ?", id)
		if err != nil {
			return err
		}
		for _, g := range generations {
			var rows []chunkRow
			of := spanOf(g)
			err := tx.NewSelect().Model(&rows).Column("context_key", "context").
				Where("no BETWEEN ? AND ?", of.first, of.last).Where("context_key IS NOT NULL").Scan(ctx)
			if err != nil {
				return err
			}
			for _, r := range rows {
				keepContext(out, r.ContextKey, r.Context)
			}
		}
		var rows []contextRow
		if err := tx.NewSelect().Model(&rows).Column("key", "body").Where("document_id = ?", id).Scan(ctx); err != nil {
			return err
		}
		for _, r := range rows {
			keepContext(out, r.Key, r.Body)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read contexts of document %s: %w", id, err)
	}
	return out, nil
}

func keepContext(into map[document.Hash]string, key []byte, body string) {
	if len(key) == len(document.Hash{}) {
		into[document.Hash(key)] = body
	}
}

// SaveContexts implements document.Pipeline.
func (p pipeline) SaveContexts(
	ctx context.Context, l event.Lease, r document.Run, cs []document.Context, now time.Time,
) error {
	if len(cs) == 0 {
		return nil
	}
	rows := make([]contextRow, len(cs))
	for i, c := range cs {
		rows[i] = contextRow{Document: r.Document, Key: cs[i].Key[:], CreatedAt: micros(now), Body: storable(c.Text)}
	}
	return p.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := checkLease(ctx, tx, l, now); err != nil {
			return err
		}
		// Deleting waits for us, or has been: nothing is left behind of a document that is gone.
		if _, err := p.visible(ctx, tx, r); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&rows).On("CONFLICT (document_id, key) DO NOTHING").Exec(ctx); err != nil {
			return fmt.Errorf("save %d contexts: %w", len(rows), err)
		}
		return nil
	})
}

// forgetContexts removes the contexts of a document that stand by themselves.
func forgetContexts(ctx context.Context, tx bun.Tx, id document.ID) error {
	if _, err := tx.NewDelete().Table("chunk_contexts").Where("document_id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("forget contexts of document %s: %w", id, err)
	}
	return nil
}
