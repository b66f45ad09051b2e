package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// maxPage is how many users one page has at most.
const maxPage = 1000

// UserDraft is a user to be.
type UserDraft struct {
	Email    string // 3 to 255 characters with an @ inside; trimmed and made lower case
	Password string // 8 to 512 characters
	Role     Role   // defaults to Employee
	Active   *bool  // defaults to true
}

func (d *UserDraft) normalise() error {
	d.Email = normalEmail(d.Email)
	if d.Role == "" {
		d.Role = Employee
	}
	var p problems
	p.check("email", emailRule(d.Email))
	p.check("password", passwordRule(d.Password))
	p.check("role", roleRule(d.Role))
	return p.err()
}

// CreateUser adds a user and records admin.users.create. fault.Invalid names the fields email, password and role;
// fault.Conflict when the e-mail address is taken.
func (a *Accounts) CreateUser(ctx context.Context, actor Actor, d UserDraft) (User, error) {
	if err := errors.Join(mayAdminister(actor), a.needHasher()); err != nil {
		return User{}, err
	}
	if err := d.normalise(); err != nil {
		return User{}, err
	}
	switch _, err := a.users.ByEmail(ctx, d.Email); { // before the slow hash; Create guards against a race
	case err == nil:
		return User{}, fault.Conflict.Errorf("a user with this e-mail address exists already")
	case !errors.Is(err, fault.NotFound):
		return User{}, fmt.Errorf("look up an e-mail address: %w", err)
	}
	return a.add(ctx, actor, d)
}

// add stores a draft that is normal.
func (a *Accounts) add(ctx context.Context, actor Actor, d UserDraft) (User, error) {
	hash, err := a.hasher.Hash(ctx, d.Password)
	if err != nil {
		return User{}, fmt.Errorf("hash a password: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return User{}, fmt.Errorf("make an id: %w", err)
	}
	u := User{
		ID: id, Email: d.Email, PasswordHash: hash, Role: d.Role,
		Active: d.Active == nil || *d.Active, CreatedAt: a.now(),
	}
	if err := a.users.Create(ctx, u, userEvent("admin.users.create", actor, u, a)); err != nil {
		return User{}, fmt.Errorf("create a user: %w", err)
	}
	return u, nil
}

// Users lists users, newest first. A page has at most 1000; a negative offset is the start.
func (a *Accounts) Users(ctx context.Context, actor Actor, p Page) ([]User, error) {
	if err := mayAdminister(actor); err != nil {
		return nil, err
	}
	p.Limit, p.Offset = min(p.Limit, maxPage), max(p.Offset, 0)
	if p.Limit <= 0 {
		return nil, nil
	}
	users, err := a.users.List(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return users, nil
}

// User returns one user, to administrators and to the user. fault.NotFound when there is none.
func (a *Accounts) User(ctx context.Context, actor Actor, id uuid.UUID) (User, error) {
	if err := mayAdministerOrIs(actor, id); err != nil {
		return User{}, err
	}
	u, err := a.users.User(ctx, id)
	if err != nil {
		return User{}, fmt.Errorf("read user %s: %w", id, err)
	}
	return u, nil
}

// Disable shuts a user out, from their next request on, and records admin.users.disable. Disabling twice changes and
// records nothing more. fault.NotFound when there is no such user; fault.Conflict when they are the last active admin.
func (a *Accounts) Disable(ctx context.Context, actor Actor, id uuid.UUID) (User, error) {
	return a.administer(ctx, actor, id, "admin.users.disable", func(u *User) bool {
		changed := u.Active
		u.Active = false
		return changed
	})
}

// Enable lets a disabled user in again and records admin.users.enable. They sign in anew: tokens from before are revoked.
// Enabling twice changes and records nothing more. fault.NotFound when there is no such user.
func (a *Accounts) Enable(ctx context.Context, actor Actor, id uuid.UUID) (User, error) {
	return a.administer(ctx, actor, id, "admin.users.enable", func(u *User) bool {
		if u.Active {
			return false
		}
		u.Active = true
		u.TokenVersion++
		return true
	})
}

// DeleteUser removes a user for good, from their next request on, with their API keys, memberships, conversations and feedback;
// what is kept of their answers is anonymous and has no words. It records admin.users.delete; the audit trail goes on naming the user
// by id, but loses the e-mail address, its hash, and the network addresses of their sign-ins and denials. Documents stay, uploaded by nobody. fault.NotFound when there is no such user; fault.Conflict for the reasons own_account when it
// is the actor, last_admin, and owns_workspaces as long as they own any that is not archived; archived ones belong to nobody then.
func (a *Accounts) DeleteUser(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := mayAdminister(actor); err != nil {
		return err
	}
	if actor.Kind == Person && actor.User == id {
		return fault.Conflict.Errorf("you can't delete your own account").Because("own_account")
	}
	err := a.users.Delete(ctx, id, func(l Leaving) ([]event.Event, error) {
		if err := keepAdmin(l.User, User{}, l.Others); err != nil {
			return nil, err
		}
		if l.Workspaces > 0 {
			return nil, fault.Conflict.Errorf("the user owns %d workspaces, which are to be archived or deleted first", l.Workspaces).
				Because("owns_workspaces")
		}
		return []event.Event{about("admin.users.delete", actor, a.now(), id, map[string]any{"role": l.User.Role})}, nil
	})
	if err != nil {
		return fmt.Errorf("delete user %s: %w", id, err)
	}
	return nil
}

// ResetPassword gives a user another password, revokes their tokens and records admin.users.reset_password. fault.Invalid
// on the field password; fault.NotFound when there is no such user.
func (a *Accounts) ResetPassword(ctx context.Context, actor Actor, id uuid.UUID, password string) (User, error) {
	if err := errors.Join(mayAdminister(actor), a.needHasher()); err != nil {
		return User{}, err
	}
	if rule := passwordRule(password); rule != "" {
		return User{}, fault.Field("password", rule)
	}
	if _, err := a.User(ctx, actor, id); err != nil { // before the slow hash
		return User{}, err
	}
	hash, err := a.hasher.Hash(ctx, password)
	if err != nil {
		return User{}, fmt.Errorf("hash a password: %w", err)
	}
	return a.administer(ctx, actor, id, "admin.users.reset_password", func(u *User) bool {
		u.PasswordHash = hash
		u.TokenVersion++
		return true
	})
}

// administer changes one user. change reports whether there was anything to change.
func (a *Accounts) administer(
	ctx context.Context, actor Actor, id uuid.UUID, name string, change func(*User) bool,
) (User, error) {
	if err := mayAdminister(actor); err != nil {
		return User{}, err
	}
	u, err := a.users.Update(ctx, id, func(u *User, others int) ([]event.Event, error) {
		before := *u
		if !change(u) {
			return nil, nil
		}
		if err := keepAdmin(before, *u, others); err != nil {
			return nil, err
		}
		return []event.Event{userEvent(name, actor, *u, a)}, nil
	})
	if err != nil {
		return User{}, fmt.Errorf("%s %s: %w", name, id, err)
	}
	return u, nil
}

// keepAdmin refuses a change after which nobody could administer any more.
func keepAdmin(before, after User, others int) error {
	rules := func(u User) bool { return u.Active && u.Role == Admin }
	if rules(before) && !rules(after) && others == 0 {
		return fault.Conflict.Errorf("this is the last active administrator").Because("last_admin")
	}
	return nil
}

func userEvent(name string, actor Actor, u User, a *Accounts) event.Event {
	data := struct {
		Email  string `json:"email"`
		Role   Role   `json:"role"`
		Active bool   `json:"is_active"`
	}{u.Email, u.Role, u.Active}
	return about(name, actor, a.now(), u.ID, data)
}

func mayAdministerOrIs(actor Actor, id uuid.UUID) error {
	if actor.Kind == Person && actor.User == id && id != uuid.Nil {
		return nil
	}
	return mayAdminister(actor)
}
