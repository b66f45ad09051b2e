package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// app opens the installation, as a program would.
func (w *world) app() *core.App {
	w.t.Helper()
	c, err := adapters.ConfigFrom(w.env)
	if err != nil {
		w.t.Fatal(err)
	}
	app, closeApp, err := openApp(context.Background(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(closeApp)
	return app
}

func TestMigrateShowsThePlanAndAppliesItOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "AUTO_MIGRATE=0")
	dry := w.must("migrate", "--dry-run")
	if !strings.Contains(dry, "CREATE TABLE `documents`") || !strings.Contains(dry, "nothing was changed") {
		t.Errorf("migrate --dry-run says:\n%s", dry)
	}
	if r := w.ctl("", "keys", "list"); r.code != exitFailed || !strings.Contains(r.stderr, "ctl migrate") {
		t.Errorf("keys list on an old schema: exit code %d, %q", r.code, r.stderr)
	}
	type planned struct {
		Statements []string
		Applied    bool
	}
	if p := decode[planned](w, "migrate", "--json"); !p.Applied || len(p.Statements) < 10 {
		t.Errorf("migrate: %v, %d statements", p.Applied, len(p.Statements))
	}
	if out := w.must("migrate"); out != "The schema is up to date.\n" {
		t.Errorf("migrate once more says %q", out)
	}
	if p := decode[planned](w, "migrate", "--json"); p.Applied || p.Statements == nil || len(p.Statements) != 0 {
		t.Errorf("migrate once more: %+v, want an empty list", p)
	}
	w.must("keys", "list")
}

func TestMigrateRefusesToDestroyDataUnlessTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("migrate")
	db, err := sql.Open("sqlite", filepath.Join(w.env["DATA_DIR"], "ragcorp.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), "CREATE TABLE leftover (x TEXT)"); err != nil {
		t.Fatal(err)
	}
	if r := w.ctl("", "migrate"); r.code != exitFailed || !strings.Contains(r.stderr, "table leftover") {
		t.Errorf("migrate: exit code %d, %q", r.code, r.stderr)
	}
	if out := w.must("migrate", "--allow-destructive"); !strings.Contains(out, "DROP TABLE `leftover`") {
		t.Errorf("migrate --allow-destructive says:\n%s", out)
	}
}

func TestAdminCreateMakesAUserOnceAndTakesThePasswordFromStdin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.ctl("correct horse\nignored", "admin", "create", "--email", " Root@Example.com ", "--password-stdin")
	if r.code != exitOK || !strings.Contains(r.stdout, "root@example.com") || strings.Contains(r.stdout+r.stderr, "correct horse") {
		t.Fatalf("admin create: exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
	type shown struct {
		ID, Email, Role string
		Active          bool `json:"is_active"`
		Created         bool
	}
	again := decode[shown](w, "admin", "create", "--email", "root@example.com", "--role", "employee", "--inactive", "--json")
	if again.Created || again.Role != "admin" || !again.Active {
		t.Errorf("admin create for somebody who is there: %+v, want no change and no question", again)
	}
	if _, err := w.app().Accounts.SignIn(context.Background(), "root@example.com", "correct horse", ""); err != nil {
		t.Errorf("sign in: %v", err)
	}
	r = w.ctl("12345678", "admin", "create", "--email", "e@example.com", "--role", "Employee", "--inactive", "--password-stdin", "--json")
	if r.code != exitOK || !strings.Contains(r.stdout, `"role": "employee"`) || !strings.Contains(r.stdout, `"is_active": false`) {
		t.Errorf("admin create of an inactive employee: exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
	for _, short := range []string{"", "1234567", strings.Repeat("x", 513)} {
		if r := w.ctl(short, "admin", "create", "--email", "new@example.com", "--password-stdin"); r.code != exitFailed || !strings.Contains(r.stderr, "8 to 512") {
			t.Errorf("a password of %d characters: exit code %d, %q", len(short), r.code, r.stderr)
		}
	}
}

func TestAdminCreateAsksForThePasswordTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask = &answers{[]string{"a@example.com", "correct horse", "correct house"}}
	if r := w.ctl("", "admin", "create"); r.code != exitFailed || !strings.Contains(r.stderr, "differ") {
		t.Errorf("two different passwords: exit code %d, %q", r.code, r.stderr)
	}
	w.ask = &answers{[]string{"a@example.com", "correct horse", "correct horse"}}
	if r := w.ctl("", "admin", "create"); r.code != exitOK || !strings.Contains(r.stdout, "a@example.com") {
		t.Errorf("admin create: exit code %d, %q, %q", r.code, r.stdout, r.stderr)
	}
}

func TestKeysAreMadeListedAndRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ws := uuid.NewString()
	made := decode[struct {
		ID, Key     string
		Permissions []string
		Workspaces  []string `json:"workspace_ids"`
		ExpiresAt   *string  `json:"expires_at"`
	}](w, "keys", "create", "--name", "robot", "--permission", "query:search,documents:read", "--permission", "query:ask",
		"--workspace", ws, "--expires", "24h", "--json")
	if len(made.Permissions) != 3 || !slices.Equal(made.Workspaces, []string{ws}) || made.ExpiresAt == nil {
		t.Errorf("keys create: %+v", made)
	}
	actor, err := w.app().Accounts.AuthenticateKey(context.Background(), made.Key)
	if err != nil || !actor.Can(identity.QueryAsk) || actor.Can(identity.DocumentsDelete) {
		t.Errorf("authenticate: %+v, %v", actor, err)
	}
	list := w.must("keys", "list")
	if !strings.Contains(list, "robot") || !strings.Contains(list, "valid") || strings.Contains(list, made.Key) {
		t.Errorf("keys list says:\n%s", list)
	}
	w.must("keys", "revoke", made.ID)
	if list := w.must("keys", "list"); !strings.Contains(list, "revoked") {
		t.Errorf("keys list after revoking says:\n%s", list)
	}
	if r := w.ctl("", "keys", "revoke", uuid.NewString()); r.code != exitFailed {
		t.Errorf("revoking a key that isn't there: exit code %d", r.code)
	}
	if r := w.ctl("", "keys", "create", "--name", "x", "--permission", "everything"); r.code != exitFailed || !strings.Contains(r.stderr, "query:search") {
		t.Errorf("an unknown permission: exit code %d, %q", r.code, r.stderr)
	}
}

// upload makes a document that waits to be processed, and returns the id of the work.
func (w *world) upload() string {
	w.t.Helper()
	ctx, app := context.Background(), w.app()
	ws, err := app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: uuid.NewString()})
	if err != nil {
		w.t.Fatal(err)
	}
	in := document.Incoming{Name: "travel.txt", Body: strings.NewReader("Trains are booked by the travel desk.")}
	if _, _, err := app.Documents.Upload(ctx, identity.System, ws.ID, in, document.Details{}); err != nil {
		w.t.Fatal(err)
	}
	found, err := app.Jobs(ctx, identity.System, event.Filter{Workspace: ws.ID})
	if err != nil || len(found) != 1 {
		w.t.Fatalf("jobs = %v, %v", found, err)
	}
	return found[0].Event.ID.String()
}

// bury makes all work that waits dead, as workers do when its tries are used up.
func (w *world) bury() {
	w.t.Helper()
	ctx := context.Background()
	c, err := adapters.ConfigFrom(w.env)
	if err != nil {
		w.t.Fatal(err)
	}
	store, closeStore, err := adapters.OpenStore(ctx, c)
	if err != nil {
		w.t.Fatal(err)
	}
	defer closeStore()
	claimed, err := store.Events().Claim(ctx, event.Claim{Max: 10, Lease: time.Minute, Now: time.Now()})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range claimed {
		if err := store.Events().Bury(ctx, d.Lease, time.Now(), "no luck\x1b[31m at all"); err != nil {
			w.t.Fatal(err)
		}
	}
}

type listed struct{ Jobs []jobJSON }

func TestJobsAreListedByState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.upload()
	if jobs := decode[listed](w, "jobs", "list", "--json").Jobs; len(jobs) != 1 || jobs[0].ID.String() != id || jobs[0].State != "pending" {
		t.Errorf("jobs list: %+v", jobs)
	}
	if jobs := decode[listed](w, "jobs", "list", "--state", "dead", "--json").Jobs; jobs == nil || len(jobs) != 0 {
		t.Errorf("dead jobs: %+v, want an empty list", jobs)
	}
	w.bury()
	out := w.must("jobs", "list", "--state", "dead", "--topic", document.TopicIngest)
	if !strings.Contains(out, id) || !strings.Contains(out, "no luck [31m at all") {
		t.Errorf("jobs list says:\n%q", out)
	}
}

func TestDeadJobsAreReplayedAndDiscarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.upload()
	for _, verb := range []string{"replay", "discard"} {
		if r := w.ctl("", "jobs", verb, "--id", first); r.code != exitFailed || !strings.Contains(r.stderr, "no dead work") {
			t.Errorf("jobs %s of work that isn't dead: exit code %d, %q", verb, r.code, r.stderr)
		}
	}
	w.upload()
	w.bury()
	if out := w.must("jobs", "replay", "--id", first); out != "1 due again\n" {
		t.Errorf("jobs replay of one says %q", out)
	}
	if jobs := decode[listed](w, "jobs", "list", "--state", "pending", "--json").Jobs; len(jobs) != 1 || jobs[0].ID.String() != first {
		t.Errorf("pending after replaying one: %+v", jobs)
	}
	if out := w.must("jobs", "discard", "--topic", document.TopicIngest); out != "1 given up\n" {
		t.Errorf("jobs discard says %q", out)
	}
	if out := w.must("jobs", "replay"); out != "0 due again\n" {
		t.Errorf("jobs replay of nothing says %q", out)
	}
}

func TestDoctorFindsAFreshInstallationWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "JWT_SECRET=a-secret-for-this-test", "CHUNK_SIZE=500")
	out := w.must("doctor")
	for _, want := range []string{"CHUNK_SIZE", "security", "database", "schema", "blob store", "embedder", "generator", "parser"} {
		if !strings.Contains(out, want) {
			t.Errorf("doctor doesn't mention %s:\n%s", want, out)
		}
	}
	if strings.Contains(out, "a-secret-for-this-test") || strings.Contains(out, "FAILED") {
		t.Errorf("doctor says:\n%s", out)
	}
	diagnosis := decode[struct {
		OK       bool
		Settings []struct {
			Name, Value string
			Default     bool
		}
		Checks []finding
	}](w, "doctor", "--json")
	if !diagnosis.OK || len(diagnosis.Settings) < 40 || len(diagnosis.Checks) != len(checks()) {
		t.Errorf("doctor --json: %v, %d settings, %+v", diagnosis.OK, len(diagnosis.Settings), diagnosis.Checks)
	}
}

func TestDoctorTellsWhatFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "AUTO_MIGRATE=0", "BLOB_URL=file:"+filepath.ToSlash(filepath.Join(file, "blobs")), "LLM_URL=oracle://me:sesame@delphi", "API_KEYS_CONFIG={")
	r := w.ctl("", "doctor")
	if r.code != exitFailed || !strings.Contains(r.stderr, "4 of 12 checks failed") {
		t.Errorf("doctor: exit code %d, %q\n%s", r.code, r.stderr, r.stdout)
	}
	if strings.Contains(r.stdout+r.stderr, "sesame") {
		t.Errorf("doctor shows a password:\n%s", r.stdout)
	}
	if !strings.Contains(r.stdout, "run `ctl migrate`") {
		t.Errorf("doctor doesn't say what to do about the schema:\n%s", r.stdout)
	}
}
