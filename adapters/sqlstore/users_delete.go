package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
)

// Delete implements identity.Users. Memberships go by their foreign key; so does the owner of archived workspaces.
func (us users) Delete(ctx context.Context, id uuid.UUID, decide func(identity.Leaving) ([]event.Event, error)) error {
	return us.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var l identity.Leaving
		var err error
		if l.Others, err = us.lockAdmins(ctx, tx, id); err != nil {
			return err
		}
		if l.User, err = us.one(ctx, tx, "id = ?", id); err != nil {
			return err
		}
		owned, err := tx.NewSelect().Table("workspaces").Where("owner_user_id = ? AND archived_at IS NULL", id).Count(ctx)
		if err != nil {
			return fmt.Errorf("count the workspaces of user %s: %w", id, err)
		}
		l.Workspaces = int(owned)
		events, err := decide(l)
		if err != nil {
			return err
		}
		owners, err := us.forget(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := anonymise(ctx, tx, l.User, owners); err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model((*userRow)(nil)).Where("id = ?", id).Exec(ctx); err != nil {
			return fmt.Errorf("delete user %s: %w", id, err)
		}
		return insertEvents(ctx, tx, events...)
	})
}

// forget removes what hangs on a user without a foreign key, and returns who is deleted: the user, and the API keys that they made.
func (us users) forget(ctx context.Context, tx bun.Tx, id uuid.UUID) (owners []string, err error) {
	who := identity.Actor{Kind: identity.Person, User: id}.String()
	var keys []uuid.UUID
	err = tx.NewRaw("SELECT id FROM api_keys WHERE created_by = ? ORDER BY id"+us.s.dialect.lock(), who).Scan(ctx, &keys)
	if err != nil {
		return nil, fmt.Errorf("read the keys of user %s: %w", id, err)
	}
	owners = []string{who}
	for _, k := range keys {
		owners = append(owners, identity.Actor{Kind: identity.ServiceActor, Key: k.String()}.String())
	}
	for _, owner := range owners {
		if _, err := forgetOwner(ctx, tx, owner); err != nil {
			return nil, err
		}
		if err := forgetRequests(ctx, tx, owner); err != nil {
			return nil, err
		}
		if err := depart(ctx, tx, owner); err != nil {
			return nil, err
		}
	}
	if _, err := tx.NewDelete().Model((*keyRow)(nil)).Where("created_by = ?", who).Exec(ctx); err != nil {
		return nil, fmt.Errorf("delete the keys of user %s: %w", id, err)
	}
	_, err = tx.NewUpdate().Table("documents").Set("uploaded_by_user_id = NULL").Where("uploaded_by_user_id = ?", id).Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("make the uploads of user %s anonymous: %w", id, err)
	}
	return owners, nil
}

// anonymise takes out of the trail what would tell the e-mail address of a user, or where they were when they signed in, tried to, or
// were denied something: they or one of their keys.
func anonymise(ctx context.Context, tx bun.Tx, u identity.User, owners []string) error {
	var rows []eventRow
	err := tx.NewSelect().Model(&rows).Column("id", "data").
		Where(`e.workspace_id IS NULL AND e.subject = ? AND e.data LIKE '%"email%'`, u.ID.String()).
		WhereOr(`e.name IN (?) AND (e.subject = ? OR e.actor IN (?) OR e.data LIKE ?)`,
			bun.List([]string{"auth.login", "auth.login_failed", "access.denied"}), u.ID.String(), bun.List(owners), "%"+u.EmailDigest()+"%").
		Scan(ctx)
	if err != nil {
		return fmt.Errorf("read events about user %s: %w", u.ID, err)
	}
	for _, r := range rows {
		if err := r.withoutPerson(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// withoutPerson takes what tells who a person is, or where, out of the data of an event.
func (r eventRow) withoutPerson(ctx context.Context, tx bun.Tx) error {
	var data map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.Data), &data); err != nil {
		return fmt.Errorf("decode event %s: %w", r.ID, err)
	}
	for _, name := range []string{"email", "email_sha256", "from"} {
		delete(data, name)
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", r.ID, err)
	}
	if _, err := tx.NewUpdate().Model((*eventRow)(nil)).Set("data = ?", string(raw)).Where("id = ?", r.ID).Exec(ctx); err != nil {
		return fmt.Errorf("make event %s anonymous: %w", r.ID, err)
	}
	return nil
}
