package identity_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

func TestATokenEndsWithItsLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{TokenTTL: time.Hour})
	w.user("eva@example.org", identity.Employee)
	s := w.signIn("eva@example.org")
	w.pass(time.Hour - time.Second)
	if _, _, err := w.Authenticate(t.Context(), s.Token); err != nil {
		t.Errorf("Authenticate within the hour = %v, want none", err)
	}
	w.pass(time.Second)
	_, _, err := w.Authenticate(t.Context(), s.Token)
	wantKind(t, "Authenticate after the hour", err, fault.Unauthenticated)
}

func TestATokenIsWorthlessWithoutItsUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	token, err := w.tokens.Issue(identity.Claims{
		User: someID(), Email: "ghost@example.org", Role: identity.Admin, IssuedAt: noon, Expires: noon.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Authenticate(t.Context(), token)
	wantKind(t, "Authenticate", err, fault.Unauthenticated)
}

func TestTheRowDecidesAndNotTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	token, err := w.tokens.Issue(identity.Claims{
		User: eva.ID, Email: "root@example.org", Role: identity.Admin, IssuedAt: noon, Expires: noon.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	actor, u, err := w.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if actor.Role != identity.Employee || u.Email != "eva@example.org" {
		t.Errorf("Authenticate = %+v, %+v, want what the row says", actor, u)
	}
}

func TestADisabledUserIsDeniedAndHasToSignInAnewAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	s := w.signIn("eva@example.org")
	if _, err := w.Disable(t.Context(), identity.System, eva.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.Authenticate(t.Context(), s.Token)
	wantKind(t, "Authenticate while disabled", err, fault.Denied)
	if _, err := w.Enable(t.Context(), identity.System, eva.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Authenticate(t.Context(), s.Token)
	wantKind(t, "Authenticate with the old token", err, fault.Unauthenticated)
	if _, _, err := w.Authenticate(t.Context(), w.signIn("eva@example.org").Token); err != nil {
		t.Errorf("Authenticate with a new token = %v, want none", err)
	}
}

func TestAKeyOfTheDatabaseMakesAServiceWithItsLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	only := uuid.Must(uuid.NewV7())
	k, secret, err := w.CreateKey(t.Context(), identity.System, identity.KeyDraft{
		Name: "crawler", Permissions: []identity.Permission{identity.DocumentsCreate}, Workspaces: []uuid.UUID{only},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.AuthenticateKey(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	want := identity.Actor{
		Kind: identity.ServiceActor, Key: k.ID.String(),
		Permissions: []identity.Permission{identity.DocumentsCreate}, Workspaces: []uuid.UUID{only},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("AuthenticateKey mismatch (-want +got):\n%s", diff)
	}
}

func TestAKeyThatIsUnknownExpiredOrRevokedIsRefusedAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	draft := identity.KeyDraft{Name: "k", Permissions: []identity.Permission{identity.QueryAsk}}
	revoked, revokedSecret, err := w.CreateKey(t.Context(), identity.System, draft)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RevokeKey(t.Context(), identity.System, revoked.ID); err != nil {
		t.Fatal(err)
	}
	draft.ExpiresAt = noon.Add(time.Minute)
	_, expiring, err := w.CreateKey(t.Context(), identity.System, draft)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.AuthenticateKey(t.Context(), expiring); err != nil {
		t.Errorf("AuthenticateKey before the end = %v, want none", err)
	}
	w.pass(time.Minute)
	for name, secret := range map[string]string{
		"empty": "", "unknown": "rk_unknown", "a hash": revoked.Hash, "revoked": revokedSecret, "expired": expiring,
	} {
		_, err := w.AuthenticateKey(t.Context(), secret)
		wantKind(t, name, err, fault.Unauthenticated)
		if err.Error() != "the API key is not valid" {
			t.Errorf("%s: err = %v, want the same text for all", name, err)
		}
	}
}

func TestTheUseOfAKeyIsNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	_, secret, err := w.CreateKey(t.Context(), identity.System, identity.KeyDraft{
		Name: "k", Permissions: []identity.Permission{identity.QueryAsk},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ pass, want time.Duration }{
		{0, 0}, {59 * time.Second, 0}, {time.Second, time.Minute}, {time.Second, time.Minute}, {time.Hour, time.Hour + 61*time.Second},
	} {
		w.pass(step.pass)
		if _, err := w.AuthenticateKey(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		keys, err := w.Keys(t.Context(), identity.System)
		if err != nil {
			t.Fatal(err)
		}
		if got := keys[0].LastUsedAt; !got.Equal(noon.Add(step.want)) {
			t.Errorf("LastUsedAt = %v, want %v", got, noon.Add(step.want))
		}
	}
}

func TestAKeyOfTheConfigurationMakesAService(t *testing.T) {
	t.Parallel()
	fingerprint := newWorld(t, identity.Options{}).hasher.Fingerprint
	whole, prefix := fingerprint("whole"), fingerprint("prefix")
	w := newWorld(t, identity.Options{StaticKeys: []identity.StaticKey{
		{ID: whole[:12], Hash: whole, Permissions: []identity.Permission{identity.Everything}},
		{ID: prefix[:12], Hash: prefix[:12]},
		{ID: "no hash"},
	}})
	for secret, want := range map[string]identity.Actor{
		"whole":  {Kind: identity.ServiceActor, Key: whole[:12], Permissions: []identity.Permission{identity.Everything}},
		"prefix": {Kind: identity.ServiceActor, Key: prefix[:12]},
	} {
		got, err := w.AuthenticateKey(t.Context(), secret)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("AuthenticateKey(%s) mismatch (-want +got):\n%s", secret, diff)
		}
	}
	_, err := w.AuthenticateKey(t.Context(), "neither")
	wantKind(t, "AuthenticateKey", err, fault.Unauthenticated)
}
