package queue

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/event"
)

// Subscriber is a message.Subscriber over the deliveries of an event log. All subscribers to a topic share its messages. It
// is safe for concurrent use.
type Subscriber struct {
	log event.Log
	o   SubscriberOptions

	mu     sync.Mutex
	closed bool
	stops  map[*subscription]context.CancelFunc
	open   sync.WaitGroup
}

var _ message.Subscriber = (*Subscriber)(nil)

// SubscriberOptions are the settings of a Subscriber; nil means defaults.
type SubscriberOptions struct {
	// Concurrency is how many messages of one subscription are out at once. Defaults to 1.
	Concurrency int
	// Lease is for how long a message is ours when this process stalls or dies; it is renewed each third of it, as long as
	// the message is out. Defaults to 30 s.
	Lease time.Duration
	// Poll is how often to look for messages when nothing tells that there are any. Defaults to 500 ms.
	Poll time.Duration
	// DrainTimeout is how long messages that are out when the subscription ends have until their context is cancelled and they
	// are made due for others. Defaults to 30 s.
	DrainTimeout time.Duration
	// Redis announces messages, by relays that run anywhere. Defaults to none: the log is asked.
	Redis *Redis
	// Backoff is how long to wait after the given number of Nacks. Defaults to the function Backoff.
	Backoff func(failures int) time.Duration
	// Now is the clock of leases. Defaults to time.Now.
	Now func() time.Time
	// Logger takes what no caller can be told. Defaults to none.
	Logger *zap.Logger
}

func (o *SubscriberOptions) withDefaults() SubscriberOptions {
	var c SubscriberOptions
	if o != nil {
		c = *o
	}
	c.Concurrency = max(c.Concurrency, 1)
	c.Lease = orDefault(c.Lease, 30*time.Second)
	c.Poll = orDefault(c.Poll, 500*time.Millisecond)
	c.DrainTimeout = orDefault(c.DrainTimeout, 30*time.Second)
	if c.Backoff == nil {
		c.Backoff = Backoff
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// NewSubscriber returns a Subscriber to the deliveries of log. When log is an event.Notifier, messages arrive without
// waiting for the next poll.
func NewSubscriber(log event.Log, o *SubscriberOptions) *Subscriber {
	return &Subscriber{log: log, o: o.withDefaults(), stops: map[*subscription]context.CancelFunc{}}
}

// Subscribe implements message.Subscriber. The values of ctx are those of the messages' contexts; when ctx ends, messages that
// are out have DrainTimeout left before the channel is closed.
func (s *Subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	sub := &subscription{log: s.log, o: s.o, topics: []string{topic}, settle: settling(s.log, s.o.Now, s.o.Backoff)}
	if err := s.start(ctx, sub); err != nil {
		return nil, err
	}
	return sub.out, nil
}

func (s *Subscriber) start(ctx context.Context, sub *subscription) error {
	if sub.o.Redis != nil && len(sub.topics) == 0 {
		return errors.New("with Redis the topics must be named")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	ctx, stop := context.WithCancel(ctx)
	s.stops[sub] = stop
	sub.out = make(chan *message.Message)
	sub.slots = make(chan struct{}, sub.o.Concurrency)
	s.open.Go(func() {
		sub.run(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		stop()
		delete(s.stops, sub)
	})
	return nil
}

// Close implements message.Subscriber: it ends all subscriptions and waits for what is out, for DrainTimeout at most. It may
// be called again. It does not close the log.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, stop := range s.stops {
		stop()
	}
	s.mu.Unlock()
	s.open.Wait()
	return nil
}
