package sqlstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// sight says, for messages, which of the documents that they were made from a scope sees now.
type sight map[uuid.UUID]map[document.ID]bool

// sightOf finds out what a scope sees of the documents of messages. A document that is deleted is seen by nobody.
func sightOf(ctx context.Context, tx bun.Tx, s workspace.Scope, messages []messageRow) (sight, error) {
	if len(messages) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
	}
	var rows []struct {
		Message  uuid.UUID  `bun:"message_id"`
		Document uuid.UUID  `bun:"document_id"`
		Roles    *string    `bun:"allowed_roles"` // null: there is no such document
		Uploader *uuid.UUID `bun:"uploaded_by_user_id"`
	}
	err := tx.NewRaw(`SELECT md.message_id, md.document_id, d.allowed_roles, d.uploaded_by_user_id FROM message_documents AS md
		LEFT JOIN documents AS d ON d.id = md.document_id AND d.workspace_id = ? AND d.deleted_at IS NULL WHERE md.message_id IN (?)`,
		s.Workspace(), bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("look up documents of messages: %w", err)
	}
	out := sight{}
	for _, r := range rows {
		if out[r.Message] == nil {
			out[r.Message] = map[document.ID]bool{}
		}
		if r.Roles == nil {
			out[r.Message][r.Document] = false
			continue
		}
		var roles []identity.Role
		if err := unmarshalList(*r.Roles, &roles); err != nil {
			return nil, fmt.Errorf("allowed roles of document %s: %w", r.Document, err)
		}
		out[r.Message][r.Document] = s.Sees(roles, value(r.Uploader))
	}
	return out, nil
}

// Sees implements chat.Store.
func (cs conversations) Sees(ctx context.Context, s workspace.Scope, ids []document.ID) (bool, error) {
	if ids = distinctIDs(ids); len(ids) == 0 {
		return true, nil
	}
	var rows []struct {
		ID       document.ID `bun:"id"`
		Roles    string      `bun:"allowed_roles"`
		Uploader *uuid.UUID  `bun:"uploaded_by_user_id"`
	}
	err := cs.s.reader.NewRaw(`SELECT id, allowed_roles, uploaded_by_user_id FROM documents
		WHERE workspace_id = ? AND deleted_at IS NULL AND id IN (?)`, s.Workspace(), bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return false, fmt.Errorf("look up documents of an answer: %w", err)
	}
	for _, r := range rows {
		var roles []identity.Role
		if err := unmarshalList(r.Roles, &roles); err != nil {
			return false, fmt.Errorf("allowed roles of document %s: %w", r.ID, err)
		}
		if !s.Sees(roles, value(r.Uploader)) {
			return false, nil
		}
	}
	return len(rows) == len(ids), nil
}

// withhold takes the words out of a message that was made from something unseen. What a citation points at must be known to be
// seen.
func (v sight) withhold(m *chat.Message) {
	if m.Erased {
		return
	}
	sees := v[m.ID]
	for _, seen := range sees {
		m.Withheld = m.Withheld || !seen
	}
	for i, c := range m.Citations {
		if !sees[c.Document] {
			m.Withheld, m.Citations[i] = true, chat.Citation{Marker: c.Marker, Document: c.Document, Withheld: true}
		}
	}
	if m.Withheld {
		m.Text = ""
	}
}
