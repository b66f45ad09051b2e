package queue

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/ragcorp/ragcorp/core/event"
)

// subscription leases deliveries of some topics and holds each until it is settled.
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
	from := s.supply()
	defer from.close(ctx)
	for {
		free := s.reserve(ctx)
		if free == 0 {
			return
		}
		taken := from.take(ctx, free)
		for range free - len(taken) {
			<-s.slots
		}
		for _, d := range taken {
			held.Go(func() {
				defer func() { <-s.slots }()
				s.hold(ctx, d)
			})
		}
		if len(taken) < free && !from.pause(ctx) {
			return
		}
	}
}

func (s *subscription) supply() supply {
	t := newTable(s.log, s.topics, s.o)
	if s.o.Redis == nil {
		return t
	}
	return newStreams(s.o.Redis, t)
}

// reserve waits for a free slot, takes all that are free, and says how many; none when ctx has ended. Nothing is taken
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
