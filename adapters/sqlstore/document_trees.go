package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// UpdateTree implements document.Store.
func (ds documents) UpdateTree(
	ctx context.Context, s workspace.Scope, id document.ID, change func(d *document.Document) ([]event.Event, error),
) (stored document.Document, err error) {
	err = ds.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		old, d, err := ds.one(ctx, tx, s, id, liveDocument+ds.s.dialect.lock())
		if err != nil {
			return err
		}
		events, err := change(&d)
		if err != nil {
			return err
		}
		if stored, err = ds.rewrite(ctx, tx, old, d, events); err != nil {
			return err
		}
		for around := []document.ID{id}; len(around) > 0; {
			if around, err = ds.updateInside(ctx, tx, around, change); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return document.Document{}, err
	}
	return stored, nil
}

// updateInside changes what came out of the files of some documents, and returns the ids of it.
func (ds documents) updateInside(
	ctx context.Context, tx bun.Tx, around []document.ID, change func(d *document.Document) ([]event.Event, error),
) (ids []document.ID, err error) {
	for batch := range slices.Chunk(around, 500) {
		var rows []documentRow
		err := tx.NewRaw("SELECT * FROM documents WHERE parent_id IN (?) AND (deleted_at IS NULL OR blob_key <> '') ORDER BY id"+
			ds.s.dialect.lock(), bun.List(batch)).Scan(ctx, &rows)
		if err != nil {
			return nil, fmt.Errorf("read what came out of documents: %w", err)
		}
		for _, old := range rows {
			ids = append(ids, old.ID)
			d, err := old.document()
			if err != nil {
				return nil, err
			}
			events, err := change(&d)
			if err != nil {
				return nil, err
			}
			if len(events) == 0 {
				continue
			}
			if _, err := ds.rewrite(ctx, tx, old, d, events); err != nil {
				return nil, err
			}
		}
	}
	return ids, nil
}

// rewrite stores a changed document with the news of it. One that the change deletes leaves the index.
func (ds documents) rewrite(
	ctx context.Context, tx bun.Tx, old documentRow, d document.Document, events []event.Event,
) (document.Document, error) {
	row, err := rowOfDocument(d)
	if err != nil {
		return document.Document{}, err
	}
	row.fixed(old)
	if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
		return document.Document{}, ds.taken(ctx, fmt.Errorf("update document %s: %w", old.ID, err))
	}
	if old.DeletedAt == nil && row.DeletedAt != nil && row.Generation != nil {
		if err := retireFromIndex(ctx, tx, row.Workspace, *row.Generation); err != nil {
			return document.Document{}, err
		}
	}
	if err := insertEvents(ctx, tx, events...); err != nil {
		return document.Document{}, err
	}
	return row.document()
}

// Attach implements document.Pipeline.
func (p pipeline) Attach(
	ctx context.Context, l event.Lease, r document.Run, path string,
	change func(around document.Document, d *document.Document) ([]event.Event, error),
) error {
	return p.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := checkLease(ctx, tx, l, time.Time{}); err != nil {
			return err
		}
		around, err := p.around(ctx, tx, r)
		if err != nil {
			return err
		}
		var old documentRow
		err = tx.NewRaw("SELECT * FROM documents WHERE parent_id = ? AND inside_path = ? AND deleted_at IS NULL ORDER BY id LIMIT 1"+
			p.s.dialect.lock(), r.Document, path).Scan(ctx, &old)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look for %q inside of %s: %w", path, r.Document, err)
		}
		var d document.Document
		if old.ID != uuid.Nil {
			if d, err = old.document(); err != nil {
				return err
			}
		}
		events, err := change(around, &d)
		if err != nil || len(events) == 0 {
			return err
		}
		ds := documents(p)
		if old.ID != uuid.Nil {
			_, err = ds.rewrite(ctx, tx, old, d, events)
			return err
		}
		d.Workspace, d.Parent, d.Path = r.Workspace, r.Document, path
		return ds.insert(ctx, tx, d, events)
	})
}

// around reads and locks the document of a run that is going on.
func (p pipeline) around(ctx context.Context, tx bun.Tx, r document.Run) (document.Document, error) {
	var row documentRow
	err := tx.NewRaw("SELECT * FROM documents WHERE id = ? AND workspace_id = ? AND run = ? AND status = ? AND "+liveDocument+
		p.s.dialect.lock(), r.Document, r.Workspace, r.Number, document.Processing).Scan(ctx, &row)
	if err != nil {
		return document.Document{}, stopped(err, r)
	}
	return row.document()
}

// insert stores a new document with the news of it.
func (ds documents) insert(ctx context.Context, tx bun.Tx, d document.Document, events []event.Event) error {
	row, err := rowOfDocument(d)
	if err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return ds.taken(ctx, fmt.Errorf("insert document %s: %w", d.ID, err))
	}
	return insertEvents(ctx, tx, events...)
}
