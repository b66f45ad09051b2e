package audit_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// world is a trail with a clock that stands still unless the test moves it.
type world struct {
	*audit.Service

	t     *testing.T
	store *sqlstore.Store
	clock atomic.Int64
}

func newWorld(t *testing.T, o audit.Options) *world {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite::memory:", &sqlstore.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, store: store}
	w.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	o.Now = w.now
	w.Service = audit.New(store.Trail(), store.Events(), &o)
	return w
}

func (w *world) now() time.Time { return time.UnixMicro(w.clock.Load()).UTC() }

func (w *world) add(name, actor string) {
	w.t.Helper()
	if err := w.store.Events().Append(w.t.Context(), event.New(name, actor, w.now(), nil)); err != nil {
		w.t.Fatal(err)
	}
}

// names lists the names of what a search finds.
func (w *world) names(s audit.Search) []string {
	w.t.Helper()
	s.Limit = max(s.Limit, 1000)
	found, err := w.List(w.t.Context(), identity.System, s)
	if err != nil {
		w.t.Fatal(err)
	}
	names := []string{}
	for _, e := range found {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return names
}

func TestOnlyWhoMayConfigureEverythingReadsTheTrail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, audit.Options{})
	config := []identity.Permission{identity.AdminConfig}
	for name, c := range map[string]struct {
		actor identity.Actor
		may   bool
	}{
		"nobody":         {identity.Actor{}, false},
		"employee":       {identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Employee}, false},
		"admin":          {identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Admin}, true},
		"service":        {identity.Actor{Kind: identity.ServiceActor, Permissions: config}, true},
		"limited one":    {identity.Actor{Kind: identity.ServiceActor, Permissions: config, Workspaces: []uuid.UUID{uuid.New()}}, false},
		"weaker service": {identity.Actor{Kind: identity.ServiceActor, Permissions: []identity.Permission{identity.AdminMetrics}}, false},
	} {
		_, err := w.List(t.Context(), c.actor, audit.Search{Limit: 1})
		if c.may != (err == nil) || err != nil && !errors.Is(err, fault.Denied) {
			t.Errorf("List by %s = %v, want allowed: %t", name, err, c.may)
		}
		for _, err := range w.Export(t.Context(), c.actor, audit.Search{}) {
			if c.may != (err == nil) {
				t.Errorf("Export by %s = %v, want allowed: %t", name, err, c.may)
			}
		}
	}
}

func TestActorIsFoundByTheWholeOrByItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, audit.Options{})
	for _, actor := range []string{"user:7", "user:17", "service:7", "system", "anonymous"} {
		w.add(actor, actor)
	}
	for actor, want := range map[string][]string{
		"user:7": {"user:7"}, "7": {"service:7", "user:7"}, "system": {"system"}, "user": {}, "%": {}, ":7": {},
	} {
		if diff := cmp.Diff(want, w.names(audit.Search{Actor: actor})); diff != "" {
			t.Errorf("List(actor %q) differs (-want +got):\n%s", actor, diff)
		}
	}
}

func TestSearchThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, audit.Options{})
	for field, s := range map[string]audit.Search{
		"start_at":      {Start: w.now(), End: w.now().Add(-time.Microsecond)},
		"actor_id":      {Actor: "a\x00"},
		"action_prefix": {ActionPrefix: "\xff"},
	} {
		_, err := w.List(t.Context(), identity.System, s)
		if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || f.Fields[0].Field != field {
			t.Errorf("List(%+v) = %v, want fault.Invalid on %s", s, err, field)
		}
	}
	same := audit.Search{Start: w.now(), End: w.now(), Limit: 1}
	if _, err := w.List(t.Context(), identity.System, same); err != nil {
		t.Errorf("List of one moment = %v, want none", err)
	}
}

func TestExportIsTheWholeHoweverLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, audit.Options{})
	events := make([]event.Event, 1203) // more than two pages, and all at the same time
	for i := range events {
		events[i] = event.New(fmt.Sprintf("e.%d", i), "system", w.now(), nil)
	}
	if err := w.store.Events().Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	seen := map[uuid.UUID]bool{}
	for e, err := range w.Export(t.Context(), identity.System, audit.Search{ActionPrefix: "e."}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[e.ID] = true
	}
	if len(seen) != len(events) {
		t.Errorf("Export yields %d events, want all %d", len(seen), len(events))
	}
	for range w.Export(t.Context(), identity.System, audit.Search{}) {
		break // whoever stops early is not called again
	}
}

func TestMetadataSaysWhoItWas(t *testing.T) {
	t.Parallel()
	ws, key := uuid.New(), uuid.NewString()
	for actor, want := range map[string]map[string]any{
		"user:7":         {"principal_type": "user", "user_id": "7"},
		"service:abc123": {"principal_type": "service", "api_key_hash": "abc123"},
		"service:" + key: {"principal_type": "service", "api_key_id": key},
		"system":         {"principal_type": "system"},
		"anonymous":      {"principal_type": "anonymous"},
	} {
		want["detail"], want["workspace_id"] = "x", ws.String()
		data := map[string]any{"detail": "x", "principal_type": "system"} // an event can't pretend
		if actor == "user:7" {
			data["user_id"] = "8"
		}
		e := event.New("a", actor, time.Now(), data).In(ws, "")
		e.Role = "reader"
		if role, ok := map[any]string{"user": "role", "service": "rbac_role"}[want["principal_type"]]; ok {
			want[role] = e.Role
		}
		got, err := audit.Metadata(e)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Metadata(%s) = %v, and differs (-want +got):\n%s", actor, err, diff)
		}
	}
}

// deny records a denial to a user of that number.
func (w *world) deny(user byte, operation string) {
	w.t.Helper()
	a := identity.Actor{Kind: identity.Person, User: uuid.UUID{user}, Role: identity.Employee}
	if err := w.Deny(w.t.Context(), a, audit.Denial{Operation: operation, From: "192.0.2.1"}); err != nil {
		w.t.Fatal(err)
	}
}

func TestTheSameDenialIsRecordedOnceAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, audit.Options{Repeat: time.Minute})
	for range 10 {
		w.deny(1, "a")
		w.deny(1, "b")
		w.deny(2, "a")
	}
	if got := len(w.names(audit.Search{})); got != 3 {
		t.Errorf("30 denials of three kinds leave %d events, want 3", got)
	}
	w.clock.Add(time.Minute.Microseconds())
	w.deny(1, "a")
	found, err := w.List(t.Context(), identity.System, audit.Search{Limit: 1})
	if err != nil || len(found) != 1 || string(found[0].Data) != `{"operation":"a","from":"192.0.2.1","repeated":9}` {
		t.Errorf("the newest event = %s (%v), want the nine that were left out counted", found[0].Data, err)
	}
}

func TestDenialsToManyAreBoundedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, audit.Options{Burst: 5, Every: time.Second})
	for user := range byte(50) {
		w.deny(user, "a")
	}
	if got := len(w.names(audit.Search{})); got != 5 {
		t.Errorf("50 denials at once leave %d events, want the burst of 5", got)
	}
	w.clock.Add(time.Second.Microseconds())
	w.deny(60, "a")
	w.deny(61, "a")
	found, err := w.List(t.Context(), identity.System, audit.Search{Limit: 10})
	if err != nil || len(found) != 6 || string(found[0].Data) != `{"operation":"a","from":"192.0.2.1","dropped":45}` {
		t.Errorf("after a second there are %d events, the newest %s (%v), want one more, with the 45 dropped", len(found), found[0].Data, err)
	}
}

func TestStrangersAreToldApartByAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, audit.Options{})
	for _, from := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.1"} {
		if err := w.Deny(t.Context(), identity.Actor{}, audit.Denial{Operation: "a", From: from}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(w.names(audit.Search{Actor: "anonymous", ActionPrefix: "access.denied"})); got != 2 {
		t.Errorf("three denials to two strangers leave %d events, want 2", got)
	}
}
