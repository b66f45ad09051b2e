package identity

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// ChangePassword gives the acting user another password, revokes all tokens and records auth.change_password. The session
// that it returns goes on, with a new token; the token is empty when there are no sessions, Tokens being nil.
//
// fault.Invalid on the fields current_password and new_password; fault.Busy after too many wrong ones, as in SignIn;
// fault.Conflict when the password was changed at the same time.
func (a *Accounts) ChangePassword(ctx context.Context, actor Actor, current, next string) (Session, error) {
	if err := a.needHasher(); err != nil {
		return Session{}, err
	}
	if rule := passwordRule(next); rule != "" {
		return Session{}, fault.Field("new_password", rule)
	}
	u, err := a.self(ctx, actor)
	if err != nil {
		return Session{}, err
	}
	if err := a.confirm(ctx, u, current); err != nil {
		return Session{}, err
	}
	hash, err := a.hasher.Hash(ctx, next)
	if err != nil {
		return Session{}, fmt.Errorf("hash a password: %w", err)
	}
	u, err = a.users.Update(ctx, u.ID, func(now *User, _ int) ([]event.Event, error) {
		if now.TokenVersion != u.TokenVersion || !now.Active { // every other password raises it, a stronger hash of this one doesn't
			return nil, fault.Conflict.Errorf("the account was changed at the same time")
		}
		now.PasswordHash = hash
		now.TokenVersion++
		return []event.Event{about("auth.change_password", actor, a.now(), u.ID, nil)}, nil
	})
	if err != nil {
		return Session{}, fmt.Errorf("change a password: %w", err)
	}
	if a.tokens == nil {
		return Session{User: u}, nil
	}
	return a.session(u)
}

// confirm checks the password of somebody who is signed in, with the throttle of their account: a stolen session is no
// licence to guess.
func (a *Accounts) confirm(ctx context.Context, u User, password string) error {
	try, err := a.throttle.enter(ctx, a.now(), digest(u.Email), "")
	if err != nil {
		return err
	}
	defer try.leave()
	ok, err := a.hasher.Matches(ctx, password, u.PasswordHash)
	if err != nil {
		return fmt.Errorf("check a password: %w", err)
	}
	if !ok {
		try.fail()
		return fault.Field("current_password", "is wrong")
	}
	return nil
}

// self reads the row of the acting user.
func (a *Accounts) self(ctx context.Context, actor Actor) (User, error) {
	if err := known(actor); err != nil {
		return User{}, err
	}
	if actor.Kind != Person {
		return User{}, fault.Denied.Errorf("only a user has a password")
	}
	u, err := a.users.User(ctx, actor.User)
	if err != nil {
		return User{}, fmt.Errorf("read the acting user: %w", err)
	}
	return u, nil
}

// SignOutEverywhere revokes all tokens of a user, who is the acting one or somebody that the actor administers, and
// records auth.logout_everywhere. fault.NotFound when there is no such user.
func (a *Accounts) SignOutEverywhere(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := mayAdministerOrIs(actor, id); err != nil {
		return err
	}
	_, err := a.users.Update(ctx, id, func(u *User, _ int) ([]event.Event, error) {
		u.TokenVersion++
		return []event.Event{about("auth.logout_everywhere", actor, a.now(), id, nil)}, nil
	})
	if err != nil {
		return fmt.Errorf("sign out user %s: %w", id, err)
	}
	return nil
}
