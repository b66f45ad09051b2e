package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// messageRow is a row of messages.
type messageRow struct {
	bun.BaseModel `bun:"table:messages,alias:m"`

	No           int64     `bun:"no,pk,autoincrement"`
	ID           uuid.UUID `bun:"id"`
	Conversation uuid.UUID `bun:"conversation_id"`
	Role         llm.Role  `bun:"role"`
	Body         string    `bun:"body"`
	CreatedAt    int64     `bun:"created_at"`
	Citations    string    `bun:"citations"`
	Erased       int       `bun:"erased"`
}

// messageDocumentRow is a row of message_documents.
type messageDocumentRow struct {
	bun.BaseModel `bun:"table:message_documents,alias:md"`

	Message  uuid.UUID `bun:"message_id,pk"`
	Document uuid.UUID `bun:"document_id,pk"`
}

// citationJSON is a citation as it stands in messages.citations.
type citationJSON struct {
	Marker   int       `json:"n"`
	Document uuid.UUID `json:"d"`
	Title    string    `json:"t"`
	Chunk    uuid.UUID `json:"c"`
	Page     int       `json:"p,omitempty"`
	Start    int       `json:"s"`
	End      int       `json:"e"`
	Quote    string    `json:"q"`
	Score    float64   `json:"r"`
}

func rowOfMessage(conversation uuid.UUID, m chat.Message) (messageRow, error) {
	cs := make([]citationJSON, len(m.Citations))
	for i, c := range m.Citations {
		cs[i] = citationJSON{c.Marker, c.Document, c.Title, c.Chunk, c.Page, c.Span.Start, c.Span.End, c.Quote, c.Score}
	}
	raw, err := json.Marshal(cs)
	if err != nil {
		return messageRow{}, fmt.Errorf("encode citations of %s: %w", m.ID, err)
	}
	return messageRow{
		ID: m.ID, Conversation: conversation, Role: m.Role, Body: storable(m.Text), CreatedAt: micros(m.Time), Citations: string(raw),
	}, nil
}

func (r messageRow) message() (chat.Message, error) {
	m := chat.Message{ID: r.ID, Role: r.Role, Text: r.Body, Time: moment(r.CreatedAt), Erased: r.Erased != 0}
	var cs []citationJSON
	if err := json.Unmarshal([]byte(r.Citations), &cs); err != nil {
		return m, fmt.Errorf("decode citations of %s: %w", r.ID, err)
	}
	for _, c := range cs {
		m.Citations = append(m.Citations, chat.Citation{
			Marker: c.Marker, Document: c.Document, Title: c.Title, Chunk: c.Chunk, Page: c.Page,
			Span: text.Span{Start: c.Start, End: c.End}, Quote: c.Quote, Score: c.Score,
		})
	}
	return m, nil
}

// Messages implements chat.Store.
func (cs conversations) Messages(
	ctx context.Context, s workspace.Scope, owner string, conversation uuid.UUID, p chat.MessagePage,
) ([]chat.Message, error) {
	var rows []messageRow
	var sees sight
	err := cs.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := cs.one(ctx, tx, s, owner, conversation); err != nil || p.Limit <= 0 {
			return err
		}
		sel := tx.NewSelect().Model(&rows).Where("m.conversation_id = ?", conversation).OrderExpr("m.no DESC").Limit(int64(p.Limit))
		if p.Before != uuid.Nil {
			sel.Where("m.no < (SELECT b.no FROM messages AS b WHERE b.id = ? AND b.conversation_id = m.conversation_id)", p.Before)
		}
		if err := sel.Scan(ctx); err != nil {
			return fmt.Errorf("read messages of %s: %w", conversation, err)
		}
		var err error
		sees, err = sightOf(ctx, tx, s, rows)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	slices.Reverse(rows)
	out := make([]chat.Message, len(rows))
	for i, r := range rows {
		if out[i], err = r.message(); err != nil {
			return nil, err
		}
		sees.withhold(&out[i])
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
		var err error
		if messages[i], err = rowOfMessage(e.Conversation, m); err != nil {
			return err
		}
	}
	return cs.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := cs.s.welcome(ctx, tx, s.Workspace(), e.Owner); err != nil {
			return err
		}
		if err := cs.touch(ctx, tx, s, row, e.Continues); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&messages).Exec(ctx); err != nil {
			return fmt.Errorf("write messages of %s: %w", e.Conversation, err)
		}
		if err := insertAnswer(ctx, tx, s, e.Record); err != nil {
			return err
		}
		if err := cs.madeFrom(ctx, tx, messages[len(messages)-1].ID, e.Documents); err != nil {
			return err
		}
		return insertEvents(ctx, tx, events...)
	})
}

// touch makes the conversation, or has it be touched and named; one that is to be gone on with must be there.
func (cs conversations) touch(ctx context.Context, tx bun.Tx, s workspace.Scope, row conversationRow, continues bool) error {
	if continues { // locked: it isn't made anew should it be deleted at this moment
		var ids []uuid.UUID
		err := tx.NewRaw("SELECT id FROM conversations WHERE id = ?"+cs.s.dialect.lock(), row.ID).Scan(ctx, &ids)
		if err != nil {
			return fmt.Errorf("look up conversation %s: %w", row.ID, err)
		}
		if len(ids) == 0 {
			return errNoConversation()
		}
	}
	_, err := tx.NewInsert().Model(&row).On("CONFLICT (id) DO UPDATE").
		Set("updated_at = CASE WHEN v.updated_at < EXCLUDED.updated_at THEN EXCLUDED.updated_at ELSE v.updated_at END").
		Set("title = CASE WHEN v.title = '' THEN EXCLUDED.title ELSE v.title END").
		Where("v.workspace_id = EXCLUDED.workspace_id AND v.owner = EXCLUDED.owner").Exec(ctx)
	if err != nil {
		return fmt.Errorf("write conversation %s: %w", row.ID, err)
	}
	_, err = cs.one(ctx, tx, s, row.Owner, row.ID)
	return err
}

// madeFrom notes which documents a message was made from.
func (cs conversations) madeFrom(ctx context.Context, tx bun.Tx, message uuid.UUID, ids []document.ID) error {
	if len(ids) == 0 {
		return nil
	}
	ids = distinctIDs(ids)
	rows := make([]messageDocumentRow, len(ids))
	for i, id := range ids {
		rows[i] = messageDocumentRow{Message: message, Document: id}
	}
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("write documents of message %s: %w", message, err)
	}
	return cs.eraseLate(ctx, tx, ids)
}

// eraseLate is for documents that were purged while the answer was being written. They are not going to be purged again, so the
// words go at once; the lock keeps them from being purged until the words are where a purge finds them.
func (cs conversations) eraseLate(ctx context.Context, tx bun.Tx, ids []document.ID) error {
	if len(ids) == 0 {
		return nil
	}
	var purged []struct {
		ID   document.ID `bun:"id"`
		Gone bool        `bun:"gone"`
	}
	err := tx.NewRaw("SELECT id, deleted_at IS NOT NULL AND blob_key = '' AS gone FROM documents WHERE id IN (?) ORDER BY id "+
		cs.s.dialect.lock(), bun.List(ids)).Scan(ctx, &purged)
	if err != nil {
		return fmt.Errorf("look up documents of an answer: %w", err)
	}
	for _, d := range purged {
		if d.Gone {
			return eraseAnswers(ctx, tx, d.ID)
		}
	}
	return nil
}

// eraseMessages removes the words of all answers that were made from a document.
func eraseMessages(ctx context.Context, tx bun.Tx, id document.ID) error {
	_, err := tx.NewUpdate().Model((*messageRow)(nil)).Set("body = ''").Set("citations = '[]'").Set("erased = 1").
		Where("id IN (SELECT md.message_id FROM message_documents AS md WHERE md.document_id = ?)", id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("erase answers made from %s: %w", id, err)
	}
	return nil
}
