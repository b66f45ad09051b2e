package identity_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

const next = "battery staple"

func TestChangingThePasswordKeepsThisSessionAndEndsTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	old := w.signIn("eva@example.org")
	s, err := w.ChangePassword(t.Context(), person(eva), password, next)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Authenticate(t.Context(), old.Token)
	wantKind(t, "Authenticate with the old token", err, fault.Unauthenticated)
	if _, _, err := w.Authenticate(t.Context(), s.Token); err != nil {
		t.Errorf("Authenticate with the new token = %v, want none", err)
	}
	if _, err := w.SignIn(t.Context(), "eva@example.org", next, ""); err != nil {
		t.Errorf("SignIn with the new password = %v, want none", err)
	}
	w.wantNews(3-1, happening{"auth.change_password", "user:" + eva.ID.String(), eva.ID.String(), "{}"},
		happening{"auth.login", "user:" + eva.ID.String(), eva.ID.String(), `{"role":"employee"}`})
}

func TestAPasswordIsNotChangedWithoutTheCurrentOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{PerAccount: identity.Rate{Burst: 2, Every: time.Hour}})
	eva := w.user("eva@example.org", identity.Employee)
	_, err := w.ChangePassword(t.Context(), person(eva), password, "short")
	wantFields(t, err, "new_password")
	for range 2 {
		_, err = w.ChangePassword(t.Context(), person(eva), "wrong", next)
		wantFields(t, err, "current_password")
	}
	_, err = w.ChangePassword(t.Context(), person(eva), password, next)
	wantKind(t, "ChangePassword after two failures", err, fault.Busy)
	_, err = w.SignIn(t.Context(), "eva@example.org", password, "")
	wantKind(t, "SignIn after them", err, fault.Busy)
	w.wantNews(1, []happening{}...)
}

func TestOnlyUsersHaveAPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	for _, a := range []identity.Actor{identity.System, service(identity.Everything)} {
		_, err := w.ChangePassword(t.Context(), a, password, next)
		wantKind(t, "ChangePassword", err, fault.Denied)
	}
	_, err := w.ChangePassword(t.Context(), identity.Actor{}, password, next)
	wantKind(t, "ChangePassword", err, fault.Unauthenticated)
}

func TestOfManyChangesAtOnceOneCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	const many = 8
	errs := make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() { _, errs[i] = w.ChangePassword(t.Context(), person(eva), password, next) })
	}
	all.Wait()
	changed := 0
	for _, err := range errs {
		switch {
		case err == nil:
			changed++
		case !errors.Is(err, fault.Conflict) && !errors.Is(err, fault.Invalid):
			t.Errorf("ChangePassword = %v, want none, conflict, or that the current password is wrong by now", err)
		}
	}
	if changed != 1 {
		t.Errorf("%d changes succeeded, want 1", changed)
	}
}

func TestSigningOutEverywhereEndsAllSessionsOfOneUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva, moritz := w.user("eva@example.org", identity.Employee), w.user("max@example.org", identity.Employee)
	first, second, other := w.signIn("eva@example.org"), w.signIn("eva@example.org"), w.signIn("max@example.org")
	wantKind(t, "SignOutEverywhere of somebody else",
		w.SignOutEverywhere(t.Context(), person(moritz), eva.ID), fault.Denied)
	if err := w.SignOutEverywhere(t.Context(), person(eva), eva.ID); err != nil {
		t.Fatal(err)
	}
	for _, s := range []identity.Session{first, second} {
		_, _, err := w.Authenticate(t.Context(), s.Token)
		wantKind(t, "Authenticate", err, fault.Unauthenticated)
	}
	if _, _, err := w.Authenticate(t.Context(), other.Token); err != nil {
		t.Errorf("Authenticate of the other user = %v, want none", err)
	}
	w.signIn("eva@example.org")
	if got := w.trail()[5].Name; got != "auth.logout_everywhere" {
		t.Errorf("event = %s, want auth.logout_everywhere", got)
	}
}
