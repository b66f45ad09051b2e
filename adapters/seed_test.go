package adapters_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// installation is a fresh one that programs start on.
type installation struct {
	*testing.T

	app *core.App
}

func newInstallation(t *testing.T) installation {
	t.Helper()
	app, _ := watchedApp(t, ops.Telemetry{Metrics: ops.NewMetrics(), Tracer: noop.NewTracerProvider().Tracer("")})
	return installation{t, app}
}

// start is a start of a program with these settings; it returns what that prints.
func (i installation) start(env map[string]string) string {
	i.Helper()
	local := map[string]string{"APP_ENV": "local"}
	maps.Copy(local, env)
	var out bytes.Buffer
	if err := adapters.FirstAdmin(i.Context(), config(i.T, local), i.app, &out); err != nil {
		i.Errorf("start with %v: %v", env, err)
	}
	return out.String()
}

// users are the roles of all users.
func (i installation) users() map[string]identity.Role {
	i.Helper()
	all, err := i.app.Accounts.Users(i.Context(), identity.System, identity.Page{Limit: 100})
	if err != nil {
		i.Fatal(err)
	}
	out := map[string]identity.Role{}
	for _, u := range all {
		out[u.Email] = u.Role
	}
	return out
}

func (i installation) signIn(email, password string) (identity.User, error) {
	s, err := i.app.Accounts.SignIn(i.Context(), email, password, "")
	return s.User, err
}

// workspaces are the names of all workspaces, each with its owner.
func (i installation) workspaces() []string {
	i.Helper()
	all, err := i.app.Workspaces.List(i.Context(), identity.System, workspace.Filter{Archived: true, Limit: 100})
	if err != nil {
		i.Fatal(err)
	}
	out := []string{}
	for _, w := range all {
		u, err := i.app.Accounts.User(i.Context(), identity.System, w.Owner)
		if err != nil {
			i.Fatal(err)
		}
		out = append(out, u.Email+": "+w.Name+" "+string(w.Visibility))
	}
	slices.Sort(out)
	return out
}

func TestTheSeededAdministratorIsWhomTheSettingsDescribe(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	seed := map[string]string{
		"DEV_SEED_ADMIN": "yes", "DEV_SEED_ADMIN_EMAIL": " Ana@Local ", "DEV_SEED_ADMIN_PASSWORD": "one", "DEV_SEED_ADMIN_ROLE": "Employee",
	}
	for range 2 {
		if out := i.start(seed); out != "" {
			t.Errorf("a start with a seed prints %q", out)
		}
	}
	if diff := cmp.Diff(map[string]identity.Role{"ana@local": identity.Employee}, i.users()); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	seed["DEV_SEED_ADMIN_PASSWORD"], seed["DEV_SEED_ADMIN_ROLE"] = "two", "admin"
	i.start(seed)
	if _, err := i.signIn("ana@local", "one"); err != nil {
		t.Errorf("the user who was there can't sign in any more: %v", err)
	}
	seed["DEV_SEED_ADMIN_FORCE_RESET"] = "on"
	i.start(seed)
	if u, err := i.signIn("ana@local", "two"); err != nil || u.Role != identity.Admin {
		t.Errorf("after a forced reset: %+v, %v", u, err)
	}
}

func TestTheDemonstrationHasPeopleWithAWorkspaceEachHoweverOftenItStarts(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	var starts sync.WaitGroup
	for range 3 { // processes that start at once
		starts.Go(func() { i.start(map[string]string{"DEV_SEED_DEMO": "1"}) })
	}
	starts.Wait()
	want := map[string]identity.Role{"admin@local": identity.Admin, "employee1@local": identity.Employee, "employee2@local": identity.Employee}
	if diff := cmp.Diff(want, i.users()); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	for email := range want {
		if _, err := i.signIn(strings.ToUpper(email), strings.TrimSuffix(email, "@local")); err != nil {
			t.Errorf("%s can't sign in: %v", email, err)
		}
	}
	rooms := []string{"admin@local: Admin Workspace PRIVATE", "employee1@local: Employee1 Workspace PRIVATE", "employee2@local: Employee2 Workspace PRIVATE"}
	if diff := cmp.Diff(rooms, i.workspaces()); diff != "" {
		t.Errorf("workspaces (-want +got):\n%s", diff)
	}
	all, err := i.app.Workspaces.List(t.Context(), identity.System, workspace.Filter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.app.Workspaces.Archive(t.Context(), identity.System, all[0].ID); err != nil {
		t.Fatal(err)
	}
	i.start(map[string]string{"DEV_SEED_DEMO": "1"})
	if diff := cmp.Diff(rooms, i.workspaces()); diff != "" {
		t.Errorf("workspaces after one was archived (-want +got):\n%s", diff)
	}
}

func TestTheAdministratorForTestsIsMadeOnceAndNeverReset(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	for _, password := range []string{"first", "second"} {
		i.start(map[string]string{"APP_ENV": "ci", "E2E_SEED_ADMIN": "1", "E2E_ADMIN_EMAIL": "E2E@Local", "E2E_ADMIN_PASSWORD": password})
	}
	if u, err := i.signIn("e2e@local", "first"); err != nil || u.Role != identity.Admin {
		t.Errorf("the administrator for tests: %+v, %v", u, err)
	}
}

func TestWithoutSeedsAProgramMakesAnAdministratorOnceAndNobodyInProduction(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	production := map[string]string{
		"APP_ENV": "production", "JWT_SECRET": strings.Repeat("0123456789abcdef", 2), "JWT_COOKIE_SECURE": "1", "METRICS_REQUIRE_AUTH": "1",
	}
	if out := i.start(production); out != "" || len(i.users()) != 0 {
		t.Errorf("in production it prints %q and makes %v", out, i.users())
	}
	first := i.start(nil)
	_, after, _ := strings.Cut(first, "password  ")
	password, _, _ := strings.Cut(after, "\n")
	if u, err := i.signIn("admin@local", password); err != nil || u.Role != identity.Admin {
		t.Errorf("the administrator with the password that was printed: %+v, %v", u, err)
	}
	if out := i.start(nil); out != "" || len(i.users()) != 1 {
		t.Errorf("the second start prints %q and leaves %v", out, i.users())
	}
}

func TestMetricsOfAWorkerTakeThePermissionWhenTheSettingsSaySo(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	if adapters.MetricsAccess(config(t, nil), i.app) != nil {
		t.Error("without METRICS_REQUIRE_AUTH somebody is asked for a key")
	}
	allow := adapters.MetricsAccess(config(t, map[string]string{"METRICS_REQUIRE_AUTH": "1"}), i.app)
	key := func(p identity.Permission) string {
		_, secret, err := i.app.Accounts.CreateKey(t.Context(), identity.System, identity.KeyDraft{Name: "k", Permissions: []identity.Permission{p}})
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	for secret, want := range map[string]error{
		"": fault.Unauthenticated, "rk_unknown": fault.Denied, key(identity.QueryAsk): fault.Denied, key(identity.AdminMetrics): nil, key(identity.Everything): nil,
	} {
		if err := allow(t.Context(), secret); !errors.Is(err, want) {
			t.Errorf("a key = %v, want %v", err, want)
		}
	}
}
