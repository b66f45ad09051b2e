package sqlstore_test

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// aged is a database as the first version of its schema made it, with a row of each kind.
type aged struct{ driver, dsn, url, script string }

func agedSQLite(t *testing.T) aged {
	t.Helper()
	path := filepath.Join(t.TempDir(), "old.db")
	return aged{"sqlite", path, "sqlite:" + path, "testdata/first/sqlite.sql"}.made(t)
}

func agedPostgres(t *testing.T) aged {
	t.Helper()
	url := servers.Postgres(t)
	return aged{"pgx", url, url, "testdata/first/postgres.sql"}.made(t)
}

func (a aged) made(t *testing.T) aged {
	t.Helper()
	script, err := os.ReadFile(a.script)
	if err != nil {
		t.Fatal(err)
	}
	if a.driver == "pgx" {
		script = append([]byte("CREATE EXTENSION vector;\n"), script...)
	}
	db, err := sql.Open(a.driver, a.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), string(script)); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheFirstSchemaIsBroughtUpToDateWithItsData(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T) aged{"sqlite": agedSQLite, "postgres": agedPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := make(t)
			_, err := sqlstore.Open(t.Context(), a.url, &sqlstore.Options{KeepSchema: true})
			if !errors.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "ctl migrate") {
				t.Errorf("opening without migrating = %v, want a hint at `ctl migrate`", err)
			}
			s, err := sqlstore.Open(t.Context(), a.url, &sqlstore.Options{AnySchema: true})
			if err != nil {
				t.Fatal(err)
			}
			// The embedded profile's first index had a table of its own, which is gone.
			if _, err := s.Apply(t.Context(), sqlstore.ApplyOptions{}); name == "sqlite" && !errors.Is(err, fault.Conflict) {
				t.Errorf("a table was dropped unasked: %v", err)
			}
			if _, err := s.Apply(t.Context(), sqlstore.ApplyOptions{Destructive: true}); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			a.expectData(t)
		})
	}
}

// The atlas command does the same from the root of the repository.
func TestAtlasBringsTheFirstSchemaUpToDate(t *testing.T) {
	t.Parallel()
	atlas, err := exec.LookPath("atlas")
	if err != nil {
		t.Skip("there is no atlas command")
	}
	old := agedSQLite(t)
	large := agedPostgres(t)
	for _, args := range [][]string{
		{"--env", "sqlite", "--var", "sqlite_path=" + old.dsn},
		{"--env", "postgres", "--var", "postgres_url=" + large.dsn + "&search_path=public", "--var", "postgres_dev_url=" + servers.Postgres(t) + "&search_path=public"},
	} {
		command := exec.CommandContext(t.Context(), atlas, append([]string{"schema", "apply", "--auto-approve"}, args...)...)
		command.Dir = "../.."
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	old.expectData(t)
	large.expectData(t)
}

// expectData opens the database, whose schema has to be the newest, and expects the rows of the script.
func (a aged) expectData(t *testing.T) {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), a.url, &sqlstore.Options{KeepSchema: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	u, err := s.Users().ByEmail(t.Context(), "ada@example.com")
	if err != nil || u.Role != identity.Admin || u.TokenVersion != 3 || !u.Active {
		t.Errorf("the user is %+v, %v", u, err)
	}
	ws, err := s.Workspaces().Workspace(t.Context(), uuid.MustParse("0190a000-0000-7000-8000-000000000002"))
	if err != nil || ws.Name != "Old" || ws.Owner != u.ID {
		t.Errorf("the workspace is %+v, %v", ws, err)
	}
	scope, err := workspace.Reading(ws, identity.System)
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Documents().Document(t.Context(), scope, uuid.MustParse("0190a000-0000-7000-8000-000000000003"))
	if err != nil || d.Title != "Handbook" || d.Status != document.Failed || d.Failure.Code != "no_text" || d.Metadata["a"] != "b" {
		t.Errorf("the document is %+v, %v", d, err)
	}
	trail, err := s.Trail().Find(t.Context(), audit.Query{Limit: 10})
	if err != nil || len(trail) != 1 || trail[0].Name != "document.upload" {
		t.Errorf("the trail is %+v, %v", trail, err)
	}
	waiting, err := s.Backlog().Deliveries(t.Context(), event.Filter{State: event.Pending})
	if err != nil || len(waiting) != 1 || waiting[0].Event.Subject != d.ID.String() {
		t.Errorf("%+v, %v wait to be delivered", waiting, err)
	}
	messages, err := s.Conversations().Messages(t.Context(), scope, "user:"+u.ID.String(), uuid.MustParse("0190a000-0000-7000-8000-000000000005"), chat.MessagePage{Limit: 10})
	if err != nil || len(messages) != 1 || messages[0].Text != "Who?" {
		t.Errorf("the conversation is %+v, %v", messages, err)
	}
}
