package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// feedbackRow is a row of feedback.
type feedbackRow struct {
	bun.BaseModel `bun:"table:feedback,alias:f"`

	Message   uuid.UUID `bun:"message_id,pk"`
	Owner     string    `bun:"owner,pk"`
	Vote      string    `bun:"vote"`
	Tags      string    `bun:"tags"`
	CreatedAt int64     `bun:"created_at"`
	UpdatedAt int64     `bun:"updated_at"`
	Comment   string    `bun:"comment"`
}

func (r feedbackRow) feedback() (chat.Feedback, error) {
	f := chat.Feedback{Vote: chat.Vote(r.Vote), Comment: r.Comment, CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt)}
	if err := json.Unmarshal([]byte(r.Tags), &f.Tags); err != nil {
		return f, fmt.Errorf("decode tags of feedback on %s: %w", r.Message, err)
	}
	return f, nil
}

// Rate implements chat.Store.
func (cs conversations) Rate(
	ctx context.Context, s workspace.Scope, owner string, p chat.Place, f chat.Feedback, events ...event.Event,
) (stored chat.Feedback, err error) {
	tags, err := json.Marshal(append([]string{}, f.Tags...))
	if err != nil {
		return chat.Feedback{}, fmt.Errorf("encode tags: %w", err)
	}
	row := feedbackRow{
		Message: p.Message, Owner: owner, Vote: string(f.Vote), Comment: storable(f.Comment), Tags: string(tags),
		CreatedAt: micros(f.CreatedAt), UpdatedAt: micros(f.UpdatedAt),
	}
	err = cs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := cs.ownAnswer(ctx, tx, s, owner, p); err != nil {
			return err
		}
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (message_id, owner) DO UPDATE").Set("vote = EXCLUDED.vote").
			Set("comment = EXCLUDED.comment").Set("tags = EXCLUDED.tags").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
		if err != nil {
			return fmt.Errorf("write feedback on %s: %w", p.Message, err)
		}
		if err := rateAnswer(ctx, tx, p.Message, f.Vote); err != nil {
			return err
		}
		if stored, err = rating(ctx, tx, owner, p.Message); err != nil {
			return err
		}
		return insertEvents(ctx, tx, events...)
	})
	return stored, err
}

// Rating implements chat.Store.
func (cs conversations) Rating(ctx context.Context, s workspace.Scope, owner string, p chat.Place) (f chat.Feedback, err error) {
	err = cs.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := cs.ownAnswer(ctx, tx, s, owner, p); err != nil {
			return err
		}
		f, err = rating(ctx, tx, owner, p.Message)
		return err
	})
	return f, err
}

func rating(ctx context.Context, tx bun.Tx, owner string, message uuid.UUID) (chat.Feedback, error) {
	var row feedbackRow
	err := tx.NewSelect().Model(&row).Where("f.message_id = ? AND f.owner = ?", message, owner).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return chat.Feedback{}, errNoFeedback()
	case err != nil:
		return chat.Feedback{}, fmt.Errorf("read feedback on %s: %w", message, err)
	}
	return row.feedback()
}

// Unrate implements chat.Store.
func (cs conversations) Unrate(ctx context.Context, s workspace.Scope, owner string, p chat.Place, events ...event.Event) error {
	return cs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := cs.ownAnswer(ctx, tx, s, owner, p); err != nil {
			return err
		}
		res, err := tx.NewDelete().Model((*feedbackRow)(nil)).Where("message_id = ? AND owner = ?", p.Message, owner).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete feedback on %s: %w", p.Message, err)
		}
		if n, err := rowCount(res); err != nil || n == 0 {
			return errors.Join(err, errNoFeedback())
		}
		if err := rateAnswer(ctx, tx, p.Message, ""); err != nil {
			return err
		}
		return insertEvents(ctx, tx, events...)
	})
}

// rateAnswer notes a vote in the record of the answer, if there still is one.
func rateAnswer(ctx context.Context, tx bun.Tx, message uuid.UUID, v chat.Vote) error {
	_, err := tx.NewUpdate().Model((*answerRow)(nil)).Set("rating = ?", string(v)).Where("id = ?", message).Exec(ctx)
	if err != nil {
		return fmt.Errorf("rate answer %s: %w", message, err)
	}
	return nil
}

// ownAnswer returns an error of kind fault.NotFound unless the place is an answer in a conversation of the owner's in the
// scope's workspace.
func (cs conversations) ownAnswer(ctx context.Context, tx bun.Tx, s workspace.Scope, owner string, p chat.Place) error {
	if _, err := cs.one(ctx, tx, s, owner, p.Conversation); err != nil {
		return err
	}
	own, err := tx.NewSelect().Table("messages").
		Where("id = ? AND conversation_id = ? AND role = ?", p.Message, p.Conversation, llm.RoleAssistant).Exists(ctx)
	if err != nil {
		return fmt.Errorf("find message %s: %w", p.Message, err)
	}
	if !own {
		return fault.NotFound.Errorf("there is no such answer")
	}
	return nil
}

func errNoFeedback() error { return fault.NotFound.Errorf("there is no feedback on this answer") }
