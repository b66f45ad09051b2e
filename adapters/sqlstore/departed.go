package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
)

// departedRow is a row of departed.
type departedRow struct {
	bun.BaseModel `bun:"table:departed,alias:x"`

	Actor string `bun:"actor,pk"`
}

// depart notes that an actor is deleted, in the transaction that does so.
func depart(ctx context.Context, tx bun.Tx, owner string) error {
	_, err := tx.NewInsert().Model(&departedRow{Actor: owner}).On("CONFLICT (actor) DO NOTHING").Exec(ctx)
	if err != nil {
		return fmt.Errorf("note that %s is deleted: %w", owner, err)
	}
	return nil
}

// welcome returns chat.ErrLeft when nothing that the owner asks in the workspace is to be stored any more. Rows that decide are
// locked against deletion: whoever deletes them afterwards finds what this transaction writes, and removes it.
func (s *Store) welcome(ctx context.Context, tx bun.Tx, ws uuid.UUID, owner string) error {
	if known, active, err := s.active(ctx, tx, owner); err != nil || known && !active {
		return leftOr(err, owner)
	}
	var open []bool
	err := tx.NewRaw("SELECT archived_at IS NULL FROM workspaces WHERE id = ?"+s.dialect.lockShared(), ws).Scan(ctx, &open)
	if err != nil {
		return fmt.Errorf("read workspace %s: %w", ws, err)
	}
	if len(open) == 0 || !open[0] {
		return leftOr(nil, "workspace "+ws.String())
	}
	return nil
}

func leftOr(err error, who string) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", who, chat.ErrLeft)
}

// active says whether the database knows an actor, and if so, whether they are let in. It doesn't know the users and the keys of
// an embedder who keeps them elsewhere; those whom it knew and deleted it remembers.
func (s *Store) active(ctx context.Context, tx bun.Tx, owner string) (known, active bool, err error) {
	query, id := lookupOf(owner)
	if query == "" {
		return false, false, nil
	}
	var found []bool
	if err := tx.NewRaw(query+s.dialect.lockShared(), id).Scan(ctx, &found); err != nil {
		return false, false, fmt.Errorf("read %s: %w", owner, err)
	}
	if len(found) > 0 {
		return true, found[0], nil
	}
	// Looked up after the lock was waited for, so that a deletion which held it is seen.
	known, err = tx.NewSelect().Model((*departedRow)(nil)).Where("x.actor = ?", owner).Exists(ctx)
	if err != nil {
		return false, false, fmt.Errorf("look up whether %s is deleted: %w", owner, err)
	}
	return known, false, nil
}

// lookupOf is the query for whether an actor is let in; empty for those that have no row.
func lookupOf(owner string) (query string, id uuid.UUID) {
	kind, raw, _ := strings.Cut(owner, ":")
	id, err := uuid.Parse(raw)
	switch {
	case err != nil:
		return "", uuid.Nil
	case kind == string(identity.Person):
		return "SELECT active = 1 FROM users WHERE id = ?", id
	case kind == string(identity.ServiceActor):
		return "SELECT revoked_at IS NULL FROM api_keys WHERE id = ?", id
	}
	return "", uuid.Nil
}
