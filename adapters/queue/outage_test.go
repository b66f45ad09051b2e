package queue_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/core/event"
)

func TestWithoutAnAnswerFromRedisWorkIsTakenFromTheTable(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 20)
	core, logs := observer.New(zapcore.WarnLevel)
	r := nowhere(t, queue.RedisOptions{Fallback: 50 * time.Millisecond})
	count := newTally(t)
	options := over(r, 2)
	options.Logger = zap.New(core)
	stop := start(t, s.Events(), count.handle, options)
	stopRelay := relay(t, s.Events(), r, queue.RelayOptions{Logger: zap.New(core)})
	settled(t, s)
	count.each(20)
	stopped(t, stop)
	stopRelay()
	if logs.Len() != 2 {
		t.Errorf("there are %d log entries, want one of the relay and one of the worker: %v", logs.Len(), logs.All())
	}
}

func TestRedisThatStoresNothingMoreDelaysWorkOnly(t *testing.T) {
	t.Parallel()
	w, s := ownRedis(t), openStore(t, "sqlite::memory:")
	limit := func(bytes string) {
		if err := w.raw.ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	o := queue.RedisOptions{Fallback: 50 * time.Millisecond, Visibility: 500 * time.Millisecond}
	log := &offers{Log: s.Events()}
	relay(t, log, w.connect(o), queue.RelayOptions{Poll: 100 * time.Millisecond})
	count := newTally(t)
	start(t, s.Events(), count.handle, over(w.connect(o), 2))
	add(t, s.Events(), 60)
	settled(t, s)
	limit("0")
	add(t, s.Events(), 60)
	settled(t, s)
	count.each(120)
}

// TestNothingIsLostWithRedis is the story of everything that can happen to Redis and to workers.
func TestNothingIsLostWithRedis(t *testing.T) {
	t.Parallel()
	const n = 240
	w, url := ownRedis(t), "sqlite:"+filepath.Join(t.TempDir(), "queue.db")
	one, two := openStore(t, url), openStore(t, url)
	o := queue.RedisOptions{Visibility: time.Second, Fallback: 500 * time.Millisecond, Stale: 300 * time.Millisecond, Backlog: 30}
	count, steps := newTally(t), make(chan struct{})
	handle := func(ctx context.Context, d event.Delivery) error {
		select {
		case <-steps:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		return count.handle(ctx, d)
	}
	for i := range 3 {
		log := one.Events()
		if i == 2 {
			log = two.Events()
		}
		options := over(w.connect(o), 2)
		options.Lease = time.Hour // that nobody is too slow for it
		start(t, log, handle, options)
	}
	relay(t, one.Events(), w.connect(o), queue.RelayOptions{})
	relay(t, two.Events(), w.connect(o), queue.RelayOptions{})
	add(t, one.Events(), n)
	// dies takes work that it never settles, and hears of more that it doesn't even take.
	dies := func() {
		_, err := one.Events().Claim(t.Context(), event.Claim{Topics: []string{"work"}, Max: 2, Lease: time.Second, Now: time.Now()})
		if err != nil {
			t.Error(err)
		}
		w.raw.XReadGroup(t.Context(), &redis.XReadGroupArgs{ // an error when the group is gone just now
			Group: "workers", Consumer: "dead", Streams: []string{w.stream("work"), ">"}, Count: 2, Block: -1,
		})
	}
	for done := 0; done < n; done++ {
		switch done {
		case 40, 120, 200:
			if err := w.raw.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		case 60, 140:
			dies()
		case 80, 160:
			w.server.Kill(t)
			w.server.Start(t)
		}
		steps <- struct{}{}
	}
	settled(t, one)
	count.each(n)
}
