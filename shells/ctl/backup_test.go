package main

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/archive"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// seen is everything that people can see of an installation.
type seen struct {
	Users         []identity.User
	Keys          []identity.Key
	Workspaces    []workspace.Workspace
	Documents     []document.Document
	Originals     []string
	Texts         []string
	Conversations []chat.Conversation
	Messages      []chat.Message
	Trail         []event.Event
	Jobs          []event.Delivery
	Hits          []retrieval.Hit
}

// must returns v, or ends the test.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func look(t *testing.T, app *core.App) seen {
	t.Helper()
	ctx, sys := context.Background(), identity.System
	s := seen{
		Users:      must(app.Accounts.Users(ctx, sys, identity.Page{Limit: 100}))(t),
		Keys:       must(app.Accounts.Keys(ctx, sys))(t),
		Workspaces: must(app.Workspaces.List(ctx, sys, workspace.Filter{Archived: true, Limit: 100}))(t),
		Trail:      must(app.Audit.List(ctx, sys, audit.Search{Limit: 1000}))(t),
		Jobs:       must(app.Jobs(ctx, sys, event.Filter{Limit: 1000}))(t),
	}
	for _, ws := range s.Workspaces {
		docs, _, err := app.Documents.List(ctx, sys, ws.ID, document.Query{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		s.Documents = append(s.Documents, docs...)
		for _, d := range docs {
			_, r, err := app.Documents.Open(ctx, sys, ws.ID, d.ID)
			if err != nil {
				t.Fatalf("original of %s: %v", d.Title, err)
			}
			s.Originals = append(s.Originals, string(must(io.ReadAll(r))(t)))
			_ = r.Close()
			if text, err := app.Documents.Text(ctx, sys, ws.ID, d.ID); err == nil {
				s.Texts = append(s.Texts, text.Body)
			}
		}
		for _, arms := range []retrieval.Arms{retrieval.AllArms, retrieval.LexicalArm, retrieval.DenseArm} {
			for _, q := range []string{"Who books trains?", "lamps in the cellar", "approval of a director"} {
				found := must(app.Search.Search(ctx, sys, ws.ID, retrieval.Query{Text: q, K: 10, Arms: arms}))(t)
				s.Hits = append(s.Hits, found.Hits...)
			}
		}
		conversations := must(app.Chat.Conversations(ctx, sys, ws.ID, chat.Page{Limit: 100}))(t)
		s.Conversations = append(s.Conversations, conversations...)
		for _, c := range conversations {
			s.Messages = append(s.Messages, must(app.Chat.Messages(ctx, sys, ws.ID, c.ID, chat.MessagePage{Limit: 100}))(t)...)
		}
	}
	return s
}

// furnish fills an installation with some of everything, and returns the secret of a key.
func (w *world) furnish() (key string) {
	t, ctx, sys := w.t, context.Background(), identity.System
	t.Helper()
	w.upload() // an own workspace, with a document whose work is dead
	w.bury()
	app := w.app()
	user := must(app.Accounts.CreateUser(ctx, sys, identity.UserDraft{Email: "ann@example.com", Password: "correct horse", Role: identity.Employee}))(t)
	_, key, err := app.Accounts.CreateKey(ctx, sys, identity.KeyDraft{Name: "robot", Permissions: []identity.Permission{identity.QuerySearch}})
	if err != nil {
		t.Fatal(err)
	}
	ws := must(app.Workspaces.Create(ctx, sys, workspace.Draft{Name: "Handbook"}))(t).ID
	must(app.Workspaces.Share(ctx, sys, ws, []uuid.UUID{user.ID}))(t)
	var ids []document.ID
	for _, f := range []struct{ name, text string }{
		{"travel.md", "# Travel\n\nTrains are booked by the travel desk.\n\n## Flights\n\nFlights need the approval of a director.\n"},
		{"cellar.txt", "The lamps in the cellar are to be switched off at night. ¿Quién apaga las lámparas? \u2028 <b>&amp;</b>"},
		{"gone.txt", "Trains that are gone answer nothing in the cellar."},
		{"empty.html", "<p></p>"},
	} {
		d, _, err := app.Documents.Upload(ctx, sys, ws, document.Incoming{Name: f.name, Body: strings.NewReader(f.text)}, document.Details{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, d.ID)
		if err := app.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if f.name == "gone.txt" {
			must(true, app.Documents.Delete(ctx, sys, ws, d.ID))(t) // its purge waits
		}
	}
	title := "Lamps and how to switch them off"
	must(app.Documents.Describe(ctx, sys, ws, ids[0], document.DetailsPatch{Title: &title}))(t)
	talk := must(app.Chat.Create(ctx, sys, ws, "Trains"))(t)
	must(app.Chat.Ask(ctx, sys, chat.Question{Workspace: ws, Text: "Who books trains?", Conversation: talk.ID}))(t)
	return key
}

// sameScore compares scores as the databases compute them.
var sameScore = cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })

func TestARestoredInstallationIsTheOneThatWasBackedUp(t *testing.T) {
	t.Parallel()
	folder := func(*testing.T) []string { return nil }
	large := func(t *testing.T) []string {
		s := servers.StartS3(t)
		return append(s.Env(s.Bucket(t)), "DATABASE_URL="+servers.Postgres(t))
	}
	for name, c := range map[string]struct{ from, to func(t *testing.T) []string }{
		"from a folder to another":             {folder, folder},
		"from a folder to PostgreSQL and S3":   {folder, large},
		"from PostgreSQL and S3 to a folder":   {large, folder},
		"from PostgreSQL and S3 to the others": {large, large},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.from(t)...)
			w.must("migrate")
			key := w.furnish()
			file := filepath.Join(t.TempDir(), "backup.tar.zst")
			written := decode[archive.Contents](w, "backup", file, "--json")
			want := look(t, w.app())

			other := newWorld(t, c.to(t)...)
			other.must("migrate")
			restored := decode[archive.Contents](other, "restore", file, "--json")
			if diff := cmp.Diff(written, restored); diff != "" || written.Blobs.Count < 4 || len(written.Missing) > 0 {
				t.Errorf("what was restored differs from what was written (-written +restored):\n%s", diff)
			}
			app := other.app()
			if diff := cmp.Diff(want, look(t, app), sameScore); diff != "" || len(want.Hits) == 0 || len(want.Messages) != 2 {
				t.Errorf("the installation differs (-backed up +restored):\n%s", diff)
			}
			ctx := context.Background()
			if _, err := app.Accounts.SignIn(ctx, "ann@example.com", "correct horse", ""); err != nil {
				t.Errorf("sign in: %v", err)
			}
			if _, err := app.Accounts.AuthenticateKey(ctx, key); err != nil {
				t.Errorf("the key: %v", err)
			}
			goesOn(t, app)
		})
	}
}

// goesOn checks that a restored installation works: what waited is done, new documents are found, dead work can be replayed.
func goesOn(t *testing.T, app *core.App) {
	t.Helper()
	ctx, sys := context.Background(), identity.System
	must(app.Replay(ctx, sys, event.Filter{}))(t)
	if err := app.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	for _, ws := range must(app.Workspaces.List(ctx, sys, workspace.Filter{Limit: 10}))(t) {
		in := document.Incoming{Name: "new.txt", Body: strings.NewReader("Zeppelins are booked by nobody in " + ws.Name)}
		d, _, err := app.Documents.Upload(ctx, sys, ws.ID, in, document.Details{})
		if err == nil {
			err = app.Drain(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, arms := range []retrieval.Arms{retrieval.LexicalArm, retrieval.DenseArm} {
			found := must(app.Search.Search(ctx, sys, ws.ID, retrieval.Query{Text: "zeppelins", K: 1, Arms: arms}))(t)
			if len(found.Hits) != 1 || found.Hits[0].Document != d.ID {
				t.Errorf("a new document in %s is not found by arm %d: %+v", ws.Name, arms, found.Hits)
			}
		}
	}
	for _, j := range must(app.Jobs(ctx, sys, event.Filter{Limit: 1000}))(t) {
		if j.State != event.Done && j.Event.Topic != document.TopicPurge { // which waits for a day
			t.Errorf("work of %s is %s: %s", j.Event.Name, j.State, j.Error)
		}
	}
}

func TestRestoringTakesAnEmptyDatabaseAndAWholeArchive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.furnish()
	file := filepath.Join(t.TempDir(), "backup.tar.zst")
	w.must("backup", file)
	if r := w.ctl("", "restore", file); r.code != exitFailed || !strings.Contains(r.stderr, "not empty") {
		t.Errorf("restoring over what is there: exit code %d, %q", r.code, r.stderr)
	}
	if r := w.ctl("", "backup", file); r.code != exitFailed || !strings.Contains(r.stderr, "already") {
		t.Errorf("a backup over another: exit code %d, %q", r.code, r.stderr)
	}
	whole := must(os.ReadFile(file))(t)
	other := newWorld(t)
	for _, part := range []int{0, 10, len(whole) / 4, len(whole) / 2, len(whole) - 1} {
		if r := other.ctl(string(whole[:part]), "restore", "-"); r.code != exitFailed || !strings.Contains(r.stderr, "damaged") {
			t.Errorf("restoring %d of %d bytes: exit code %d, %q", part, len(whole), r.code, r.stderr)
		}
	}
	// The archive was no good four times; had any of it stayed, this would be refused.
	if r := other.ctl(string(whole), "restore", "-"); r.code != exitOK {
		t.Errorf("restoring all of it afterwards: exit code %d, %q", r.code, r.stderr)
	}
	if r := w.ctl("", "backup", "-"); r.code != exitOK || len(r.stdout) < 1000 {
		t.Errorf("a backup to standard output: exit code %d, %d bytes, %q", r.code, len(r.stdout), r.stderr)
	}
	for _, args := range [][]string{{"backup"}, {"restore"}, {"restore", "a", "b"}} {
		if r := w.ctl("", args...); r.code != exitUsage {
			t.Errorf("ctl %v: exit code %d, want %d", args, r.code, exitUsage)
		}
	}
}
