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
	store, err := sqlstore.Open(t.Context(), "sqlite::memory:", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return idempotency.New(store.Requests(), &idempotency.Options{Now: func() time.Time { return time.Unix(1, 0) }})
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
