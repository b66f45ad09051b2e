package identity

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
)

// touchEvery is how often the use of one API key is noted at most.
const touchEvery = time.Minute

// Authenticate says who holds a token. Role and state come from the user's row, never from the token.
//
// fault.Unauthenticated when the token is not genuine, expired or revoked, or its user is gone; fault.Denied when the user
// is not active.
func (a *Accounts) Authenticate(ctx context.Context, token string) (Actor, User, error) {
	if err := a.needTokens(); err != nil {
		return Actor{}, User{}, err
	}
	c, err := a.tokens.Verify(token, a.now())
	if err != nil {
		return Actor{}, User{}, err
	}
	return a.current(ctx, c.User, c.Version)
}

// Reauthenticate says who a user is now whom Authenticate let in some time ago; errors as there. Whether the token has run out
// meanwhile counts for nothing.
func (a *Accounts) Reauthenticate(ctx context.Context, u User) (Actor, User, error) {
	return a.current(ctx, u.ID, u.TokenVersion)
}

// current reads the user of a token of that version.
func (a *Accounts) current(ctx context.Context, id uuid.UUID, version int) (Actor, User, error) {
	u, err := a.users.User(ctx, id)
	switch {
	case errors.Is(err, fault.NotFound):
		return Actor{}, User{}, errToken()
	case err != nil:
		return Actor{}, User{}, fmt.Errorf("read the user of a token: %w", err)
	case version != u.TokenVersion:
		return Actor{}, User{}, errToken()
	case !u.Active:
		return Actor{}, User{}, fault.Denied.Errorf("this account is disabled").Because("inactive")
	}
	return personOf(u), u, nil
}

func errToken() error {
	return fault.Unauthenticated.Errorf("the token is not valid any more").Because("token")
}

// AuthenticateKey says which service holds an API key, from the configuration or the database. fault.Unauthenticated, with
// the reason "api_key", when the key is unknown, expired or revoked.
func (a *Accounts) AuthenticateKey(ctx context.Context, secret string) (Actor, error) {
	if err := a.needHasher(); err != nil {
		return Actor{}, err
	}
	if secret == "" {
		return Actor{}, errKey()
	}
	mark := a.hasher.Fingerprint(secret)
	if k, ok := a.staticKey(mark); ok {
		return Actor{Kind: ServiceActor, Key: k.ID, KeyRole: k.Role, Permissions: k.Permissions}, nil
	}
	k, err := a.keys.ByHash(ctx, mark)
	if errors.Is(err, fault.NotFound) {
		return Actor{}, errKey()
	}
	if err != nil {
		return Actor{}, fmt.Errorf("look up an API key: %w", err)
	}
	now := a.now()
	if !k.ValidAt(now) {
		return Actor{}, errKey()
	}
	a.touch(ctx, k, now)
	return Actor{Kind: ServiceActor, Key: k.ID.String(), Permissions: k.Permissions, Workspaces: k.Workspaces}, nil
}

func errKey() error {
	return fault.Unauthenticated.Errorf("the API key is not valid").Because("api_key")
}

// ValidAt reports whether the key opens anything at the given time.
func (k Key) ValidAt(t time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || t.Before(k.ExpiresAt))
}

// staticKey compares with every key, so that the time it takes tells nothing about which one matched.
func (a *Accounts) staticKey(mark string) (found StaticKey, ok bool) {
	for _, k := range a.o.StaticKeys {
		if k.Hash == "" || len(k.Hash) > len(mark) {
			continue
		}
		if subtle.ConstantTimeCompare([]byte(k.Hash), []byte(mark[:len(k.Hash)])) == 1 {
			found, ok = k, true
		}
	}
	return found, ok
}

// touch notes the use of a key, at most once in touchEvery. The note is for people who tidy up; a key works even when it
// can't be written, so an error ends here.
func (a *Accounts) touch(ctx context.Context, k Key, now time.Time) {
	a.mu.Lock()
	last := a.touched[k.ID]
	if k.LastUsedAt.After(last) {
		last = k.LastUsedAt
	}
	due := now.Sub(last) >= touchEvery
	if due {
		a.touched[k.ID] = now
	}
	a.mu.Unlock()
	if due {
		_ = a.keys.Touch(ctx, k.ID, now)
	}
}
