package queue

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/event"
)

// supply is where a subscription gets its deliveries from.
type supply interface {
	// take leases up to free deliveries, and may wait for the first for as long as a poll. When ctx has ended it takes none.
	take(ctx context.Context, free int) []event.Delivery
	// pause waits until there may be something to take, after less was taken than asked for; false when ctx ended before.
	pause(ctx context.Context) bool
	// close ends it.
	close(ctx context.Context)
}

// table is the deliveries themselves.
type table struct {
	log    event.Log
	topics []string // empty means all
	o      SubscriberOptions
	signal <-chan struct{}
	stop   func()
}

func newTable(log event.Log, topics []string, o SubscriberOptions) *table {
	t := &table{log: log, topics: topics, o: o, stop: func() {}}
	if n, ok := log.(event.Notifier); ok {
		t.signal, t.stop = n.Notify()
	}
	return t
}

func (t *table) take(ctx context.Context, free int) []event.Delivery { return t.claim(ctx, free, 0) }

// claim claims what is due for some time.
func (t *table) claim(ctx context.Context, free int, since time.Duration) []event.Delivery {
	if ctx.Err() != nil {
		return nil
	}
	// Not cut short when ctx ends: a claim that was committed, but whose answer is lost, would block until its lease runs out.
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.o.Lease)
	defer cancel()
	ds, err := t.log.Claim(bounded, event.Claim{
		Topics: t.topics, Max: free, Lease: t.o.Lease + since, Now: t.o.Now().Add(-since),
	})
	if err != nil {
		t.o.Logger.Error("claim deliveries", zap.Error(err))
	}
	return ds
}

func (t *table) pause(ctx context.Context) bool { return wait(ctx, t.signal, t.o.Poll) }

func (t *table) close(context.Context) { t.stop() }
