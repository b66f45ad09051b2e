package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// Keys returns the API keys.
func (s *Store) Keys() identity.Keys { return keys{s} }

type keys struct{ s *Store }

var _ identity.Keys = keys{}

// keyRow is a row of api_keys.
type keyRow struct {
	bun.BaseModel `bun:"table:api_keys,alias:k"`

	ID          uuid.UUID `bun:"id,pk"`
	Name        string    `bun:"name"`
	Hash        string    `bun:"hash"`
	Permissions string    `bun:"permissions"` // a JSON list
	Workspaces  string    `bun:"workspaces"`  // a JSON list
	CreatedBy   string    `bun:"created_by"`
	CreatedAt   int64     `bun:"created_at"`
	ExpiresAt   *int64    `bun:"expires_at"`
	RevokedAt   *int64    `bun:"revoked_at"`
	LastUsedAt  *int64    `bun:"last_used_at"`
}

func rowOfKey(k identity.Key) (keyRow, error) {
	permissions, err := json.Marshal(append([]identity.Permission{}, k.Permissions...)) // [] rather than null
	if err != nil {
		return keyRow{}, fmt.Errorf("encode permissions: %w", err)
	}
	workspaces, err := json.Marshal(append([]uuid.UUID{}, k.Workspaces...))
	if err != nil {
		return keyRow{}, fmt.Errorf("encode workspaces: %w", err)
	}
	return keyRow{
		ID: k.ID, Name: k.Name, Hash: k.Hash, Permissions: string(permissions), Workspaces: string(workspaces),
		CreatedBy: k.CreatedBy, CreatedAt: micros(k.CreatedAt), ExpiresAt: nullMicros(k.ExpiresAt),
		RevokedAt: nullMicros(k.RevokedAt), LastUsedAt: nullMicros(k.LastUsedAt),
	}, nil
}

// key fails on a row whose lists can't be read: a key whose limits are unknown must not work.
func (r keyRow) key() (identity.Key, error) {
	k := identity.Key{
		ID: r.ID, Name: r.Name, Hash: r.Hash, CreatedBy: r.CreatedBy, CreatedAt: moment(r.CreatedAt),
		ExpiresAt: nullMoment(r.ExpiresAt), RevokedAt: nullMoment(r.RevokedAt), LastUsedAt: nullMoment(r.LastUsedAt),
	}
	if err := unmarshalList(r.Permissions, &k.Permissions); err != nil {
		return identity.Key{}, fmt.Errorf("permissions of API key %s: %w", r.ID, err)
	}
	if err := unmarshalList(r.Workspaces, &k.Workspaces); err != nil {
		return identity.Key{}, fmt.Errorf("workspaces of API key %s: %w", r.ID, err)
	}
	return k, nil
}

// unmarshalList reads a JSON list; an empty one becomes nil, and null is none.
func unmarshalList[T any](text string, into *[]T) error {
	var list []T
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return err
	}
	if list == nil {
		return errors.New("it is no list")
	}
	if len(list) > 0 {
		*into = list
	}
	return nil
}

func (ks keys) Create(ctx context.Context, k identity.Key, events ...event.Event) error {
	row, err := rowOfKey(k)
	if err != nil {
		return err
	}
	return ks.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
		return insertEvents(ctx, tx, events...)
	})
}

func (ks keys) ByHash(ctx context.Context, hash string) (identity.Key, error) {
	var row keyRow
	err := ks.s.reader.NewSelect().Model(&row).Where("hash = ?", hash).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return identity.Key{}, errNoKey()
	}
	if err != nil {
		return identity.Key{}, ks.s.classify(ctx, err)
	}
	return row.key()
}

func errNoKey() error { return fault.NotFound.Errorf("there is no such API key") }

func (ks keys) List(ctx context.Context) ([]identity.Key, error) {
	var rows []keyRow
	if err := ks.s.reader.NewSelect().Model(&rows).OrderExpr("created_at DESC, id DESC").Scan(ctx); err != nil {
		return nil, ks.s.classify(ctx, err)
	}
	out := make([]identity.Key, len(rows))
	for i, r := range rows {
		k, err := r.key()
		if err != nil {
			return nil, err
		}
		out[i] = k
	}
	return out, nil
}

func (ks keys) Revoke(ctx context.Context, id uuid.UUID, at time.Time, events ...event.Event) error {
	return ks.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		done, err := tx.NewUpdate().Model((*keyRow)(nil)).Set("revoked_at = ?", micros(at)).
			Where("id = ? AND revoked_at IS NULL", id).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		if n > 0 {
			actor := identity.Actor{Kind: identity.ServiceActor, Key: id.String()}.String()
			return errors.Join(forgetRequests(ctx, tx, actor), insertEvents(ctx, tx, events...))
		}
		exists, err := tx.NewSelect().Model((*keyRow)(nil)).Where("id = ?", id).Exists(ctx)
		if err != nil {
			return err
		}
		if !exists {
			return errNoKey()
		}
		return nil // revoked before: nothing changes, so nothing is recorded
	})
}

func (ks keys) Touch(ctx context.Context, id uuid.UUID, at time.Time) error {
	return ks.s.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*keyRow)(nil)).Set("last_used_at = ?", micros(at)).
			Where("id = ? AND (last_used_at IS NULL OR last_used_at < ?)", id, micros(at)).Exec(ctx)
		return err
	})
}
