package coretest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// Identity is the part of a store that the suites of users and keys look at. core.Store has it.
type Identity interface {
	Users() identity.Users
	Keys() identity.Keys
	Events() event.Log
}

// TestUsers checks identity.Users. open returns an empty store that is closed when the test ends.
func TestUsers[S Identity](t *testing.T, open func(*testing.T) S) {
	for name, check := range map[string]func(*testing.T, Identity){
		"events about a deleted user lose the address, others don't":   deletedUserHasNoAddress,
		"a created user is found by id and by e-mail address":          createdUserIsFound,
		"a user who does not exist is not found":                       unknownUserIsNotFound,
		"a taken e-mail address is a conflict and leaves no trace":     takenAddressIsConflict,
		"of many who take one e-mail address at once one gets it":      oneGetsTheAddress,
		"the list is newest first, ties by id descending, in pages":    usersAreListedInPages,
		"an update writes the user and the events":                     updateWritesUserAndEvents,
		"a failed change leaves no trace":                              failedChangeLeavesNoTrace,
		"an update can't take the e-mail address of another user":      updateCantTakeAddress,
		"updates at once all count":                                    updatesAtOnceAllCount,
		"an update knows the other active admins":                      updateKnowsOtherAdmins,
		"of two admins who disable each other at once one stays":       oneAdminStays,
		"what a change does to the id of a user has no effect":         idCantBeChanged,
		"a time is kept in microseconds and comes back in UTC":         userTimesAreUTC,
		"text in a user's row comes back as it was, quotes included":   userTextIsData,
		"an event that is written with a user is due like any other":   eventOfCreateIsDue,
		"a conflict on creating writes none of the events that come":   conflictWritesNoEvents,
		"a deleted user is gone with the events written":               deletedUserIsGone,
		"a refused deletion leaves no trace":                           refusedDeletionLeavesNoTrace,
		"a page without a limit or past the end is empty and no error": emptyPages,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

// identityTime is when the worlds of these suites begin.
func identityTime() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC) }

func newUser(email string, role identity.Role) identity.User {
	return identity.User{
		ID: uuid.Must(uuid.NewV7()), Email: email, PasswordHash: "hash of " + email, Role: role, Active: true,
		TokenVersion: 3, CreatedAt: identityTime(),
	}
}

func addUser(t *testing.T, s Identity, u identity.User, events ...event.Event) identity.User {
	t.Helper()
	if err := s.Users().Create(t.Context(), u, events...); err != nil {
		t.Fatalf("Create(%s) = %v, want none", u.Email, err)
	}
	return u
}

// news makes an event that shows in eventNames.
func news(name string) event.Event {
	return event.New(name, "system", identityTime(), nil).For("identity")
}

// eventNames returns the names of the events that were written with news since it was last called.
func eventNames(t *testing.T, s Identity) []string {
	t.Helper()
	due, err := s.Events().Claim(t.Context(), event.Claim{Max: 100, Lease: 24 * time.Hour, Now: identityTime().Add(time.Hour)})
	if err != nil {
		t.Fatalf("Claim = %v, want none", err)
	}
	names := make([]string, 0, len(due))
	for _, d := range due {
		names = append(names, d.Event.Name)
	}
	slices.Sort(names)
	return names
}

func wantEvents(t *testing.T, s Identity, want ...string) {
	t.Helper()
	if got := eventNames(t, s); !slices.Equal(got, want) {
		t.Errorf("events = %q, want %q", got, want)
	}
}

func wantUser(t *testing.T, s Identity, want identity.User) {
	t.Helper()
	got, err := s.Users().User(t.Context(), want.ID)
	if err != nil {
		t.Fatalf("User(%s) = %v, want none", want.ID, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("User mismatch (-want +got):\n%s", diff)
	}
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s = %v, want fault %s", what, err, kind)
	}
}

func createdUserIsFound(t *testing.T, s Identity) {
	eva := addUser(t, s, newUser("eva@example.org", identity.Employee))
	off := newUser("off@example.org", identity.Admin)
	off.Active, off.TokenVersion = false, 0
	addUser(t, s, off)
	wantUser(t, s, eva)
	wantUser(t, s, off)
	got, err := s.Users().ByEmail(t.Context(), "eva@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(eva, got); diff != "" {
		t.Errorf("ByEmail mismatch (-want +got):\n%s", diff)
	}
}

func unknownUserIsNotFound(t *testing.T, s Identity) {
	_, err := s.Users().User(t.Context(), uuid.Must(uuid.NewV7()))
	wantKind(t, "User", err, fault.NotFound)
	_, err = s.Users().ByEmail(t.Context(), "nobody@example.org")
	wantKind(t, "ByEmail", err, fault.NotFound)
	_, err = s.Users().Update(t.Context(), uuid.Must(uuid.NewV7()), func(*identity.User, int) ([]event.Event, error) {
		t.Error("change was called for a user who does not exist")
		return nil, nil
	})
	wantKind(t, "Update", err, fault.NotFound)
}

func takenAddressIsConflict(t *testing.T, s Identity) {
	first := addUser(t, s, newUser("eva@example.org", identity.Employee))
	second := newUser("eva@example.org", identity.Admin)
	wantKind(t, "Create", s.Users().Create(t.Context(), second), fault.Conflict)
	_, err := s.Users().User(t.Context(), second.ID)
	wantKind(t, "User", err, fault.NotFound)
	wantUser(t, s, first)
}

func conflictWritesNoEvents(t *testing.T, s Identity) {
	addUser(t, s, newUser("eva@example.org", identity.Employee))
	err := s.Users().Create(t.Context(), newUser("eva@example.org", identity.Employee), news("created"))
	wantKind(t, "Create", err, fault.Conflict)
	wantEvents(t, s)
}

func oneGetsTheAddress(t *testing.T, s Identity) {
	const many = 20
	errs := make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			errs[i] = s.Users().Create(t.Context(), newUser("eva@example.org", identity.Employee), news("created"))
		})
	}
	all.Wait()
	created := 0
	for _, err := range errs {
		if err == nil {
			created++
			continue
		}
		wantKind(t, "Create", err, fault.Conflict)
	}
	if created != 1 {
		t.Errorf("%d of %d got the address, want 1", created, many)
	}
	wantEvents(t, s, "created")
}

func usersAreListedInPages(t *testing.T, s Identity) {
	var want []string
	for i := range 7 {
		u := newUser(fmt.Sprintf("user%d@example.org", i), identity.Employee)
		u.CreatedAt = u.CreatedAt.Add(time.Duration(i/3) * time.Second) // three share each time
		addUser(t, s, u)
		want = append(want, u.Email)
	}
	slices.Reverse(want) // ids of version 7 ascend
	var got []string
	for offset := 0; offset < 9; offset += 3 {
		page, err := s.Users().List(t.Context(), identity.Page{Limit: 3, Offset: offset})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			got = append(got, u.Email)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("List mismatch (-want +got):\n%s", diff)
	}
}

func emptyPages(t *testing.T, s Identity) {
	addUser(t, s, newUser("eva@example.org", identity.Employee))
	for _, p := range []identity.Page{{}, {Limit: 0, Offset: 0}, {Limit: 5, Offset: 1}, {Limit: 5, Offset: 1 << 40}} {
		got, err := s.Users().List(t.Context(), p)
		if err != nil || len(got) != 0 {
			t.Errorf("List(%+v) = %v, %v, want none", p, got, err)
		}
	}
}

func updateWritesUserAndEvents(t *testing.T, s Identity) {
	u := addUser(t, s, newUser("eva@example.org", identity.Employee))
	want := u
	want.Email, want.PasswordHash, want.Role, want.Active, want.TokenVersion = "eve@example.org", "new", identity.Admin, false, 4
	got, err := s.Users().Update(t.Context(), u.ID, func(now *identity.User, _ int) ([]event.Event, error) {
		if diff := cmp.Diff(u, *now); diff != "" {
			t.Errorf("change got another user (-want +got):\n%s", diff)
		}
		*now = want
		return []event.Event{news("one"), news("two")}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Update mismatch (-want +got):\n%s", diff)
	}
	wantUser(t, s, want)
	wantEvents(t, s, "one", "two")
}

func failedChangeLeavesNoTrace(t *testing.T, s Identity) {
	u := addUser(t, s, newUser("eva@example.org", identity.Employee))
	stop := errors.New("no")
	_, err := s.Users().Update(t.Context(), u.ID, func(now *identity.User, _ int) ([]event.Event, error) {
		now.Email, now.Active = "other@example.org", false
		return []event.Event{news("changed")}, stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("Update = %v, want the error of the change", err)
	}
	wantUser(t, s, u)
	wantEvents(t, s)
}

func updateCantTakeAddress(t *testing.T, s Identity) {
	addUser(t, s, newUser("eva@example.org", identity.Employee))
	moritz := addUser(t, s, newUser("max@example.org", identity.Employee))
	_, err := s.Users().Update(t.Context(), moritz.ID, func(u *identity.User, _ int) ([]event.Event, error) {
		u.Email = "eva@example.org"
		return []event.Event{news("changed")}, nil
	})
	wantKind(t, "Update", err, fault.Conflict)
	wantUser(t, s, moritz)
	wantEvents(t, s)
}

func updatesAtOnceAllCount(t *testing.T, s Identity) {
	const many = 20
	u := addUser(t, s, newUser("eva@example.org", identity.Admin))
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			_, err := s.Users().Update(t.Context(), u.ID, func(u *identity.User, _ int) ([]event.Event, error) {
				u.TokenVersion++
				return []event.Event{news("raised")}, nil
			})
			if err != nil {
				t.Errorf("Update = %v, want none", err)
			}
		})
	}
	all.Wait()
	u.TokenVersion += many
	wantUser(t, s, u)
	if got := len(eventNames(t, s)); got != many {
		t.Errorf("%d events were written, want %d", got, many)
	}
}

func updateKnowsOtherAdmins(t *testing.T, s Identity) {
	admin := addUser(t, s, newUser("a@example.org", identity.Admin))
	addUser(t, s, newUser("b@example.org", identity.Admin))
	employee := addUser(t, s, newUser("c@example.org", identity.Employee))
	off := newUser("d@example.org", identity.Admin)
	off.Active = false
	addUser(t, s, off)
	for id, want := range map[uuid.UUID]int{admin.ID: 1, employee.ID: 2, off.ID: 2} {
		_, err := s.Users().Update(t.Context(), id, func(_ *identity.User, others int) ([]event.Event, error) {
			if others != want {
				t.Errorf("others = %d, want %d", others, want)
			}
			return nil, nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func oneAdminStays(t *testing.T, s Identity) {
	pair := []identity.User{
		addUser(t, s, newUser("a@example.org", identity.Admin)), addUser(t, s, newUser("b@example.org", identity.Admin)),
	}
	last := errors.New("the last one")
	var all sync.WaitGroup
	for _, u := range pair {
		all.Go(func() {
			_, err := s.Users().Update(t.Context(), u.ID, func(u *identity.User, others int) ([]event.Event, error) {
				if others == 0 {
					return nil, last
				}
				u.Active = false
				return nil, nil
			})
			if err != nil && !errors.Is(err, last) {
				t.Errorf("Update = %v, want none or the error of the change", err)
			}
		})
	}
	all.Wait()
	active := 0
	for _, u := range pair {
		now, err := s.Users().User(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		if now.Active {
			active++
		}
	}
	if active != 1 {
		t.Errorf("%d admins stay active, want 1", active)
	}
}

func idCantBeChanged(t *testing.T, s Identity) {
	eva := addUser(t, s, newUser("eva@example.org", identity.Employee))
	moritz := addUser(t, s, newUser("max@example.org", identity.Employee))
	got, err := s.Users().Update(t.Context(), eva.ID, func(u *identity.User, _ int) ([]event.Event, error) {
		u.ID, u.TokenVersion = moritz.ID, 9
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	eva.TokenVersion = 9
	if diff := cmp.Diff(eva, got); diff != "" {
		t.Errorf("Update mismatch (-want +got):\n%s", diff)
	}
	wantUser(t, s, eva)
	wantUser(t, s, moritz)
}

func userTimesAreUTC(t *testing.T, s Identity) {
	u := newUser("eva@example.org", identity.Employee)
	u.CreatedAt = identityTime().Add(789 * time.Nanosecond).In(time.FixedZone("east", 2*60*60))
	addUser(t, s, u)
	u.CreatedAt = identityTime()
	wantUser(t, s, u)
}

func userTextIsData(t *testing.T, s Identity) {
	u := newUser(`o'neill"?\'; --@exämple.org`, identity.Employee)
	u.PasswordHash = "$argon2id$v=19$m=65536,t=3,p=4$?$'"
	addUser(t, s, u)
	wantUser(t, s, u)
	if _, err := s.Users().ByEmail(t.Context(), u.Email); err != nil {
		t.Errorf("ByEmail = %v, want none", err)
	}
	_, err := s.Users().ByEmail(t.Context(), "' OR 1=1 --")
	wantKind(t, "ByEmail", err, fault.NotFound)
}

func eventOfCreateIsDue(t *testing.T, s Identity) {
	addUser(t, s, newUser("eva@example.org", identity.Employee), news("created"))
	wantEvents(t, s, "created")
	wantEvents(t, s)
}
