package sqlstore_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

func openEvents(tb testing.TB, url string) *sqlstore.Store {
	tb.Helper()
	s, err := sqlstore.Open(tb.Context(), url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func TestEventsInMemoryKeepTheContract(t *testing.T) {
	t.Parallel()
	coretest.Events(t, func(t *testing.T) (event.Log, event.Backlog) {
		s := openEvents(t, "sqlite::memory:")
		return s.Events(), s.Backlog()
	})
}

func TestEventsOfTwoStoresOnOneFileKeepTheContract(t *testing.T) {
	t.Parallel()
	coretest.Events(t, func(t *testing.T) (event.Log, event.Backlog) {
		url := "sqlite:" + filepath.Join(t.TempDir(), "events.db")
		one, two := openEvents(t, url), openEvents(t, url)
		return &alternating{Log: one.Events(), other: two.Events()}, two.Backlog()
	})
}

func TestEventsOfTwoStoresOnPostgresKeepTheContract(t *testing.T) {
	t.Parallel()
	servers.PostgresServer(t)
	coretest.Events(t, func(t *testing.T) (event.Log, event.Backlog) {
		url := servers.Postgres(t)
		one, two := openEvents(t, url), openEvents(t, url)
		return &alternating{Log: one.Events(), other: two.Events()}, two.Backlog()
	})
}

// alternating claims from two stores by turns.
type alternating struct {
	event.Log
	other event.Log
	turn  atomic.Int64
}

func (a *alternating) Claim(ctx context.Context, c event.Claim) ([]event.Delivery, error) {
	if a.turn.Add(1)%2 == 0 {
		return a.other.Claim(ctx, c)
	}
	return a.Log.Claim(ctx, c)
}

func TestAppendWakesWorkersOfTheProcess(t *testing.T) {
	t.Parallel()
	log := openEvents(t, "sqlite::memory:").Events()
	signal, stop := log.(event.Notifier).Notify() //nolint:errcheck // the test is about that ability
	defer stop()
	if err := log.Append(t.Context(), event.New("a", "system", time.Now(), nil).For("work")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-signal:
	default:
		t.Error("there is no signal after Append")
	}
	if ds, err := log.Claim(t.Context(), event.Claim{Max: 1, Lease: time.Minute, Now: time.Now()}); err != nil || len(ds) != 1 {
		t.Fatalf("Claim() = %v, %v", ds, err)
	}
	select {
	case <-signal:
		t.Error("there is a signal after Claim")
	default:
	}
}

func BenchmarkClaim(b *testing.B) {
	for _, c := range []struct {
		name              string
		pending, waiting  int
		workspaces, batch int
	}{
		{"10 pending", 10, 0, 1, 1},
		{"10000 pending", 10_000, 0, 1, 1},
		{"10000 pending, 10000 waiting for a retry", 10_000, 10_000, 1, 1},
		{"10000 pending in 100 workspaces", 10_000, 0, 100, 1},
		{"10000 pending in 1000 workspaces", 10_000, 0, 1000, 1},
		{"10000 pending, 10 at once", 10_000, 0, 1, 10},
		{"nothing due", 0, 10_000, 1, 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			log := openEvents(b, "sqlite:"+filepath.Join(b.TempDir(), "events.db")).Events()
			now := time.Now()
			fill(b, log, c.waiting, c.workspaces, now)
			park(b, log, c.waiting, now)
			fill(b, log, c.pending, c.workspaces, now)
			b.ResetTimer()
			for range b.N {
				ds, err := log.Claim(b.Context(), event.Claim{Max: c.batch, Lease: time.Minute, Now: now})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				for _, d := range ds {
					if err := log.Release(b.Context(), d.Lease, now); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
			}
		})
	}
}

func fill(b *testing.B, log event.Log, n, workspaces int, at time.Time) {
	b.Helper()
	ids := make([]uuid.UUID, workspaces)
	for i := range ids {
		ids[i] = uuid.New()
	}
	events := make([]event.Event, n)
	for i := range events {
		events[i] = event.New("thing.made", "system", at, nil).In(ids[i%workspaces], "").For("work")
	}
	if err := log.Append(b.Context(), events...); err != nil {
		b.Fatal(err)
	}
}

// park makes what is due at the time wait until long after.
func park(b *testing.B, log event.Log, n int, at time.Time) {
	b.Helper()
	if n == 0 {
		return
	}
	ds, err := log.Claim(b.Context(), event.Claim{Max: n, Lease: time.Hour, Now: at})
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range ds {
		if err := log.Retry(b.Context(), d.Lease, at.Add(time.Hour), "x"); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAppendWakesWorkersOfOtherProcesses(t *testing.T) {
	t.Parallel()
	url := servers.Postgres(t)
	here, there := openEvents(t, url), openEvents(t, url)
	signal, stop := here.Notify()
	defer stop()
	// Listening begins in the background, so one announcement may be missed, but not all.
	for {
		if err := there.Events().Append(t.Context(), event.New("a", "system", time.Now(), nil).For("work")); err != nil {
			t.Fatal(err)
		}
		select {
		case <-signal:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
