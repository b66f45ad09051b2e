package queue_test

import (
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

// TestPubSubPassesTheSuiteOfWatermill runs in full only when neither -short nor -race is given: the suite moves tens of
// thousands of messages against the clock.
func TestPubSubPassesTheSuiteOfWatermill(t *testing.T) {
	var mu sync.Mutex
	logs := map[string]event.Log{} // by test: publishers and subscribers of a test share one
	tests.TestPubSub(t,
		tests.Features{
			ConsumerGroups:      false,
			ExactlyOnceDelivery: false,
			GuaranteedOrder:     false,
			Persistent:          true,
			ForceShort:          testing.Short() || raceEnabled,
		},
		func(t *testing.T) (message.Publisher, message.Subscriber) {
			mu.Lock()
			defer mu.Unlock()
			log, ok := logs[t.Name()]
			if !ok {
				log = openStore(t, "sqlite::memory:").Events()
				logs[t.Name()] = log
			}
			return queue.NewPublisher(log, nil), queue.NewSubscriber(log, &queue.SubscriberOptions{
				Concurrency:  4,
				Poll:         20 * time.Millisecond,
				DrainTimeout: 100 * time.Millisecond,
				Backoff:      func(int) time.Duration { return time.Millisecond },
			})
		},
		nil,
	)
}
