package coretest

import (
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/idempotency"
)

// Requests is what TestRequests needs of a store.
type Requests interface {
	Requests() idempotency.Store
}

// TestRequests checks idempotency.Store. open returns an empty store that is closed when the test ends.
func TestRequests[S Requests](t *testing.T, open func(*testing.T) S) {
	for name, check := range map[string]func(*testing.T, idempotency.Store){
		"a request is kept with its outcome":                       requestKept,
		"of equal requests at once one begins":                     requestRace,
		"who, what and key name a request":                         requestNames,
		"a request that is old or stalled makes room for the next": requestAges,
		"only the one that began ends a request":                   requestFence,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t).Requests())
		})
	}
}

func someRequest() idempotency.Entry {
	return idempotency.Entry{
		Actor: "user:7", Operation: "POST /x", Key: "k'?", Content: "c", Begun: time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC),
	}
}

// begin begins a request where entries live for an hour, and stall after a minute.
func begin(t *testing.T, s idempotency.Store, e idempotency.Entry) (idempotency.Entry, bool) {
	t.Helper()
	there, begun, err := s.Begin(t.Context(), e, e.Begun.Add(-time.Hour), e.Begun.Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return there, begun
}

func requestKept(t *testing.T, s idempotency.Store) {
	e := someRequest()
	if _, begun := begin(t, s, e); !begun {
		t.Fatal("the first request did not begin")
	}
	if there, begun := begin(t, s, e); begun || there.Outcome != nil {
		t.Errorf("the second request began (%v) or finds the outcome %s", begun, there.Outcome)
	}
	e.Outcome = json.RawMessage(`{"it's":"a \"?\""}`)
	if err := s.Finish(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if err := s.Forget(t.Context(), e); err != nil { // too late
		t.Fatal(err)
	}
	there, begun := begin(t, s, e)
	if diff := cmp.Diff(e, there); diff != "" || begun {
		t.Errorf("the request began again (%v) or differs (-want +got):\n%s", begun, diff)
	}
	if err := errors.Join(s.Prune(t.Context(), e.Begun)); err != nil {
		t.Fatal(err)
	}
	if _, begun := begin(t, s, e); begun {
		t.Error("what is not old was pruned")
	}
	if err := s.Prune(t.Context(), e.Begun.Add(time.Microsecond)); err != nil {
		t.Fatal(err)
	}
	if _, begun := begin(t, s, e); !begun {
		t.Error("what is old was not pruned")
	}
}

func requestRace(t *testing.T, s idempotency.Store) {
	var count atomic.Int32
	err := errors.Join(atOnce(10, func(int) error {
		e := someRequest()
		_, begun, err := s.Begin(t.Context(), e, e.Begun.Add(-time.Hour), e.Begun.Add(-time.Minute))
		if begun {
			count.Add(1)
		}
		return err
	})...)
	if err != nil || count.Load() != 1 {
		t.Errorf("%d requests began, %v; want one", count.Load(), err)
	}
}

func requestNames(t *testing.T, s idempotency.Store) {
	begin(t, s, someRequest())
	for _, change := range []func(*idempotency.Entry){
		func(e *idempotency.Entry) { e.Actor = "user:8" },
		func(e *idempotency.Entry) { e.Operation = "POST /y" },
		func(e *idempotency.Entry) { e.Key = "K'?" },
	} {
		e := someRequest()
		change(&e)
		if _, begun := begin(t, s, e); !begun {
			t.Errorf("%+v is taken for another request", e)
		}
	}
}

func requestAges(t *testing.T, s idempotency.Store) {
	e := someRequest()
	begin(t, s, e)
	for _, c := range []struct {
		pass   time.Duration
		begins bool
	}{{time.Minute, false}, {time.Microsecond, true}} {
		if e.Begun = e.Begun.Add(c.pass); c.begins != second(begin(t, s, e)) {
			t.Errorf("a request that stalls begins again: %v, want %v", !c.begins, c.begins)
		}
	}
	e.Outcome = json.RawMessage("1")
	if err := s.Finish(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pass   time.Duration
		begins bool
	}{{time.Hour, false}, {time.Microsecond, true}} {
		if e.Begun = e.Begun.Add(c.pass); c.begins != second(begin(t, s, e)) {
			t.Errorf("a request that is old begins again: %v, want %v", !c.begins, c.begins)
		}
	}
}

func second(_ idempotency.Entry, begun bool) bool { return begun }

func requestFence(t *testing.T, s idempotency.Store) {
	stalled := someRequest()
	begin(t, s, stalled)
	next := someRequest()
	next.Begun = next.Begun.Add(time.Hour / 2)
	begin(t, s, next)
	stalled.Outcome = json.RawMessage("1")
	if err := errors.Join(s.Finish(t.Context(), stalled), s.Forget(t.Context(), stalled)); err != nil {
		t.Fatal(err)
	}
	if there, begun := begin(t, s, next); begun || there.Outcome != nil {
		t.Errorf("one that had lost its place ended the request: %+v", there)
	}
}
