package identity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

func TestACreatedUserIsNormalAndRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	admin := w.user("admin@local", identity.Admin)
	off := false
	u, err := w.CreateUser(t.Context(), person(admin), identity.UserDraft{
		Email: "\tEva@Example.ORG ", Password: "12345678", Active: &off,
	})
	if err != nil {
		t.Fatal(err)
	}
	if u.Email != "eva@example.org" || u.Role != identity.Employee || u.Active || !u.CreatedAt.Equal(noon) {
		t.Errorf("CreateUser = %+v, want a normal address, the role employee and no activity", u)
	}
	got, err := w.User(t.Context(), person(admin), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(u, got); diff != "" {
		t.Errorf("User mismatch (-want +got):\n%s", diff)
	}
	w.wantNews(1, happening{
		"admin.users.create", "user:" + admin.ID.String(), u.ID.String(),
		`{"email":"eva@example.org","role":"employee","is_active":false}`,
	})
}

func TestADraftThatBreaksRulesNamesTheFieldsAndNoValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	for _, c := range []struct {
		draft identity.UserDraft
		want  []string
	}{
		{identity.UserDraft{Email: "   ", Password: password}, []string{"email"}},
		{identity.UserDraft{Email: "a@", Password: password}, []string{"email"}},
		{identity.UserDraft{Email: "abc@", Password: password}, []string{"email"}},
		{identity.UserDraft{Email: "@abc", Password: password}, []string{"email"}},
		{identity.UserDraft{Email: "example.org", Password: password}, []string{"email"}},
		{identity.UserDraft{Email: "e\x00va@example.org", Password: password}, []string{"email"}},
		{identity.UserDraft{Email: "e va@example.org", Password: password}, []string{"email"}},
		{identity.UserDraft{Email: "e\xffva@example.org", Password: password}, []string{"email"}},
		{identity.UserDraft{Email: strings.Repeat("x", 244) + "@example.org", Password: password}, []string{"email"}},
		{identity.UserDraft{Email: "eva@example.org", Password: "1234567"}, []string{"password"}},
		{identity.UserDraft{Email: "eva@example.org", Password: strings.Repeat("x", 513)}, []string{"password"}},
		{identity.UserDraft{Email: "eva@example.org", Password: password, Role: "root"}, []string{"role"}},
		{identity.UserDraft{Email: "secret", Password: "secret", Role: "secret"}, []string{"email", "password", "role"}},
	} {
		_, err := w.CreateUser(t.Context(), identity.System, c.draft)
		wantFields(t, err, c.want...)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("err = %v, which repeats a value", err)
		}
	}
	for _, email := range []string{"admin@local", "a@b", strings.Repeat("ü", 243) + "@example.org"} {
		w.user(email, identity.Employee)
	}
}

func TestATakenAddressIsAConflictWithoutTheSlowHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	w.user("eva@example.org", identity.Employee)
	_, err := w.CreateUser(t.Context(), identity.System, identity.UserDraft{Email: "EVA@example.org", Password: password})
	wantKind(t, "CreateUser", err, fault.Conflict)
	w.wantNews(1, []happening{}...)
}

func TestAdministrationNeedsThePermission(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva, admin := w.user("eva@example.org", identity.Employee), w.user("admin@local", identity.Admin)
	limited := service(identity.Everything)
	limited.Workspaces = []uuid.UUID{someID()}
	calls := func(a identity.Actor) map[string]error {
		errs := map[string]error{}
		_, errs["CreateUser"] = w.CreateUser(t.Context(), a, identity.UserDraft{})
		_, errs["Users"] = w.Users(t.Context(), a, identity.Page{Limit: 10})
		_, errs["User"] = w.User(t.Context(), a, admin.ID)
		_, errs["Disable"] = w.Disable(t.Context(), a, admin.ID)
		_, errs["Enable"] = w.Enable(t.Context(), a, admin.ID)
		_, errs["ResetPassword"] = w.ResetPassword(t.Context(), a, admin.ID, password)
		errs["SignOutEverywhere"] = w.SignOutEverywhere(t.Context(), a, admin.ID)
		_, _, errs["CreateKey"] = w.CreateKey(t.Context(), a, identity.KeyDraft{})
		_, errs["Keys"] = w.Keys(t.Context(), a)
		errs["RevokeKey"] = w.RevokeKey(t.Context(), a, someID())
		return errs
	}
	for _, c := range []struct {
		name  string
		actor identity.Actor
		want  fault.Kind
	}{
		{"nobody", identity.Actor{}, fault.Unauthenticated},
		{"anonymous", identity.Actor{Kind: identity.Anonymous}, fault.Unauthenticated},
		{"an employee", person(eva), fault.Denied},
		{"a service without it", service(identity.DocumentsCreate, identity.AdminMetrics), fault.Denied},
		{"a service that is limited to workspaces", limited, fault.Denied},
	} {
		for call, err := range calls(c.actor) {
			wantKind(t, c.name+": "+call, err, c.want)
		}
	}
	w.wantNews(2, []happening{}...)
	for _, a := range []identity.Actor{person(admin), service(identity.AdminConfig), service(identity.Everything), identity.System} {
		if _, err := w.Users(t.Context(), a, identity.Page{Limit: 10}); err != nil {
			t.Errorf("Users as %v = %v, want none", a, err)
		}
	}
}

func TestUsersSeeThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	if got, err := w.User(t.Context(), person(eva), eva.ID); err != nil || got != eva {
		t.Errorf("User = %+v, %v, want eva", got, err)
	}
}

func TestUsersAreListedNewestFirstWithinBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	first, second := w.user("a@example.org", identity.Employee), w.user("b@example.org", identity.Employee)
	for _, c := range []struct {
		page identity.Page
		want []identity.User
	}{
		{identity.Page{Limit: 1 << 40, Offset: -5}, []identity.User{second, first}},
		{identity.Page{Limit: 1, Offset: 1}, []identity.User{first}},
		{identity.Page{Limit: -1}, nil},
		{identity.Page{}, nil},
	} {
		got, err := w.Users(t.Context(), identity.System, c.page)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("Users(%+v) mismatch (-want +got):\n%s", c.page, diff)
		}
	}
}

func TestDisablingAndEnablingAreRecordedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	for _, do := range []func() (identity.User, error){
		func() (identity.User, error) { return w.Disable(t.Context(), identity.System, eva.ID) },
		func() (identity.User, error) { return w.Disable(t.Context(), identity.System, eva.ID) },
		func() (identity.User, error) { return w.Enable(t.Context(), identity.System, eva.ID) },
		func() (identity.User, error) { return w.Enable(t.Context(), identity.System, eva.ID) },
	} {
		if _, err := do(); err != nil {
			t.Fatal(err)
		}
	}
	w.wantNews(1,
		happening{"admin.users.disable", "system", eva.ID.String(), `{"email":"eva@example.org","role":"employee","is_active":false}`},
		happening{"admin.users.enable", "system", eva.ID.String(), `{"email":"eva@example.org","role":"employee","is_active":true}`},
	)
	_, err := w.Disable(t.Context(), identity.System, someID())
	wantKind(t, "Disable of nobody", err, fault.NotFound)
}

func TestTheLastActiveAdminStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	a, b := w.user("a@example.org", identity.Admin), w.user("b@example.org", identity.Admin)
	w.user("eva@example.org", identity.Employee)
	var all sync.WaitGroup
	errs := make([]error, 2)
	for i, pair := range [][2]identity.User{{a, b}, {b, a}} {
		all.Go(func() { _, errs[i] = w.Disable(t.Context(), person(pair[0]), pair[1].ID) })
	}
	all.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("two admins who disable each other get %v and %v, want one to succeed", errs[0], errs[1])
	}
	for _, err := range errs {
		if err != nil {
			wantKind(t, "Disable", err, fault.Conflict)
		}
	}
}

func TestAResetPasswordRevokesTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	eva := w.user("eva@example.org", identity.Employee)
	s := w.signIn("eva@example.org")
	_, err := w.ResetPassword(t.Context(), identity.System, eva.ID, "short")
	wantFields(t, err, "password")
	_, err = w.ResetPassword(t.Context(), identity.System, someID(), "another password")
	wantKind(t, "ResetPassword of nobody", err, fault.NotFound)
	if _, err := w.ResetPassword(t.Context(), identity.System, eva.ID, "another password"); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.Authenticate(t.Context(), s.Token)
	wantKind(t, "Authenticate with the old token", err, fault.Unauthenticated)
	_, err = w.SignIn(t.Context(), "eva@example.org", password, "")
	wantKind(t, "SignIn with the old password", err, fault.Unauthenticated)
	if _, err := w.SignIn(t.Context(), "eva@example.org", "another password", ""); err != nil {
		t.Errorf("SignIn with the new password = %v, want none", err)
	}
	if got := w.trail()[2].Name; got != "admin.users.reset_password" {
		t.Errorf("event = %s, want admin.users.reset_password", got)
	}
}

func TestADeletedUserIsGoneFromTheirNextRequestOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	admin, eva := w.user("admin@local", identity.Admin), w.user("eva@example.org", identity.Employee)
	session := w.signIn("eva@example.org")
	before := len(w.trail())
	if err := w.DeleteUser(t.Context(), person(admin), eva.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.Authenticate(t.Context(), session.Token)
	wantKind(t, "Authenticate", err, fault.Unauthenticated)
	_, err = w.User(t.Context(), person(admin), eva.ID)
	wantKind(t, "User", err, fault.NotFound)
	wantKind(t, "DeleteUser again", w.DeleteUser(t.Context(), person(admin), eva.ID), fault.NotFound)
	if got := w.trail()[before:]; len(got) != 1 || got[0] != (happening{"admin.users.delete", "user:" + admin.ID.String(), eva.ID.String(), `{"role":"employee"}`}) {
		t.Errorf("the trail has %+v", got)
	}
}

func TestWhoMayNotBeDeletedIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	admin, eva := w.user("admin@local", identity.Admin), w.user("eva@example.org", identity.Employee)
	for _, c := range []struct {
		name string
		who  identity.Actor
		id   uuid.UUID
		kind fault.Kind
		why  string
	}{
		{"oneself", person(admin), admin.ID, fault.Conflict, "own_account"},
		{"the last administrator", identity.System, admin.ID, fault.Conflict, "last_admin"},
		{"anybody by an employee", person(eva), admin.ID, fault.Denied, ""},
		{"nobody", person(admin), someID(), fault.NotFound, ""},
	} {
		err := w.DeleteUser(t.Context(), c.who, c.id)
		wantKind(t, c.name, err, c.kind)
		if c.why != "" && fault.Of(err).Reason != c.why {
			t.Errorf("%s: the reason is %q, want %q", c.name, fault.Of(err).Reason, c.why)
		}
	}
}

func TestTheTrailLosesTheAddressOfADeletedUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	admin, eva := w.user("admin@local", identity.Admin), w.user("eva@example.org", identity.Employee)
	if _, err := w.SignIn(t.Context(), eva.Email, "wrong password", ""); err == nil {
		t.Fatal("a wrong password is taken")
	}
	if _, err := w.Disable(t.Context(), person(admin), eva.ID); err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(eva.Email))
	traces := func() (n int) {
		for _, h := range w.trail() {
			if strings.Contains(h.Data, eva.Email) || strings.Contains(h.Data, hex.EncodeToString(hash[:])) {
				n++
			}
		}
		return n
	}
	before := w.trail()
	if n := traces(); n != 3 {
		t.Fatalf("%d events tell the address, want those of making, failing and disabling", n)
	}
	if err := w.DeleteUser(t.Context(), person(admin), eva.ID); err != nil {
		t.Fatal(err)
	}
	if n := traces(); n != 0 {
		t.Errorf("%d events tell the address still: %+v", n, w.trail())
	}
	for i, h := range w.trail()[:len(before)] {
		was := before[i]
		if h.Subject == eva.ID.String() {
			h.Data, was.Data = "", ""
		}
		if h != was {
			t.Errorf("event %d is %+v, want %+v", i, h, was)
		}
	}
	if last := w.trail()[len(before)-1]; last.Data != `{"is_active":false,"role":"employee"}` {
		t.Errorf("the last event about the user tells %s", last.Data)
	}
}

func TestWhoOwnsWorkspacesIsDeletedAfterTheseAreArchived(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	admin, eva := w.user("admin@local", identity.Admin), w.user("eva@example.org", identity.Employee)
	spaces := workspace.New(w.store.Workspaces(), nil)
	ws, err := spaces.Create(t.Context(), person(admin), workspace.Draft{Name: "Papers", Owner: eva.ID})
	if err != nil {
		t.Fatal(err)
	}
	before := len(w.trail())
	err = w.DeleteUser(t.Context(), person(admin), eva.ID)
	if wantKind(t, "DeleteUser", err, fault.Conflict); fault.Of(err).Reason != "owns_workspaces" {
		t.Errorf("the reason is %q, want owns_workspaces", fault.Of(err).Reason)
	}
	if _, err := w.User(t.Context(), person(admin), eva.ID); err != nil || len(w.trail()) != before {
		t.Errorf("a refused deletion left %d events, and the user: %v", len(w.trail())-before, err)
	}
	if _, err := spaces.Archive(t.Context(), person(admin), ws.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteUser(t.Context(), person(admin), eva.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := spaces.Unarchive(t.Context(), person(admin), ws.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := spaces.Get(t.Context(), person(admin), ws.ID); err != nil || got.Owner != uuid.Nil {
		t.Errorf("the workspace is %+v, %v, want one that belongs to nobody", got, err)
	}
}
