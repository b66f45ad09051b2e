package identity_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

func TestTheFirstStartHasNoUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	for _, want := range []bool{false, true} {
		if got, err := w.HasUsers(t.Context()); err != nil || got != want {
			t.Errorf("HasUsers = %v, %v, want %v", got, err, want)
		}
		w.user("eva"+map[bool]string{true: "2"}[want]+"@example.org", identity.Employee)
	}
}

func TestASeededAdminIsCreatedOnceAndKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	created, err := w.EnsureAdmin(t.Context(), " Admin@Local", "admin", identity.Keep)
	if err != nil || !created {
		t.Fatalf("EnsureAdmin = %v, %v, want true", created, err)
	}
	created, err = w.EnsureAdmin(t.Context(), "admin@local", "another", identity.Keep)
	if err != nil || created {
		t.Fatalf("EnsureAdmin, second time = %v, %v, want false", created, err)
	}
	s, err := w.SignIn(t.Context(), "ADMIN@local", "admin", "")
	if err != nil || s.User.Role != identity.Admin {
		t.Errorf("SignIn = %+v, %v, want the admin with the first password", s, err)
	}
	if got := w.trail(); got[0].Name != "admin.users.create" || got[0].Actor != "system" {
		t.Errorf("event = %+v, want admin.users.create by system", got[0])
	}
}

func TestAForcedSeedResetsPasswordRoleAndActivity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	s := w.signIn("eva@example.org")
	if _, err := w.Disable(t.Context(), identity.System, eva.ID); err != nil {
		t.Fatal(err)
	}
	created, err := w.EnsureAdmin(t.Context(), "eva@example.org", "seed", identity.Reset)
	if err != nil || created {
		t.Fatalf("EnsureAdmin = %v, %v, want false", created, err)
	}
	again, err := w.SignIn(t.Context(), "eva@example.org", "seed", "")
	if err != nil || again.User.Role != identity.Admin || !again.User.Active {
		t.Errorf("SignIn = %+v, %v, want an active admin with the new password", again, err)
	}
	_, _, err = w.Authenticate(t.Context(), s.Token)
	wantKind(t, "Authenticate with the old token", err, fault.Unauthenticated)
}

func TestASeedCantTakeTheRoleFromTheLastAdmin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	w.user("admin@local", identity.Admin)
	_, _, err := w.EnsureUser(t.Context(), identity.Seed{
		Email: "admin@local", Password: "x", Role: identity.Employee, Existing: identity.Reset,
	})
	wantKind(t, "EnsureUser", err, fault.Conflict)
}

func TestASeedNamesTheFieldsThatAreWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	_, _, err := w.EnsureUser(t.Context(), identity.Seed{Email: " ", Password: " ", Role: "root"})
	wantFields(t, err, "email", "password", "role")
}

func TestOfManyProcessesThatSeedAtOnceOneCreates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	var all sync.WaitGroup
	var made atomic.Int64
	for range 20 {
		all.Go(func() {
			created, err := w.EnsureAdmin(t.Context(), "admin@local", "admin", identity.Keep)
			if err != nil {
				t.Errorf("EnsureAdmin = %v, want none", err)
			}
			if created {
				made.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 || len(w.trail()) != 1 {
		t.Errorf("%d created with %d events, want 1 and 1", made.Load(), len(w.trail()))
	}
}
