package queue

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/event"
)

// subscription claims deliveries of some topics and holds each until it is settled.
type subscription struct {
	log    event.Log
	o      SubscriberOptions
	topics []string // empty means all
	settle Settle
	grace  time.Duration // how long messages whose context was cancelled have until they are given up

	out       chan *message.Message
	slots     chan struct{} // has an element for each delivery in hand
	abandoned atomic.Int64  // messages that were given up while out
}

// run returns, with out closed, when ctx has ended and nothing is in hand any more.
func (s *subscription) run(ctx context.Context) {
	var held sync.WaitGroup
	defer close(s.out)
	defer held.Wait()
	var signal <-chan struct{}
	if n, ok := s.log.(event.Notifier); ok {
		c, stop := n.Notify()
		defer stop()
		signal = c
	}
	for {
		free := s.reserve(ctx)
		if free == 0 {
			return
		}
		claimed := s.claim(ctx, free)
		for range free - len(claimed) {
			<-s.slots
		}
		for _, d := range claimed {
			held.Go(func() {
				defer func() { <-s.slots }()
				s.hold(ctx, d)
			})
		}
		if len(claimed) < free && !s.pause(ctx, signal) {
			return
		}
	}
}

// reserve waits for a free slot, takes all that are free, and says how many; none when ctx has ended. Nothing is claimed
// beyond them: what waits in the log can be taken by whoever is free first, and in fair turns.
func (s *subscription) reserve(ctx context.Context) int {
	select {
	case <-ctx.Done():
		return 0
	case s.slots <- struct{}{}:
	}
	for n := 1; ; n++ {
		select {
		case s.slots <- struct{}{}:
		default:
			return n
		}
	}
}

func (s *subscription) claim(ctx context.Context, free int) []event.Delivery {
	if ctx.Err() != nil {
		return nil
	}
	// Not cut short when ctx ends: a claim that was committed, but whose answer is lost, would block until its lease runs out.
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.Lease)
	defer cancel()
	ds, err := s.log.Claim(bounded, event.Claim{Topics: s.topics, Max: free, Lease: s.o.Lease, Now: s.o.Now()})
	if err != nil {
		s.o.Logger.Error("claim deliveries", zap.Error(err))
	}
	return ds
}

// pause waits until there may be something to claim; false when ctx ended before.
func (s *subscription) pause(ctx context.Context, signal <-chan struct{}) bool {
	t := time.NewTimer(s.o.Poll)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-signal:
	case <-t.C:
	}
	return true
}
