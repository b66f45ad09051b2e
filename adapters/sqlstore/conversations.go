package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
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

// messageRow is a row of messages.
type messageRow struct {
	bun.BaseModel `bun:"table:messages,alias:m"`

	No           int64     `bun:"no,pk,autoincrement"`
	ID           uuid.UUID `bun:"id"`
	Conversation uuid.UUID `bun:"conversation_id"`
	Role         llm.Role  `bun:"role"`
	Body         string    `bun:"body"`
	CreatedAt    int64     `bun:"created_at"`
}

func (r messageRow) message() chat.Message {
	return chat.Message{ID: r.ID, Role: r.Role, Text: r.Body, Time: moment(r.CreatedAt)}
}

// Messages implements chat.Store.
func (cs conversations) Messages(
	ctx context.Context, s workspace.Scope, owner string, conversation uuid.UUID, limit int,
) ([]chat.Message, error) {
	var rows []messageRow
	err := cs.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := ownConversation(ctx, tx, s, owner, conversation); err != nil || limit <= 0 {
			return err
		}
		err := tx.NewSelect().Model(&rows).Where("m.conversation_id = ?", conversation).
			OrderExpr("m.no DESC").Limit(int64(limit)).Scan(ctx)
		if err != nil {
			return fmt.Errorf("read messages of %s: %w", conversation, err)
		}
		return nil
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	slices.Reverse(rows)
	out := make([]chat.Message, len(rows))
	for i, r := range rows {
		out[i] = r.message()
	}
	return out, nil
}

// Append implements chat.Store. The conversation is as old as its first message and was last touched with its last one.
func (cs conversations) Append(ctx context.Context, s workspace.Scope, e chat.Exchange, events ...event.Event) error {
	if len(e.Messages) == 0 {
		return errors.New("append to a conversation: there are no messages")
	}
	row := conversationRow{
		ID: e.Conversation, Workspace: s.Workspace(), Owner: e.Owner, Title: storable(e.Title),
		CreatedAt: micros(e.Messages[0].Time), UpdatedAt: micros(e.Messages[len(e.Messages)-1].Time),
	}
	messages := make([]messageRow, len(e.Messages))
	for i, m := range e.Messages {
		messages[i] = messageRow{ID: m.ID, Conversation: e.Conversation, Role: m.Role, Body: storable(m.Text), CreatedAt: micros(m.Time)}
	}
	return cs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (id) DO UPDATE").
			Set("updated_at = CASE WHEN v.updated_at < EXCLUDED.updated_at THEN EXCLUDED.updated_at ELSE v.updated_at END").
			Where("v.workspace_id = EXCLUDED.workspace_id AND v.owner = EXCLUDED.owner").Exec(ctx)
		if err != nil {
			return fmt.Errorf("write conversation %s: %w", e.Conversation, err)
		}
		if err := ownConversation(ctx, tx, s, e.Owner, e.Conversation); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&messages).Exec(ctx); err != nil {
			return fmt.Errorf("write messages of %s: %w", e.Conversation, err)
		}
		return insertEvents(ctx, tx, events...)
	})
}

// ownConversation returns an error of kind fault.NotFound unless the owner has the conversation in the scope's workspace.
func ownConversation(ctx context.Context, tx bun.Tx, s workspace.Scope, owner string, id uuid.UUID) error {
	own, err := tx.NewSelect().Table("conversations").
		Where("id = ? AND workspace_id = ? AND owner = ?", id, s.Workspace(), owner).Exists(ctx)
	if err != nil {
		return fmt.Errorf("find conversation %s: %w", id, err)
	}
	if !own {
		return fault.NotFound.Errorf("there is no such conversation")
	}
	return nil
}
