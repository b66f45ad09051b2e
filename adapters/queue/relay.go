package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/event"
)

// Relay announces deliveries that are due over Redis. Any number of them may run, in any processes.
type Relay struct {
	log       event.Offers
	redis     *Redis
	publisher message.Publisher
	topics    []string
	o         RelayOptions
	outage    outage
	refused   bool // Redis did not store the last announcement
	swept     time.Time
}

// RelayOptions are the settings of a Relay; nil means defaults.
type RelayOptions struct {
	// Poll is how often to look for deliveries when nothing tells that there are any. Defaults to 500 ms.
	Poll time.Duration
	// Now is the clock of offers. Defaults to time.Now.
	Now func() time.Time
	// Metrics counts announcements. Defaults to none.
	Metrics *Metrics
	// Logger takes what no caller can be told. Defaults to none.
	Logger *zap.Logger
}

const (
	// batch is how many deliveries a relay offers at a time: so many wait for the offer's end if it dies before it told of them.
	batch = 50
	// sweep is how often a relay looks for workers that are gone.
	sweep = time.Minute
)

// NewRelay returns a Relay of the given topics. When log is an event.Notifier, announcements don't wait for the next poll. The
// relay does not close r.
func NewRelay(log event.Offers, r *Redis, topics []string, o *RelayOptions) (*Relay, error) {
	relay := &Relay{log: log, redis: r, topics: topics}
	if o != nil {
		relay.o = *o
	}
	relay.o.Poll = orDefault(relay.o.Poll, 500*time.Millisecond)
	if relay.o.Now == nil {
		relay.o.Now = time.Now
	}
	if relay.o.Logger == nil {
		relay.o.Logger = zap.NewNop()
	}
	relay.outage = outage{what: "announcing deliveries", log: relay.o.Logger, now: relay.o.Now, poll: relay.o.Poll}
	var err error // Closing the publisher would close the client, which is not ours; it holds nothing else.
	relay.publisher, err = redisstream.NewPublisher(redisstream.PublisherConfig{Client: r.client}, routerLog{relay.o.Logger})
	if err != nil {
		return nil, fmt.Errorf("make publisher: %w", err)
	}
	return relay, nil
}

// Run announces until ctx ends. It returns nil.
func (r *Relay) Run(ctx context.Context) error {
	var signal <-chan struct{}
	if n, ok := r.log.(event.Notifier); ok {
		c, stop := n.Notify()
		defer stop()
		signal = c
	}
	for {
		err := r.round(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil || !r.refused {
			r.outage.note(err)
		}
		if !r.pause(ctx, signal) {
			return nil
		}
	}
}

// round announces what is due, topic by topic, as far as there is room.
func (r *Relay) round(ctx context.Context) error {
	for _, topic := range r.topics {
		for {
			more, err := r.step(ctx, topic)
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
	}
	if now := r.o.Now(); now.Sub(r.swept) >= sweep {
		r.swept = now
		return r.forget(ctx)
	}
	return nil
}

// step announces one batch, and says whether there may be more to announce.
func (r *Relay) step(ctx context.Context, topic string) (more bool, err error) {
	backlog, err := r.redis.backlog(ctx, topic) // before anything is offered: it tells whether Redis answers
	if err != nil {
		return false, err
	}
	room := min(r.redis.o.Backlog-backlog, batch)
	if room < 1 {
		return false, nil
	}
	if r.refused {
		room = 1 // it may answer and still refuse, for lack of memory: then only this delivery waits for the end of its offer
	}
	now := r.o.Now()
	ds, err := r.log.Offer(ctx, event.Offer{Topics: []string{topic}, Max: room, Now: now, Until: now.Add(r.redis.o.Visibility)})
	if err != nil {
		return false, fmt.Errorf("offer deliveries of %s: %w", topic, err)
	}
	if len(ds) == 0 {
		return false, nil
	}
	err = r.publish(ctx, topic, ds)
	r.refused = err != nil
	if err != nil {
		return false, err
	}
	r.o.Metrics.announced(topic, len(ds))
	return len(ds) == room, nil
}

// publish goes on when ctx ends: what was offered should be told.
func (r *Relay) publish(ctx context.Context, topic string, ds []event.Delivery) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.redis.o.Visibility)
	defer cancel()
	messages := make([]*message.Message, len(ds))
	for i, d := range ds {
		messages[i] = announce(ctx, d)
	}
	if err := r.publisher.Publish(r.redis.stream(topic), messages...); err != nil {
		return fmt.Errorf("announce deliveries of %s: %w", topic, err)
	}
	return nil
}

// forget removes workers that are gone.
func (r *Relay) forget(ctx context.Context) error {
	for _, topic := range r.topics {
		err := r.redis.forget(ctx, topic, func(c redis.XInfoConsumer) bool { return c.Idle >= r.redis.o.Gone })
		if err != nil {
			return err
		}
	}
	return nil
}

// pause waits until there may be something to announce; false when ctx ended before. Signals, of which a busy process has
// many, shorten the wait to a twentieth.
func (r *Relay) pause(ctx context.Context, signal <-chan struct{}) bool {
	if r.outage.on() {
		return wait(ctx, nil, r.outage.wait())
	}
	least := r.o.Poll / 20
	return wait(ctx, nil, least) && wait(ctx, signal, r.o.Poll-least)
}

// wait waits for a signal, but no longer than d; false when ctx ended before.
func wait(ctx context.Context, signal <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-signal:
	case <-t.C:
	}
	return true
}
