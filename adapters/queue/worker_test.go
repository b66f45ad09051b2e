package queue_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/event"
)

// soon is a poll that no test waits for twice.
const soon = 5 * time.Millisecond

func add(tb testing.TB, log event.Log, n int) {
	tb.Helper()
	ws := uuid.New()
	events := make([]event.Event, n)
	for i := range events {
		events[i] = event.New("thing.made", "system", time.Now(), nil).In(ws, "").For("work")
	}
	if err := log.Append(tb.Context(), events...); err != nil {
		tb.Fatal(err)
	}
}

// start runs a worker; stop ends it and returns the error of Run.
func start(t *testing.T, log event.Log, handle func(context.Context, event.Delivery) error, o queue.WorkerOptions) (stop func() error) {
	t.Helper()
	if o.Poll == 0 {
		o.Poll = soon
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- queue.NewWorker(log, handle, &o).Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-result
	})
	t.Cleanup(func() { _ = stop() })
	return stop
}

func stopped(t *testing.T, stop func() error) {
	t.Helper()
	if err := stop(); err != nil {
		t.Errorf("Run() = %v", err)
	}
}

// only returns the one delivery of a store.
func only(t *testing.T, s *sqlstore.Store) event.Delivery {
	t.Helper()
	ds, err := s.Backlog().Deliveries(t.Context(), event.Filter{})
	if err != nil || len(ds) != 1 {
		t.Fatalf("Deliveries() = %v, %v, want one", ds, err)
	}
	return ds[0]
}

func TestWorkersOnOneFileRunEachDeliveryOnce(t *testing.T) {
	t.Parallel()
	const n = 100
	url := "sqlite:" + filepath.Join(t.TempDir(), "queue.db")
	var mu sync.Mutex
	runs := map[uuid.UUID]int{}
	all := make(chan struct{})
	handle := func(_ context.Context, d event.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		runs[d.Event.ID]++
		if len(runs) == n {
			close(all)
		}
		return nil
	}
	one, two := openStore(t, url), openStore(t, url)
	add(t, one.Events(), n)
	stopOne := start(t, one.Events(), handle, queue.WorkerOptions{Concurrency: 4})
	stopTwo := start(t, two.Events(), handle, queue.WorkerOptions{Concurrency: 4})
	<-all
	stopped(t, stopOne)
	stopped(t, stopTwo)
	for id, times := range runs {
		if times != 1 {
			t.Errorf("delivery %s ran %d times", id, times)
		}
	}
	if stats, err := one.Backlog().Stats(t.Context()); err != nil || len(stats) > 0 {
		t.Errorf("Stats() = %v, %v, want nothing left", stats, err)
	}
}

func TestWorkerClaimsNoMoreThanItCanBegin(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 20)
	var now, most atomic.Int64
	begun, step, all := make(chan struct{}, 20), make(chan struct{}), make(chan struct{})
	var done atomic.Int64
	stop := start(t, s.Events(), func(context.Context, event.Delivery) error {
		defer now.Add(-1)
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		begun <- struct{}{}
		leased, err := s.Backlog().Deliveries(t.Context(), event.Filter{State: event.Leased})
		if err != nil || len(leased) > 3 {
			t.Errorf("%d deliveries are leased, %v, want 3 at most", len(leased), err)
		}
		<-step
		if done.Add(1) == 20 {
			close(all)
		}
		return nil
	}, queue.WorkerOptions{Concurrency: 3})
	for range 3 {
		<-begun
	}
	for range 20 {
		step <- struct{}{}
	}
	<-all
	stopped(t, stop)
	if most.Load() != 3 {
		t.Errorf("%d handlers ran at once, want 3", most.Load())
	}
}

func TestWorkerHandlesOnlyItsTopics(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	other := event.New("a", "system", time.Now(), nil).For("other")
	if err := s.Events().Append(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	add(t, s.Events(), 1)
	got := make(chan string, 2)
	stop := start(t, s.Events(), func(_ context.Context, d event.Delivery) error {
		got <- d.Event.Topic
		return nil
	}, queue.WorkerOptions{Topics: []string{"work"}})
	if topic := <-got; topic != "work" {
		t.Errorf("the worker ran a delivery of %q", topic)
	}
	stopped(t, stop)
	if left, err := s.Events().Claim(t.Context(), event.Claim{Max: 2, Lease: time.Minute, Now: time.Now()}); err != nil || len(left) != 1 {
		t.Errorf("Claim() = %v, %v, want the other topic's delivery", left, err)
	}
}

func TestFailureIsRetriedLaterWithItsCause(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	now := time.Now()
	ran := make(chan struct{}, 1)
	stop := start(t, s.Events(), func(context.Context, event.Delivery) error {
		ran <- struct{}{}
		return errors.New("no weather for it")
	}, queue.WorkerOptions{Now: func() time.Time { return now }})
	<-ran
	stopped(t, stop)
	d := only(t, s)
	if d.State != event.Pending || d.Failures != 1 || d.Error != "no weather for it" || !d.AvailableAt.After(now) {
		t.Errorf("the delivery is %+v, want it pending later with its cause", d)
	}
}

func TestSettleDecidesAboutEveryOutcome(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 2)
	failure := errors.New("broken")
	var runs atomic.Int64
	settled := make(chan error, 2)
	stop := start(t, s.Events(), func(context.Context, event.Delivery) error {
		if runs.Add(1) == 1 {
			return failure
		}
		return nil
	}, queue.WorkerOptions{Concurrency: 1, Settle: func(ctx context.Context, d event.Delivery, err error) error {
		defer func() { settled <- err }()
		return s.Events().Bury(ctx, d.Lease, time.Now(), "decided")
	}})
	if err := <-settled; !errors.Is(err, failure) {
		t.Errorf("Settle got %v, want the error of the handler", err)
	}
	if err := <-settled; err != nil {
		t.Errorf("Settle got %v, want nil", err)
	}
	stopped(t, stop)
	if dead, err := s.Backlog().Deliveries(t.Context(), event.Filter{State: event.Dead}); err != nil || len(dead) != 2 {
		t.Errorf("Deliveries() = %v, %v, want two dead", dead, err)
	}
}

func TestHandlerMaySettleByItself(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	core, logs := observer.New(zapcore.InfoLevel)
	ran := make(chan struct{})
	stop := start(t, s.Events(), func(ctx context.Context, d event.Delivery) error {
		defer close(ran)
		return s.Events().Done(ctx, d.Lease, time.Now())
	}, queue.WorkerOptions{Logger: zap.New(core)})
	<-ran
	stopped(t, stop)
	if d := only(t, s); d.State != event.Done {
		t.Errorf("the delivery is %s, want done", d.State)
	}
	if logs.Len() > 0 {
		t.Errorf("there was something to log: %v", logs.All())
	}
}

func TestPanicIsAFailureWithAStackInTheLog(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	core, logs := observer.New(zapcore.WarnLevel)
	settled := make(chan error, 1)
	stop := start(t, s.Events(), func(context.Context, event.Delivery) error { panic("boom") },
		queue.WorkerOptions{Logger: zap.New(core), Settle: func(ctx context.Context, d event.Delivery, err error) error {
			settled <- err
			return s.Events().Done(ctx, d.Lease, time.Now())
		}})
	if err := <-settled; err == nil || err.Error() != "panic: boom" {
		t.Errorf("Settle got %v, want the panic", err)
	}
	stopped(t, stop)
	entries := logs.All()
	if len(entries) != 1 {
		t.Fatalf("the log has %d entries, want 1: %v", len(entries), entries)
	}
	if stack, _ := entries[0].ContextMap()["stack"].(string); !strings.Contains(stack, "worker_test.go") {
		t.Errorf("the log's stack doesn't show where: %q", stack)
	}
}
