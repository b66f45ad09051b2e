package identity_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

func TestTheRightPasswordOpensASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	s, err := w.SignIn(t.Context(), "  EVA@example.org ", password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if s.User != eva || s.ExpiresIn != 30*time.Minute {
		t.Errorf("SignIn = %+v, want the user for 30 minutes", s)
	}
	actor, u, err := w.Authenticate(t.Context(), s.Token)
	if err != nil {
		t.Fatal(err)
	}
	if u != eva || actor.String() != "user:"+eva.ID.String() || actor.Role != identity.Employee {
		t.Errorf("Authenticate = %+v, %+v, want eva", actor, u)
	}
	w.wantNews(1, happening{"auth.login", "user:" + eva.ID.String(), eva.ID.String(), `{"role":"employee","from":"192.0.2.1"}`})
}

func TestEveryRefusalLooksAndCostsTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	w.user("eva@example.org", identity.Employee)
	off := w.user("off@example.org", identity.Employee)
	if _, err := w.Disable(t.Context(), identity.System, off.ID); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range []struct{ email, password string }{
		{"eva@example.org", "wrong"},
		{"eva@example.org", ""},
		{"eva@example.org", strings.Repeat("x", 10_000)},
		{"nobody@example.org", password},
		{"", ""},
		{"not an address\x00", password},
		{strings.Repeat("x", 10_000), password},
		{"off@example.org", password},
		{"off@example.org", "wrong"},
	} {
		before := w.hasher.checks.Load()
		s, err := w.SignIn(t.Context(), c.email, c.password, "")
		wantKind(t, "SignIn", err, fault.Unauthenticated)
		if s != (identity.Session{}) {
			t.Errorf("SignIn = %+v beside its error, want nothing", s)
		}
		if n := w.hasher.checks.Load() - before; n != 1 {
			t.Errorf("SignIn checked %d hashes, want 1", n)
		}
		texts = append(texts, err.Error())
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("SignIn says %q and %q, want the same", texts[0], text)
		}
	}
}

func TestAFailedSignInIsRecordedWithoutAddressAndPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	for _, email := range []string{"eva@example.org", "nobody@example.org"} {
		_, err := w.SignIn(t.Context(), email, "my other password", "192.0.2.1")
		wantKind(t, "SignIn", err, fault.Unauthenticated)
	}
	w.wantNews(1,
		happening{
			"auth.login_failed", "anonymous", eva.ID.String(),
			`{"reason":"password","email_sha256":"` + w.hasher.Fingerprint("eva@example.org") + `","from":"192.0.2.1"}`,
		},
		happening{
			"auth.login_failed", "anonymous", "",
			`{"reason":"unknown","email_sha256":"` + w.hasher.Fingerprint("nobody@example.org") + `","from":"192.0.2.1"}`,
		})
}

func TestGuessingOneAccountIsThrottled(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"eva@example.org", "nobody@example.org"} {
		w := newWorld(t, identity.Options{PerAccount: identity.Rate{Burst: 3, Every: time.Minute}})
		w.user("eva@example.org", identity.Employee)
		w.user("max@example.org", identity.Employee)
		for i := range 3 {
			_, err := w.SignIn(t.Context(), email, "wrong", fmt.Sprintf("192.0.2.%d", i))
			wantKind(t, "SignIn", err, fault.Unauthenticated)
		}
		events := len(w.trail())
		_, err := w.SignIn(t.Context(), strings.ToUpper(email), password, "192.0.2.9")
		wantKind(t, "SignIn after three failures", err, fault.Busy)
		if got := fault.Of(err).RetryAfter; got != time.Minute {
			t.Errorf("RetryAfter = %v, want 1m", got)
		}
		w.wantNews(events, []happening{}...)
		w.signIn("max@example.org")
		w.pass(time.Minute)
		if email == "eva@example.org" {
			w.signIn(email)
		}
	}
}

func TestGuessingFromOneNetworkIsThrottled(t *testing.T) {
	t.Parallel()
	for name, from := range map[string][]string{
		"IPv4":          {"192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"},
		"IPv6 one /64":  {"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::"},
		"anything else": {"a pipe", "a pipe", "a pipe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, identity.Options{PerAddress: identity.Rate{Burst: 2, Every: time.Hour}})
			w.user("eva@example.org", identity.Employee)
			for i, f := range from[:2] {
				_, err := w.SignIn(t.Context(), fmt.Sprintf("nobody%d@example.org", i), "wrong", f)
				wantKind(t, "SignIn", err, fault.Unauthenticated)
			}
			_, err := w.SignIn(t.Context(), "eva@example.org", password, from[2])
			wantKind(t, "SignIn after two failures", err, fault.Busy)
			w.signIn("eva@example.org") // from elsewhere
		})
	}
}

func TestManyRightPasswordsAtOnceAllGetIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{PerAccount: identity.Rate{Burst: 2, Every: time.Hour}})
	w.user("eva@example.org", identity.Employee)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := w.SignIn(t.Context(), "eva@example.org", password, "192.0.2.1"); err != nil {
				t.Errorf("SignIn = %v, want none", err)
			}
		})
	}
	all.Wait()
}

func TestManyGuessesAtOnceAreNoWayAroundTheThrottle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{PerAccount: identity.Rate{Burst: 3, Every: time.Hour}})
	w.user("eva@example.org", identity.Employee)
	before := w.hasher.checks.Load()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := w.SignIn(t.Context(), "eva@example.org", "wrong", "")
			if !errors.Is(err, fault.Unauthenticated) && !errors.Is(err, fault.Busy) {
				t.Errorf("SignIn = %v, want fault unauthenticated or busy", err)
			}
		})
	}
	all.Wait()
	if n := w.hasher.checks.Load() - before; n != 3 {
		t.Errorf("%d guesses were checked, want 3", n)
	}
}

func TestASignInReplacesAHashThatIsWeakerThanThoseOfToday(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	session := w.signIn(eva.Email)
	if w.stored(eva) != eva {
		t.Errorf("the user is %+v after a sign-in, want %+v", w.stored(eva), eva)
	}
	w.hasher.Argon2 = argon(t, 2)
	_, err := w.SignIn(t.Context(), eva.Email, "wrong", "")
	wantKind(t, "SignIn", err, fault.Unauthenticated)
	if w.stored(eva) != eva {
		t.Error("a wrong password replaces the hash")
	}
	before := len(w.trail())
	renewed := w.signIn(eva.Email).User
	if w.stored(eva) != renewed || !strings.Contains(renewed.PasswordHash, "t=2") {
		t.Errorf("the user is %+v, want a hash of two passes", w.stored(eva))
	}
	if renewed.PasswordHash = eva.PasswordHash; renewed != eva {
		t.Errorf("more than the hash was changed: %+v, want %+v", renewed, eva)
	}
	if n := len(w.trail()) - before; n != 1 {
		t.Errorf("%d events, want that of the sign-in alone", n)
	}
	if _, _, err := w.Authenticate(t.Context(), session.Token); err != nil {
		t.Errorf("a token from before is refused: %v", err)
	}
	strong := w.stored(eva)
	w.hasher.Argon2 = argon(t, 1)
	if w.signIn(eva.Email); w.stored(eva) != strong {
		t.Error("a hash was replaced by a weaker one")
	}
}

func TestAPasswordThatIsSetDuringASignInStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	w.hasher.Argon2 = argon(t, 2)
	w.hasher.before = func() { // the sign-in has checked the old one, and makes a stronger hash of it
		w.hasher.before = nil
		if _, err := w.ResetPassword(t.Context(), identity.System, eva.ID, "another password"); err != nil {
			t.Error(err)
		}
	}
	session := w.signIn(eva.Email)
	_, err := w.SignIn(t.Context(), eva.Email, password, "")
	wantKind(t, "SignIn with the old password", err, fault.Unauthenticated)
	if _, err := w.SignIn(t.Context(), eva.Email, "another password", ""); err != nil {
		t.Errorf("SignIn with the new password = %v, want none", err)
	}
	_, _, err = w.Authenticate(t.Context(), session.Token)
	wantKind(t, "the session of the old password", err, fault.Unauthenticated)
}

func TestAPasswordIsChangedWhileASignInReplacesItsHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	w.hasher.Argon2 = argon(t, 2)
	w.hasher.before = func() { // the change has checked the old one
		w.hasher.before = nil
		w.signIn(eva.Email)
	}
	if _, err := w.ChangePassword(t.Context(), person(eva), password, "another password"); err != nil {
		t.Fatalf("ChangePassword = %v, want none", err)
	}
	if _, err := w.SignIn(t.Context(), eva.Email, "another password", ""); err != nil {
		t.Errorf("SignIn with the new password = %v, want none", err)
	}
}

func TestASignInDoesNotFailBecauseNoStrongerHashCanBeMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	w.hasher.Argon2 = argon(t, 2)
	w.hasher.fails = fault.Unavailable.Errorf("too many wait")
	if _, err := w.SignIn(t.Context(), eva.Email, password, ""); err != nil {
		t.Errorf("SignIn = %v, want none", err)
	}
	if w.stored(eva) != eva {
		t.Errorf("the user is %+v, want %+v", w.stored(eva), eva)
	}
}

func TestACancelledSignInChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	w.user("eva@example.org", identity.Employee)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.SignIn(ctx, "eva@example.org", password, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("SignIn = %v, want context.Canceled", err)
	}
	w.wantNews(1, []happening{}...)
}

func TestWithoutPortsSignInAndKeysSayWhatIsNotSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	bare := identity.New(w.store.Users(), w.store.Keys(), nil, nil, w.store.Events(), identity.Options{})
	noTokens := identity.New(w.store.Users(), w.store.Keys(), nil, w.hasher, w.store.Events(), identity.Options{})
	_, signIn := noTokens.SignIn(t.Context(), "eva@example.org", password, "")
	_, _, authenticate := noTokens.Authenticate(t.Context(), "token")
	_, key := bare.AuthenticateKey(t.Context(), "rk_x")
	_, _, createKey := bare.CreateKey(t.Context(), identity.System, identity.KeyDraft{})
	_, createUser := bare.CreateUser(t.Context(), identity.System, identity.UserDraft{})
	_, ensure := bare.EnsureAdmin(t.Context(), "a@b", password, identity.Keep)
	for err, port := range map[error]string{
		signIn: "Tokens", authenticate: "Tokens", key: "Hasher", createKey: "Hasher", createUser: "Hasher", ensure: "Hasher",
	} {
		wantKind(t, "it", err, fault.Unavailable)
		if !strings.Contains(err.Error(), "core.Ports."+port) {
			t.Errorf("err = %v, want it to name core.Ports.%s", err, port)
		}
	}
}
