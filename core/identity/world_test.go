package identity_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/adapters/token"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

const (
	secret   = "a secret for tests only"
	password = "correct horse"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a database, a clock and the use cases on them.
type world struct {
	*identity.Accounts

	t      *testing.T
	store  *sqlstore.Store
	file   string
	tokens *token.JWT
	hasher *countingHasher

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T, o identity.Options) *world {
	t.Helper()
	w := &world{t: t, now: noon, file: filepath.Join(t.TempDir(), "r.db")}
	store, err := sqlstore.Open(t.Context(), "sqlite:"+w.file, &sqlstore.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	w.store = store
	if w.tokens, err = token.NewJWT(secret); err != nil {
		t.Fatal(err)
	}
	w.hasher = &countingHasher{Argon2: argon(t, 1)}
	o.Now = w.clock
	w.Accounts = identity.New(store.Users(), store.Keys(), w.tokens, w.hasher, store.Events(), o)
	return w
}

// argon makes hashes of so many passes.
func argon(t *testing.T, passes int) *token.Argon2 {
	t.Helper()
	a, err := token.NewArgon2(&token.Argon2Options{Time: passes, Memory: 8, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// countingHasher counts how much work sign-ins cause.
type countingHasher struct {
	*token.Argon2

	checks atomic.Int64
	before func() // is called before a hash is made
	fails  error  // when a hash is made
}

func (h *countingHasher) Hash(ctx context.Context, password string) (string, error) {
	if h.before != nil {
		h.before()
	}
	if h.fails != nil {
		return "", h.fails
	}
	return h.Argon2.Hash(ctx, password)
}

func (h *countingHasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	h.checks.Add(1)
	return h.Argon2.Matches(ctx, password, hash)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) user(email string, role identity.Role) identity.User {
	w.t.Helper()
	u, err := w.CreateUser(w.t.Context(), identity.System, identity.UserDraft{Email: email, Password: password, Role: role})
	if err != nil {
		w.t.Fatalf("CreateUser(%s) = %v, want none", email, err)
	}
	return u
}

// stored is a user as the database has them.
func (w *world) stored(u identity.User) identity.User {
	w.t.Helper()
	got, err := w.store.Users().User(w.t.Context(), u.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *world) signIn(email string) identity.Session {
	w.t.Helper()
	s, err := w.SignIn(w.t.Context(), email, password, "198.51.100.7")
	if err != nil {
		w.t.Fatalf("SignIn(%s) = %v, want none", email, err)
	}
	return s
}

// happening is an event as it stands in the trail.
type happening struct {
	Name, Actor, Subject, Data string
}

// trail reads the events from the database itself, oldest first.
func (w *world) trail() []happening {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(w.file))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	rows, err := db.QueryContext(w.t.Context(), "SELECT name, actor, subject, data FROM events ORDER BY id")
	if err != nil {
		w.t.Fatal(err)
	}
	var all []happening
	for rows.Next() {
		var h happening
		if err := rows.Scan(&h.Name, &h.Actor, &h.Subject, &h.Data); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, h)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// wantNews compares the events after the first n.
func (w *world) wantNews(n int, want ...happening) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.trail()[n:]); diff != "" {
		w.t.Errorf("events mismatch (-want +got):\n%s", diff)
	}
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s = %v, want fault %s", what, err, kind)
	}
}

func wantFields(t *testing.T, err error, want ...string) {
	t.Helper()
	e := fault.Of(err)
	if e == nil || e.Kind != fault.Invalid {
		t.Fatalf("err = %v, want fault invalid", err)
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Field)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields mismatch (-want +got):\n%s", diff)
	}
}

func person(u identity.User) identity.Actor {
	return identity.Actor{Kind: identity.Person, User: u.ID, Role: u.Role}
}

func service(ps ...identity.Permission) identity.Actor {
	return identity.Actor{Kind: identity.ServiceActor, Key: "0123456789ab", Permissions: ps}
}

func someID() uuid.UUID { return uuid.MustParse("01890000-0000-7000-8000-000000000001") }
