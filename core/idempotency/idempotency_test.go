package idempotency_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/idempotency"
	"github.com/ragcorp/ragcorp/core/identity"
)

func service(t *testing.T) *idempotency.Service {
	t.Helper()
	return idempotency.New(requests(t), at(1))
}

// at are options of a service at that second.
func at(second int64) *idempotency.Options {
	return &idempotency.Options{Now: func() time.Time { return time.Unix(second, 0) }}
}

func requests(t *testing.T) idempotency.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite::memory:", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store.Requests()
}

func TestARequestUnderAKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	s, times := service(t), 0
	do := func(context.Context) (any, error) { times++; return times, nil }
	r := idempotency.Request{Key: "k", Operation: "POST /x", Content: "c"}
	for i := range 3 {
		out, replayed, err := s.Once(t.Context(), identity.System, r, do)
		if string(out) != "1" || replayed != (i > 0) || err != nil {
			t.Errorf("Once() = %s, %v, %v the %d. time, want 1", out, replayed, err, i+1)
		}
	}
	other := r
	other.Content = "d"
	if _, _, err := s.Once(t.Context(), identity.System, other, do); !errors.Is(err, fault.Invalid) {
		t.Errorf("Once() = %v for another request under the same key, want fault.Invalid", err)
	}
	other.Key = "a b"
	if _, _, err := s.Once(t.Context(), identity.System, other, do); !errors.Is(err, fault.Invalid) {
		t.Errorf("Once() = %v for a key with a blank, want fault.Invalid", err)
	}
	other.Key = ""
	for range 2 {
		if _, replayed, err := s.Once(t.Context(), identity.System, other, do); replayed || err != nil {
			t.Errorf("Once() = %v, %v without a key, want it done", replayed, err)
		}
	}
	if times != 3 {
		t.Errorf("it was done %d times, want 3", times)
	}
}

func TestARequestThatFailedMayBeSentAgain(t *testing.T) {
	t.Parallel()
	s, cause := service(t), errors.New("no")
	r := idempotency.Request{Key: "k", Operation: "POST /x"}
	if _, _, err := s.Once(t.Context(), identity.System, r, func(context.Context) (any, error) { return nil, cause }); !errors.Is(err, cause) {
		t.Errorf("Once() = %v, want the error as it is", err)
	}
	out, replayed, err := s.Once(t.Context(), identity.System, r, func(ctx context.Context) (any, error) {
		_, _, err := s.Once(ctx, identity.System, r, nil)
		if !errors.Is(err, fault.Conflict) {
			t.Errorf("Once() = %v while the request is being done, want fault.Conflict", err)
		}
		return "ok", nil
	})
	if string(out) != `"ok"` || replayed || err != nil {
		t.Errorf("Once() = %s, %v, %v after a failure, want it done", out, replayed, err)
	}
}

// cut is a store whose connection breaks after the next of its commits, so that nobody hears of it.
type cut struct {
	idempotency.Store

	begin, finish bool
}

var errCut = fault.Unavailable.Errorf("the connection is cut")

func (c *cut) Begin(ctx context.Context, e idempotency.Entry, old, stalled time.Time) (idempotency.Entry, bool, error) {
	there, begun, err := c.Store.Begin(ctx, e, old, stalled)
	if c.begin {
		c.begin, err = false, errCut
	}
	return there, begun, err
}

func (c *cut) Finish(ctx context.Context, e idempotency.Entry) error {
	if c.finish {
		c.finish = false
		return errCut
	}
	return c.Store.Finish(ctx, e)
}

func TestARequestWhoseNotesFailIsDoneOnceAndNotInItsOwnWay(t *testing.T) {
	t.Parallel()
	store, times := &cut{Store: requests(t), begin: true}, 0
	do := func(context.Context) (any, error) { times++; return times, nil }
	r := idempotency.Request{Key: "k", Operation: "POST /x"}
	if _, _, err := idempotency.New(store, at(1)).Once(t.Context(), identity.System, r, do); !errors.Is(err, fault.Unavailable) || times != 0 {
		t.Errorf("Once() = %v, and it was done %d times, want fault.Unavailable", err, times)
	}
	store.finish = true
	for i := range 2 {
		out, replayed, err := idempotency.New(store, at(2)).Once(t.Context(), identity.System, r, do)
		if string(out) != "1" || replayed != (i > 0) || err != nil {
			t.Errorf("Once() = %s, %v, %v the %d. time, want 1", out, replayed, err, i+1)
		}
	}
}
