package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Conversations returns the conversations.
func (s *Store) Conversations() chat.Store { return conversations{s} }

type conversations struct{ s *Store }

var _ chat.Store = conversations{}

// conversationRow is a row of conversations.
type conversationRow struct {
	bun.BaseModel `bun:"table:conversations,alias:v"`

	ID        uuid.UUID `bun:"id,pk"`
	Workspace uuid.UUID `bun:"workspace_id"`
	Owner     string    `bun:"owner"`
	Title     string    `bun:"title"`
	CreatedAt int64     `bun:"created_at"`
	UpdatedAt int64     `bun:"updated_at"`
}

func (r conversationRow) conversation() chat.Conversation {
	return chat.Conversation{
		ID: r.ID, Workspace: r.Workspace, Owner: r.Owner, Title: r.Title, CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt),
	}
}

// Create implements chat.Store.
func (cs conversations) Create(ctx context.Context, s workspace.Scope, c chat.Conversation, events ...event.Event) error {
	row := conversationRow{
		ID: c.ID, Workspace: s.Workspace(), Owner: c.Owner, Title: storable(c.Title), CreatedAt: micros(c.CreatedAt), UpdatedAt: micros(c.UpdatedAt),
	}
	return cs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := cs.s.welcome(ctx, tx, s.Workspace(), c.Owner); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return fmt.Errorf("write conversation %s: %w", c.ID, err)
		}
		return insertEvents(ctx, tx, events...)
	})
}

// List implements chat.Store.
func (cs conversations) List(ctx context.Context, s workspace.Scope, owner string, p chat.Page) ([]chat.Conversation, error) {
	if p.Limit <= 0 {
		return nil, nil
	}
	var rows []conversationRow
	sel := cs.s.reader.NewSelect().Model(&rows).Where("v.workspace_id = ? AND v.owner = ?", s.Workspace(), owner).
		OrderExpr("v.updated_at DESC, v.id DESC").Limit(int64(p.Limit))
	if p.After != (chat.Position{}) {
		sel.Where("(v.updated_at, v.id) < (?, ?)", micros(p.After.UpdatedAt), p.After.ID)
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, cs.s.classify(ctx, fmt.Errorf("list conversations: %w", err))
	}
	out := make([]chat.Conversation, len(rows))
	for i, r := range rows {
		out[i] = r.conversation()
	}
	return out, nil
}

// Conversation implements chat.Store.
func (cs conversations) Conversation(ctx context.Context, s workspace.Scope, owner string, id uuid.UUID) (chat.Conversation, error) {
	row, err := cs.one(ctx, cs.s.reader, s, owner, id)
	return row.conversation(), cs.s.classify(ctx, err)
}

func (cs conversations) one(
	ctx context.Context, db bun.IDB, s workspace.Scope, owner string, id uuid.UUID,
) (row conversationRow, err error) {
	err = db.NewSelect().Model(&row).Where("v.id = ? AND v.workspace_id = ? AND v.owner = ?", id, s.Workspace(), owner).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return row, errNoConversation()
	case err != nil:
		return row, fmt.Errorf("read conversation %s: %w", id, err)
	}
	return row, nil
}

func errNoConversation() error { return fault.NotFound.Errorf("there is no such conversation") }

// Rename implements chat.Store. A conversation is never touched earlier than before.
func (cs conversations) Rename(
	ctx context.Context, s workspace.Scope, c chat.Conversation, events ...event.Event,
) (renamed chat.Conversation, err error) {
	err = cs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		at := micros(c.UpdatedAt)
		_, err := tx.NewUpdate().Model((*conversationRow)(nil)).Set("title = ?", storable(c.Title)).
			Set("updated_at = CASE WHEN updated_at < ? THEN ? ELSE updated_at END", at, at).
			Where("id = ? AND workspace_id = ? AND owner = ?", c.ID, s.Workspace(), c.Owner).Exec(ctx)
		if err != nil {
			return fmt.Errorf("rename conversation %s: %w", c.ID, err)
		}
		row, err := cs.one(ctx, tx, s, c.Owner, c.ID)
		if err != nil {
			return err
		}
		renamed = row.conversation()
		return insertEvents(ctx, tx, events...)
	})
	return renamed, err
}

// Delete implements chat.Store.
func (cs conversations) Delete(ctx context.Context, s workspace.Scope, owner string, id uuid.UUID, events ...event.Event) error {
	return cs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewDelete().Model((*conversationRow)(nil)).
			Where("id = ? AND workspace_id = ? AND owner = ?", id, s.Workspace(), owner).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete conversation %s: %w", id, err)
		}
		if n, err := rowCount(res); err != nil || n == 0 {
			return errors.Join(err, errNoConversation())
		}
		return insertEvents(ctx, tx, events...)
	})
}
