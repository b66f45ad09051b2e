package identity

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
)

// secretPrefix makes keys easy to find for those who scan for leaked ones.
const secretPrefix = "rk_"

// KeyDraft is an API key to be.
type KeyDraft struct {
	Name        string       // 1 to 255 characters
	Permissions []Permission // at least one
	Workspaces  []uuid.UUID  // what the key is limited to; empty means no limit
	ExpiresAt   time.Time    // zero means never
}

func (d *KeyDraft) normalise(now time.Time) error {
	d.Name = strings.TrimSpace(d.Name)
	d.ExpiresAt = d.ExpiresAt.UTC().Truncate(time.Microsecond)
	d.Permissions = distinct(d.Permissions)
	d.Workspaces = distinct(d.Workspaces)
	var p problems
	p.check("name", keyNameRule(d.Name))
	p.check("permissions", permissionsRule(d.Permissions))
	if slices.Contains(d.Workspaces, uuid.Nil) {
		p.check("workspace_ids", "must not contain the zero id")
	}
	if !d.ExpiresAt.IsZero() && !d.ExpiresAt.After(now) {
		p.check("expires_at", "must be in the future")
	}
	return p.err()
}

// CreateKey adds an API key, records admin.keys.create and returns the secret, which can't be had again. fault.Invalid
// names the fields name, permissions, workspace_ids and expires_at; fault.Denied when the key would hold a permission
// that the actor doesn't.
func (a *Accounts) CreateKey(ctx context.Context, actor Actor, d KeyDraft) (k Key, secret string, err error) {
	if err := errors.Join(mayAdminister(actor), a.needHasher()); err != nil {
		return Key{}, "", err
	}
	now := a.now()
	if err := d.normalise(now); err != nil {
		return Key{}, "", err
	}
	for _, p := range d.Permissions {
		if !actor.Can(p) {
			return Key{}, "", fault.Denied.Errorf("you can't give the permission %s: you don't hold it", p)
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Key{}, "", fmt.Errorf("make an id: %w", err)
	}
	secret = newSecret()
	k = Key{
		ID: id, Name: d.Name, Hash: a.hasher.Fingerprint(secret), Permissions: d.Permissions, Workspaces: d.Workspaces,
		CreatedBy: actor.String(), CreatedAt: now, ExpiresAt: d.ExpiresAt,
	}
	data := struct {
		Name        string       `json:"name"`
		Permissions []Permission `json:"permissions"`
		Workspaces  []uuid.UUID  `json:"workspace_ids,omitempty"`
	}{k.Name, k.Permissions, k.Workspaces}
	if err := a.keys.Create(ctx, k, about("admin.keys.create", actor, now, id, data)); err != nil {
		return Key{}, "", fmt.Errorf("create an API key: %w", err)
	}
	return k, secret, nil
}

// Keys lists the API keys of the database, newest first, revoked and expired ones included.
func (a *Accounts) Keys(ctx context.Context, actor Actor) ([]Key, error) {
	if err := mayAdminister(actor); err != nil {
		return nil, err
	}
	keys, err := a.keys.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	return keys, nil
}

// RevokeKey makes an API key useless from its next use on and records admin.keys.revoke. Revoking twice changes and
// records nothing more. fault.NotFound when there is no such key.
func (a *Accounts) RevokeKey(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := mayAdminister(actor); err != nil {
		return err
	}
	now := a.now()
	if err := a.keys.Revoke(ctx, id, now, about("admin.keys.revoke", actor, now, id, nil)); err != nil {
		return fmt.Errorf("revoke API key %s: %w", id, err)
	}
	return nil
}

func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it is documented never to return an error
	return secretPrefix + hex.EncodeToString(b)
}

// distinct returns the values without repetitions, in their order, as a new slice; nil when there are none.
func distinct[T comparable](values []T) []T {
	var out []T
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
