package queue_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/event"
)

func openStore(tb testing.TB, url string) *sqlstore.Store {
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

// features say what the suite of Watermill asks for. It runs in full only when neither -short nor -race is given: it moves
// tens of thousands of messages against the clock.
func features() tests.Features {
	return tests.Features{
		ConsumerGroups:      false,
		ExactlyOnceDelivery: false,
		GuaranteedOrder:     false,
		Persistent:          true,
		ForceShort:          testing.Short() || raceEnabled,
	}
}

func hasty() queue.SubscriberOptions {
	return queue.SubscriberOptions{
		Concurrency: 4, Poll: 20 * time.Millisecond, DrainTimeout: 100 * time.Millisecond,
		Backoff: func(int) time.Duration { return time.Millisecond },
	}
}

// logs has a log for each test: its publishers and subscribers share one.
type logs struct {
	mu     sync.Mutex
	byTest map[string]event.Log
}

func (l *logs) of(t *testing.T) event.Log {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byTest == nil {
		l.byTest = map[string]event.Log{}
	}
	if l.byTest[t.Name()] == nil {
		l.byTest[t.Name()] = openStore(t, "sqlite::memory:").Events()
	}
	return l.byTest[t.Name()]
}

func TestPubSubPassesTheSuiteOfWatermill(t *testing.T) {
	var all logs
	tests.TestPubSub(t, features(), func(t *testing.T) (message.Publisher, message.Subscriber) {
		log, o := all.of(t), hasty()
		return queue.NewPublisher(log, nil), queue.NewSubscriber(log, &o)
	}, nil)
}

func TestPubSubOverRedisPassesTheSuiteOfWatermill(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("it runs against the clock, and everything that can race here runs in the other tests as well")
	}
	var all logs
	w, f := sharedRedis(t), features()
	f.ForceShort = true // in full it passes as well, and takes a minute
	tests.TestPubSub(t, f, func(t *testing.T) (message.Publisher, message.Subscriber) {
		log, o := all.of(t), hasty()
		r, err := queue.OpenRedis(w.server.URL, &queue.RedisOptions{
			Prefix: t.Name(), Visibility: time.Second, Fallback: time.Hour, Backlog: 1000,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		o.Redis = r
		return queue.NewPublisher(log, nil), &relayed{Subscriber: queue.NewSubscriber(log, &o), test: t, log: log, redis: r}
	}, nil)
}

// relayed is a Subscriber with a relay for each of its subscriptions.
type relayed struct {
	*queue.Subscriber

	test  *testing.T
	log   event.Log
	redis *queue.Redis
}

func (r *relayed) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	re, err := queue.NewRelay(r.log, r.redis, []string{topic}, &queue.RelayOptions{Poll: 20 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	ctx2, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- re.Run(ctx2) }()
	r.test.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			r.test.Error(err)
		}
	})
	return r.Subscriber.Subscribe(ctx, topic)
}
