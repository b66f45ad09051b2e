package queue_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/event"
)

// relay runs a relay of the topic "work"; stop ends it.
func relay(t *testing.T, log event.Offers, r *queue.Redis, o queue.RelayOptions) (stop func()) {
	t.Helper()
	if o.Poll == 0 {
		o.Poll = soon
	}
	re, err := queue.NewRelay(log, r, []string{"work"}, &o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- re.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-result; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// over are the options of a worker that hears of the topic "work".
func over(r *queue.Redis, concurrency int) queue.WorkerOptions {
	return queue.WorkerOptions{Topics: []string{"work"}, Concurrency: concurrency, Redis: r}
}

// settled waits until nothing is left to do.
func settled(t *testing.T, s *sqlstore.Store) {
	t.Helper()
	eventually(t, "everything is settled", func() bool {
		stats, err := s.Backlog().Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(stats) == 0
	})
}

// tally counts runs of deliveries, and sees when two of one overlap.
type tally struct {
	*testing.T
	mu   sync.Mutex
	runs map[uuid.UUID]int
	in   map[uuid.UUID]bool
}

func newTally(t *testing.T) *tally {
	return &tally{T: t, runs: map[uuid.UUID]int{}, in: map[uuid.UUID]bool{}}
}

func (c *tally) begin(d event.Delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in[d.Event.ID] {
		c.Errorf("delivery %s is in work twice at the same time", d.Event.ID)
	}
	c.in[d.Event.ID] = true
	c.runs[d.Event.ID]++
}

func (c *tally) end(d event.Delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.in, d.Event.ID)
}

func (c *tally) handle(_ context.Context, d event.Delivery) error {
	c.begin(d)
	c.end(d)
	return nil
}

// each checks that there were n deliveries, and that each ran once.
func (c *tally) each(n int) {
	c.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.runs) != n {
		c.Errorf("%d deliveries ran, want %d", len(c.runs), n)
	}
	for id, times := range c.runs {
		if times != 1 {
			c.Errorf("delivery %s ran %d times", id, times)
		}
	}
}

func TestEachAnnouncedDeliveryRunsOnce(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]queue.RedisOptions{
		"with time to spare":                        {Fallback: time.Hour},
		"announced again and again while they wait": {Fallback: time.Hour, Visibility: 50 * time.Millisecond, Backlog: 40},
		"taken from the table meanwhile":            {Fallback: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 300
			w, url := sharedRedis(t), "sqlite:"+filepath.Join(t.TempDir(), "queue.db")
			one, two := openStore(t, url), openStore(t, url)
			count := newTally(t)
			add(t, one.Events(), n)
			for _, log := range []event.Log{one.Events(), two.Events(), one.Events()} {
				options := over(w.connect(o), 2)
				options.Lease = time.Hour // that nobody is too slow for it
				start(t, log, count.handle, options)
			}
			relay(t, one.Events(), w.connect(o), queue.RelayOptions{})
			relay(t, two.Events(), w.connect(o), queue.RelayOptions{})
			settled(t, one)
			count.each(n)
		})
	}
}

func TestLongWorkOnWhatWasAnnouncedIsDoneOnce(t *testing.T) {
	t.Parallel()
	const lease = 600 * time.Millisecond // in real time it bounds each call of the log and of Redis
	w, s := sharedRedis(t), openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	begin := time.Now()
	var passed atomic.Int64 // the clock of everybody goes on by a third of the lease with each renewal
	clock := func() time.Time { return begin.Add(time.Duration(passed.Load())) }
	o := queue.RedisOptions{Visibility: lease / 2, Fallback: time.Nanosecond, Stale: time.Millisecond}
	log := renewals{s.Events(), make(chan struct{})}
	count := newTally(t)
	for range 3 {
		options := over(w.connect(o), 2)
		options.Lease, options.Now = lease, clock
		start(t, log, func(_ context.Context, d event.Delivery) error {
			count.begin(d)
			defer count.end(d)
			for range 12 {
				<-log.done
				passed.Add(int64(lease / 3))
			}
			return nil
		}, options)
	}
	for range 2 {
		relay(t, s.Events(), w.connect(o), queue.RelayOptions{Now: clock})
	}
	settled(t, s)
	count.each(1)
	if d := only(t, s); d.Attempts != 1 {
		t.Errorf("the delivery is %+v, want it done at the first attempt", d)
	}
}

func TestStreamStaysShort(t *testing.T) {
	t.Parallel()
	const backlog = 20
	w, s := sharedRedis(t), openStore(t, "sqlite::memory:")
	add(t, s.Events(), 100)
	var ahead atomic.Int64
	var rounds atomic.Int64
	begin := time.Now()
	now := func() time.Time {
		rounds.Add(1)
		return begin.Add(time.Duration(ahead.Load()))
	}
	r := w.connect(queue.RedisOptions{Backlog: backlog, Visibility: time.Minute, Fallback: time.Hour})
	log := &offers{Log: s.Events()}
	relay(t, log, r, queue.RelayOptions{Now: now})
	eventually(t, "the stream is full", func() bool { return w.length("work") == backlog })
	for range 3 { // the offers end, again and again: what nobody hears is not announced twice
		ahead.Add(int64(time.Hour))
		before := rounds.Load()
		eventually(t, "the relay has looked again", func() bool { return rounds.Load() > before+2 })
	}
	if n := w.length("work"); n != backlog {
		t.Errorf("the stream has %d entries, want %d", n, backlog)
	}
	if n := log.n.Load(); n != backlog {
		t.Errorf("%d deliveries were offered, want %d", n, backlog)
	}
}

// offers counts what was offered.
type offers struct {
	event.Log
	n atomic.Int64
}

func (o *offers) Offer(ctx context.Context, want event.Offer) ([]event.Delivery, error) {
	ds, err := o.Log.Offer(ctx, want)
	o.n.Add(int64(len(ds)))
	return ds, err
}

func TestFloodOfOneWorkspaceDelaysOthersByTheBacklogAtMost(t *testing.T) {
	t.Parallel()
	const backlog, flood = 20, 500
	w, s := sharedRedis(t), openStore(t, "sqlite::memory:")
	add(t, s.Events(), flood)
	r := w.connect(queue.RedisOptions{Backlog: backlog, Fallback: time.Hour})
	relay(t, s.Events(), r, queue.RelayOptions{})
	eventually(t, "the stream is full", func() bool { return w.length("work") == backlog })
	other := event.New("thing.made", "system", time.Now(), nil).In(uuid.New(), "").For("work")
	if err := s.Events().Append(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	var before atomic.Int64
	found := make(chan int64, 1)
	stop := start(t, s.Events(), func(_ context.Context, d event.Delivery) error {
		if d.Event.ID == other.ID {
			found <- before.Load()
		}
		before.Add(1)
		return nil
	}, over(r, 1))
	if n := <-found; n > backlog {
		t.Errorf("%d deliveries of the other workspace came first, want %d at most", n, backlog)
	}
	stopped(t, stop)
}

func TestOnlyWhatTheGroupHasFinishedIsTrimmed(t *testing.T) {
	t.Parallel()
	w, s := sharedRedis(t), openStore(t, "sqlite::memory:")
	r := w.connect(queue.RedisOptions{Backlog: 8, Visibility: time.Hour})
	add(t, s.Events(), 8)
	ctx, stream := t.Context(), w.stream("work")
	stop := relay(t, s.Events(), r, queue.RelayOptions{})
	eventually(t, "all is announced", func() bool { return w.length("work") == 8 })
	stop()
	read, err := w.raw.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: "workers", Consumer: "tester", Streams: []string{stream, ">"}, Count: 5, Block: -1,
	}).Result()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range read[0].Messages {
		ids = append(ids, m.ID)
	}
	entries := func() []string {
		all, err := w.raw.XRange(ctx, stream, "-", "+").Result()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, m := range all {
			out = append(out, m.ID)
		}
		return out
	}
	all := entries()
	for _, c := range []struct {
		finish []string
		left   []string
	}{
		{nil, all},
		{[]string{ids[1], ids[3]}, all}, // the oldest is pending
		{[]string{ids[0]}, all[2:]},
		{[]string{ids[2], ids[4]}, all[5:]}, // what nobody has read stays
	} {
		for _, id := range c.finish {
			if err := w.raw.XAck(ctx, stream, "workers", id).Err(); err != nil {
				t.Fatal(err)
			}
		}
		var clock atomic.Int64
		stop := relay(t, s.Events(), r, queue.RelayOptions{Now: func() time.Time {
			clock.Add(1)
			return time.Now()
		}})
		eventually(t, "the stream is trimmed", func() bool { return clock.Load() > 1 && slices.Equal(entries(), c.left) })
		stop()
		if got := entries(); !slices.Equal(got, c.left) {
			t.Errorf("after %v were finished the stream has %v, want %v", c.finish, got, c.left)
		}
	}
}

func TestWhatADeadWorkerHeardIsHeardByAnother(t *testing.T) {
	t.Parallel()
	w, s := sharedRedis(t), openStore(t, "sqlite::memory:")
	add(t, s.Events(), 3)
	o := queue.RedisOptions{Visibility: time.Hour, Fallback: time.Hour, Stale: 50 * time.Millisecond, Gone: 50 * time.Millisecond}
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	relay(t, s.Events(), w.connect(o), queue.RelayOptions{Now: now})
	eventually(t, "all is announced", func() bool { return w.length("work") == 3 })
	err := w.raw.XReadGroup(t.Context(), &redis.XReadGroupArgs{
		Group: "workers", Consumer: "dead", Streams: []string{w.stream("work"), ">"}, Count: 2, Block: -1,
	}).Err()
	if err != nil {
		t.Fatal(err)
	}
	count := newTally(t)
	start(t, s.Events(), count.handle, over(w.connect(o), 2))
	settled(t, s)
	count.each(3)
	ahead.Store(int64(2 * time.Minute)) // for the relay to look again
	eventually(t, "the dead worker is forgotten", func() bool { return !slices.Contains(w.consumers(), "dead") })
}

// consumers are the names of the workers.
func (w *world) consumers() []string {
	w.Helper()
	cs, err := w.raw.XInfoConsumers(w.Context(), w.stream("work"), "workers").Result()
	if err != nil {
		w.Fatal(err)
	}
	var names []string
	for _, c := range cs {
		names = append(names, c.Name)
	}
	return names
}

func TestWorkerThatHearsGivesBackAndLeavesWhenItStops(t *testing.T) {
	t.Parallel()
	w, s := sharedRedis(t), openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	o := queue.RedisOptions{Fallback: time.Hour}
	stopRelay := relay(t, s.Events(), w.connect(o), queue.RelayOptions{})
	begun := make(chan struct{})
	options := over(w.connect(o), 1)
	options.DrainTimeout = time.Millisecond
	stop := start(t, s.Events(), func(ctx context.Context, _ event.Delivery) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}, options)
	<-begun
	stopRelay() // or it would announce again what is given back
	_ = stop()  // an error when this machine is too slow for the time of grace
	if d := only(t, s); d.State != event.Pending || d.Attempts != 0 || d.AvailableAt.After(time.Now()) {
		t.Errorf("the delivery is %+v, want it as if nobody had taken it", d)
	}
	if names := w.consumers(); len(names) > 0 {
		t.Errorf("the group has %v, want nobody", names)
	}
}

func TestEntriesThatAreNoAnnouncementsAreDropped(t *testing.T) {
	t.Parallel()
	w, s := sharedRedis(t), openStore(t, "sqlite::memory:")
	for _, values := range []map[string]any{{"a": "b"}, {"_watermill_message_uuid": "no id"}, {"_watermill_message_uuid": uuid.NewString()}} {
		if err := w.raw.XAdd(t.Context(), &redis.XAddArgs{Stream: w.stream("work"), Values: values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	add(t, s.Events(), 1)
	r := w.connect(queue.RedisOptions{Fallback: time.Hour})
	relay(t, s.Events(), r, queue.RelayOptions{})
	count := newTally(t)
	start(t, s.Events(), count.handle, over(r, 1))
	settled(t, s)
	count.each(1)
	eventually(t, "the stream is empty", func() bool { return w.length("work") == 0 })
}

func TestFailureIsAnnouncedAgainWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	w, s := sharedRedis(t), openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	r := w.connect(queue.RedisOptions{Fallback: time.Hour, Visibility: time.Hour})
	relay(t, s.Events(), r, queue.RelayOptions{})
	var runs atomic.Int64
	options := over(r, 1)
	options.Settle = func(ctx context.Context, d event.Delivery, err error) error {
		if err == nil {
			return s.Events().Done(ctx, d.Lease, time.Now())
		}
		return s.Events().Retry(ctx, d.Lease, time.Now().Add(20*time.Millisecond), err.Error())
	}
	start(t, s.Events(), func(context.Context, event.Delivery) error {
		if runs.Add(1) < 3 {
			return errors.New("not yet")
		}
		return nil
	}, options)
	settled(t, s)
	if d := only(t, s); d.Attempts != 3 || d.Failures != 2 {
		t.Errorf("the delivery is %+v, want it done at the third attempt", d)
	}
}

func TestTopicsMustBeNamedWithRedis(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	w := queue.NewWorker(s.Events(), newTally(t).handle, &queue.WorkerOptions{Redis: nowhere(t, queue.RedisOptions{})})
	if err := w.Run(t.Context()); err == nil {
		t.Error("Run() = nil, want an error")
	}
}
