package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Session is what somebody gets who signed in.
type Session struct {
	Token     string
	ExpiresIn time.Duration
	User      User
}

// SignIn gives a token to the user with the e-mail address and the password. from is the network address of the client,
// without a port; it is throttled too unless it is empty.
//
// A hash that is weaker than those made today is replaced by the way.
//
// fault.Unauthenticated, always with the same text and after the same work, when there is no such user, the password is
// wrong or the user is not active. fault.Busy, with the time to wait, after too many failures. It records auth.login or
// auth.login_failed; attempts that the throttle turns away leave nothing.
func (a *Accounts) SignIn(ctx context.Context, email, password, from string) (Session, error) {
	if err := errors.Join(a.needHasher(), a.needTokens()); err != nil {
		return Session{}, err
	}
	email = normalEmail(email)
	try, err := a.throttle.enter(ctx, a.now(), digest(email), Network(from))
	if err != nil {
		return Session{}, err
	}
	defer try.leave()

	u, refusal, err := a.check(ctx, email, password)
	if err != nil {
		return Session{}, fmt.Errorf("check a password: %w", err)
	}
	if refusal != "" {
		try.fail()
		return Session{}, a.refuse(ctx, u, signInFailure{Reason: refusal, Email: digest(email), From: from})
	}
	return a.admit(ctx, a.strengthen(ctx, u, password), from)
}

// strengthen replaces a hash that was made when hashes were weaker: only now the password is there to make another. It is a
// favour to a later day, so an error ends here, and the next sign-in tries again. Another password that was set meanwhile stays.
func (a *Accounts) strengthen(ctx context.Context, u User, password string) User {
	if !a.hasher.Outdated(u.PasswordHash) {
		return u
	}
	hash, err := a.hasher.Hash(ctx, password)
	if err != nil {
		return u
	}
	stronger, err := a.users.Update(ctx, u.ID, func(now *User, _ int) ([]event.Event, error) {
		if now.PasswordHash != u.PasswordHash {
			return nil, fault.Conflict.Errorf("the password was changed at the same time")
		}
		now.PasswordHash = hash
		return nil, nil
	})
	if err != nil {
		return u
	}
	u.PasswordHash = stronger.PasswordHash // the rest is as it was when the password was checked: see session
	return u
}

// check returns the user, and why they are not to be let in; an empty reason means that they are.
func (a *Accounts) check(ctx context.Context, email, password string) (u User, refusal string, err error) {
	err = error(fault.NotFound) // an address that nobody can have isn't worth a query, and may be one that breaks it
	if emailRule(email) == "" {
		u, err = a.users.ByEmail(ctx, email)
	}
	if err != nil && !errors.Is(err, fault.NotFound) {
		return User{}, "", err
	}
	exists := err == nil
	// The hash of a user who doesn't exist is empty, which the Hasher answers after the same work.
	matches, err := a.hasher.Matches(ctx, password, u.PasswordHash)
	switch {
	case err != nil:
		return User{}, "", err
	case !exists:
		return User{}, "unknown", nil
	case !matches:
		return u, "password", nil
	case !u.Active:
		return u, "inactive", nil
	}
	return u, "", nil
}

// signInFailure is the data of auth.login_failed. The subject of the event is the user, if there is one.
type signInFailure struct {
	Reason string `json:"reason"`       // unknown, password, inactive
	Email  string `json:"email_sha256"` // of the normalised address, so that attempts can be counted without keeping it
	From   string `json:"from,omitempty"`
}

func (a *Accounts) refuse(ctx context.Context, u User, why signInFailure) error {
	e := Actor{}.Event("auth.login_failed", a.now(), why)
	if why.Reason != "unknown" {
		e.Subject = u.ID.String()
	}
	if err := a.log.Append(ctx, e); err != nil {
		return fmt.Errorf("record a failed sign-in: %w", err)
	}
	return fault.Unauthenticated.Errorf("the e-mail address or the password is wrong")
}

func (a *Accounts) admit(ctx context.Context, u User, from string) (Session, error) {
	session, err := a.session(u)
	if err != nil {
		return Session{}, err
	}
	data := struct {
		Role Role   `json:"role"`
		From string `json:"from,omitempty"`
	}{u.Role, from}
	if err := a.log.Append(ctx, about("auth.login", personOf(u), a.now(), u.ID, data)); err != nil {
		return Session{}, fmt.Errorf("record a sign-in: %w", err)
	}
	return session, nil
}

// session issues a token for the user as the row was read: one that was revoked meanwhile is dead from the start.
func (a *Accounts) session(u User) (Session, error) {
	now := a.now()
	token, err := a.tokens.Issue(Claims{
		User: u.ID, Email: u.Email, Role: u.Role, Version: u.TokenVersion,
		IssuedAt: now, Expires: now.Add(a.o.TokenTTL),
	})
	if err != nil {
		return Session{}, fmt.Errorf("issue a token: %w", err)
	}
	return Session{Token: token, ExpiresIn: a.o.TokenTTL, User: u}, nil
}

func personOf(u User) Actor { return Actor{Kind: Person, User: u.ID, Role: u.Role} }

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// Network is what one party can be assumed to hold, by the address of a client without a port: an IPv4 address, also where it is
// mapped into IPv6, or the whole /64 around an IPv6 address. What is no address comes back as it is.
func Network(from string) string {
	addr, err := netip.ParseAddr(from)
	if err != nil {
		return from
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
