package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Existing says what becomes of a user who is there already.
type Existing int

// What can become of them.
const (
	Keep  Existing = iota // nothing
	Reset                 // password and role become what is asked for, the user becomes active, and tokens are revoked
)

// Seed is a user that has to be there.
type Seed struct {
	Email    string
	Password string // not blank; the seeds of development have short ones, so no minimal length
	Role     Role   // defaults to Admin
	Existing Existing
}

// EnsureAdmin makes sure that there is an admin of this e-mail address, in the name of System, and reports whether it had
// to be created. It is EnsureUser for the usual case.
func (a *Accounts) EnsureAdmin(ctx context.Context, email, password string, existing Existing) (created bool, err error) {
	_, created, err = a.EnsureUser(ctx, Seed{Email: email, Password: password, Role: Admin, Existing: existing})
	return created, err
}

// EnsureUser makes sure that there is such a user, in the name of System, and reports whether they had to be created. It
// is meant for the first start and for seeds; several processes may do it at once. The rules of CreateUser hold, but for
// the length of the password. fault.Conflict when a reset would take the role from the last active admin.
func (a *Accounts) EnsureUser(ctx context.Context, seed Seed) (u User, created bool, err error) {
	if err := a.needHasher(); err != nil {
		return User{}, false, err
	}
	d, err := seed.draft()
	if err != nil {
		return User{}, false, err
	}
	u, err = a.users.ByEmail(ctx, d.Email)
	if errors.Is(err, fault.NotFound) {
		u, err = a.add(ctx, System, d)
		if !errors.Is(err, fault.Conflict) {
			return u, err == nil, err
		}
		u, err = a.users.ByEmail(ctx, d.Email) // somebody else was faster
	}
	if err != nil {
		return User{}, false, fmt.Errorf("look up a seed: %w", err)
	}
	if seed.Existing == Keep {
		return u, false, nil
	}
	u, err = a.reset(ctx, u.ID, d)
	return u, false, err
}

func (s Seed) draft() (UserDraft, error) {
	d := UserDraft{Email: normalEmail(s.Email), Password: s.Password, Role: s.Role}
	if d.Role == "" {
		d.Role = Admin
	}
	var p problems
	p.check("email", emailRule(d.Email))
	if strings.TrimSpace(d.Password) == "" {
		p.check("password", "must not be blank")
	}
	p.check("role", roleRule(d.Role))
	return d, p.err()
}

func (a *Accounts) reset(ctx context.Context, id uuid.UUID, d UserDraft) (User, error) {
	hash, err := a.hasher.Hash(ctx, d.Password)
	if err != nil {
		return User{}, fmt.Errorf("hash a password: %w", err)
	}
	u, err := a.users.Update(ctx, id, func(u *User, others int) ([]event.Event, error) {
		before := *u
		u.PasswordHash, u.Role, u.Active = hash, d.Role, true
		u.TokenVersion++
		if err := keepAdmin(before, *u, others); err != nil {
			return nil, err
		}
		return []event.Event{userEvent("admin.users.reset_password", System, *u, a)}, nil
	})
	if err != nil {
		return User{}, fmt.Errorf("reset a seed: %w", err)
	}
	return u, nil
}

// HasUsers reports whether there is any user, which tells a first start from a later one.
func (a *Accounts) HasUsers(ctx context.Context) (bool, error) {
	users, err := a.users.List(ctx, Page{Limit: 1})
	if err != nil {
		return false, fmt.Errorf("look for users: %w", err)
	}
	return len(users) > 0, nil
}
