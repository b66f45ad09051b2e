package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Documents returns the documents, for people.
func (s *Store) Documents() document.Store { return documents{s} }

type documents struct{ s *Store }

var _ document.Store = documents{}

// Create implements document.Store.
func (ds documents) Create(
	ctx context.Context, d document.Document, events ...event.Event,
) (stored document.Document, created bool, err error) {
	row, err := rowOfDocument(d)
	if err != nil {
		return document.Document{}, false, err
	}
	err = ds.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if there, err := known(ctx, tx, &row); err != nil || there {
			return err
		}
		res, err := tx.NewInsert().Model(&row).On("CONFLICT DO NOTHING").Exec(ctx)
		if err != nil {
			return fmt.Errorf("insert document %s: %w", d.ID, err)
		}
		n, err := rowCount(res)
		if err != nil {
			return err
		}
		if created = n == 1; created {
			return insertEvents(ctx, tx, events...)
		}
		there, err := known(ctx, tx, &row) // somebody was faster
		if err == nil && !there {
			err = fault.Busy.Errorf("the document was brought and deleted meanwhile; try again")
		}
		return err
	})
	if err != nil {
		return document.Document{}, false, err
	}
	stored, err = row.document()
	return stored, created, err
}

// known looks for the live document that is what row wants to be, and if there is one, puts it into row.
func known(ctx context.Context, tx bun.Tx, row *documentRow) (bool, error) {
	find := func(by string, value string) (bool, error) {
		var found []documentRow
		err := tx.NewSelect().Model(&found).Where("d.workspace_id = ?", row.Workspace).Where("d.deleted_at IS NULL").
			Where(by, value).OrderExpr(fewBy(tx, "d.created_at") + ", d.id").Limit(1).Scan(ctx)
		if err != nil {
			return false, fmt.Errorf("look for document %s: %w", row.ID, err)
		}
		if len(found) == 1 {
			*row = found[0]
		}
		return len(found) == 1, nil
	}
	if row.ExternalID == "" {
		return find("d.content_hash = ?", row.Hash)
	}
	if there, err := find("d.external_id = ?", row.ExternalID); err != nil || there {
		return there, err
	}
	return find("d.external_id = '' AND d.content_hash = ?", row.Hash)
}

// Document implements document.Store.
func (ds documents) Document(ctx context.Context, s workspace.Scope, id document.ID) (document.Document, error) {
	_, d, err := ds.one(ctx, ds.s.reader, s, id, liveDocument)
	return d, ds.s.classify(ctx, err)
}

// The conditions on documents that one can be asked for.
const (
	liveDocument    = "deleted_at IS NULL "
	deletedDocument = "deleted_at IS NOT NULL AND blob_key <> '' "
)

// one reads a document that the scope sees, on this condition, to which a lock may be appended.
func (ds documents) one(
	ctx context.Context, db bun.IDB, s workspace.Scope, id document.ID, condition string,
) (documentRow, document.Document, error) {
	var row documentRow
	err := db.NewRaw("SELECT * FROM documents WHERE id = ? AND workspace_id = ? AND "+condition,
		id, s.Workspace()).Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return row, document.Document{}, errNoDocument()
	}
	if err != nil {
		return row, document.Document{}, fmt.Errorf("read document %s: %w", id, err)
	}
	d, err := row.document()
	if err != nil {
		return row, document.Document{}, err
	}
	if !s.Sees(d.AllowedRoles, d.Uploader) {
		return row, document.Document{}, fault.Denied.Errorf("you may not see this document")
	}
	return row, d, nil
}

func errNoDocument() error { return fault.NotFound.Errorf("there is no such document") }

// Update implements document.Store. What change does to the id, the workspace, the time of making and the outcome has no
// effect.
func (ds documents) Update(
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
		stored, err = ds.rewrite(ctx, tx, old, d, events)
		return err
	})
	if err != nil {
		return document.Document{}, err
	}
	return stored, nil
}

// Restore implements document.Store.
func (ds documents) Restore(
	ctx context.Context, s workspace.Scope, id document.ID, change func(d *document.Document) ([]event.Event, error),
) (stored document.Document, err error) {
	err = ds.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		old, d, err := ds.one(ctx, tx, s, id, deletedDocument+ds.s.dialect.lock())
		if err != nil {
			return err
		}
		events, err := change(&d)
		if err != nil {
			return err
		}
		d.DeletedAt = time.Time{}
		row, err := rowOfDocument(d)
		if err != nil {
			return err
		}
		row.fixed(old)
		if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
			return ds.taken(ctx, fmt.Errorf("restore document %s: %w", id, err))
		}
		if row.Generation != nil {
			if err := restoreToIndex(ctx, tx, row.Workspace, *row.Generation); err != nil {
				return err
			}
		}
		if stored, err = row.document(); err != nil {
			return err
		}
		return insertEvents(ctx, tx, events...)
	})
	return stored, err
}

// taken says in the caller's words that the content of a document is there already.
func (ds documents) taken(ctx context.Context, err error) error {
	err = ds.s.classify(ctx, err)
	if errors.Is(err, fault.Conflict) {
		return fault.Conflict.Wrap(err, "the workspace has another document with this content or external id")
	}
	return err
}

// Text implements document.Store.
func (ds documents) Text(ctx context.Context, s workspace.Scope, id document.ID) (text.Text, error) {
	var out text.Text
	err := ds.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		row, _, err := ds.one(ctx, tx, s, id, liveDocument)
		if err != nil {
			return err
		}
		if row.Generation == nil {
			return fault.NotFound.Errorf("this document has no text yet")
		}
		var g generationRow
		if err := tx.NewSelect().Model(&g).Where("g.id = ?", *row.Generation).Scan(ctx); err != nil {
			return fmt.Errorf("read text of %s: %w", id, err)
		}
		out.Body = g.Body
		out.Pages, err = decodePages(g.Pages)
		return err
	})
	if err != nil {
		return text.Text{}, err
	}
	return out, nil
}

// List implements document.Store.
func (ds documents) List(ctx context.Context, s workspace.Scope, q document.Query) ([]document.Document, error) {
	if q.Limit <= 0 {
		return nil, nil
	}
	var rows []documentRow
	sel := ds.s.reader.NewSelect().Model(&rows).ExcludeColumn("search_key").
		Where("d.workspace_id = ?", s.Workspace()).
		Limit(int64(q.Limit)).Offset(int64(max(q.Offset, 0)))
	if err := orderDocuments(sel, q); err != nil {
		return nil, err
	}
	ds.s.seen(sel, s)
	ds.choose(sel, q)
	if err := sel.Scan(ctx); err != nil {
		return nil, ds.s.classify(ctx, fmt.Errorf("list documents: %w", err))
	}
	out := make([]document.Document, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.document(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// seen narrows a select from documents as d to what the scope sees. It is workspace.Scope.Sees in SQL.
func (s *Store) seen(q *bun.SelectQuery, scope workspace.Scope) {
	if scope.SeesAll() {
		return
	}
	q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		q.Where("d.allowed_roles = '[]'")
		if role := scope.Role(); role != "" { // in a list of roles, the name in quotes is nothing but that role
			q.WhereOr(s.dialect.contains("d.allowed_roles", "?"), `"`+string(role)+`"`)
		}
		if scope.User() != uuid.Nil {
			q.WhereOr("d.uploaded_by_user_id = ?", scope.User())
		}
		return q
	})
}

// choose narrows a select from documents as d to what the query asks for.
func (ds documents) choose(sel *bun.SelectQuery, q document.Query) {
	if q.Deleted {
		sel.Where("d.deleted_at IS NOT NULL").Where("d.blob_key <> ''")
	} else {
		sel.Where("d.deleted_at IS NULL")
	}
	if q.Status != "" {
		sel.Where("d.status = ?", q.Status)
	}
	if q.Parent != uuid.Nil {
		sel.Where("d.parent_id = ?", q.Parent)
	}
	if q.Source != "" {
		sel.Where("d.source = ?", q.Source)
	}
	if q.ExternalID != "" {
		sel.Where("d.external_id = ?", q.ExternalID)
	}
	if q.Tag != "" {
		sel.Where("? IN ("+ds.s.dialect.members("d.tags", ofWords)+")", q.Tag)
	}
	if q.Text != "" {
		sel.Where("("+ds.s.dialect.contains("d.title_key", "?")+" OR "+ds.s.dialect.contains("d.search_key", "?")+")",
			strings.ToLower(q.Text), searchable(q.Text))
	}
}

// fewBy is a column by which to sort what few documents have: they are looked up, instead of walking through all documents of a
// workspace in that order, which SQLite takes for the shorter way.
func fewBy(db bun.IDB, column string) string { return speaks(db).unindexed(column) }

// orderDocuments puts a select from documents as d into the wanted order, after the place where the page before ended.
func orderDocuments(sel *bun.SelectQuery, q document.Query) error {
	var key, direction, beyond string
	var place any = micros(q.After.CreatedAt)
	switch q.Sort {
	case document.NewestFirst, "":
		key, direction, beyond = "d.created_at", "DESC", "<"
	case document.OldestFirst:
		key, direction, beyond = "d.created_at", "ASC", ">"
	case document.TitleUp:
		key, direction, beyond, place = "d.title_key", "ASC", ">", strings.ToLower(q.After.Title)
	case document.TitleDown:
		key, direction, beyond, place = "d.title_key", "DESC", "<", strings.ToLower(q.After.Title)
	default:
		return fault.Field("sort", "is none of the orders")
	}
	if q.Parent != uuid.Nil || q.ExternalID != "" {
		key = fewBy(sel.DB(), key)
	}
	if q.After != (document.Cursor{}) {
		sel.Where("("+key+", d.id) "+beyond+" (?, ?)", place, q.After.ID)
	}
	sel.OrderExpr(key + " " + direction + ", d.id " + direction)
	return nil
}
