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

// errNack is the failure of a message that came back without a reason.
var errNack = errors.New("the message was not acknowledged")

// errStopping is the cause with which messages are cancelled that were out for too long when the subscription ended.
var errStopping = errors.New("the worker is stopping")

// hand is what a consumer within this package finds in the context of a message.
type hand struct {
	delivery event.Delivery
	err      error // why the message comes back; set before Nack
}

type handKey struct{}

func handOf(m *message.Message) *hand {
	h, _ := m.Context().Value(handKey{}).(*hand)
	return h
}

// hold hands out a delivery and keeps its lease until it is settled or given back. ctx is the subscription's; the message
// outlives it.
func (s *subscription) hold(ctx context.Context, d event.Delivery) {
	h := &hand{delivery: d, err: errNack}
	work, cancel := context.WithCancelCause(context.WithValue(context.WithoutCancel(ctx), handKey{}, h))
	defer cancel(nil)
	stopRenewing := s.renew(work, d.Lease, cancel)
	defer stopRenewing()

	m, err := messageOf(d)
	if err != nil {
		s.finish(work, d, err)
		return
	}
	m.SetContext(work)
	select {
	case <-ctx.Done():
		s.release(work, d)
		return
	case <-work.Done(): // lost, before anybody began
		return
	case s.out <- m:
	}

	s.await(ctx, m, cancel)
	stopRenewing()
	switch end := ended(m); {
	case end == pending:
		s.abandoned.Add(1)
		s.release(work, d)
	case end == nacked && errors.Is(context.Cause(work), errStopping):
		s.release(work, d)
	case end == nacked:
		s.finish(work, d, h.err)
	default:
		s.finish(work, d, nil)
	}
}

// ending is what the consumer did with a message.
type ending int

const (
	pending ending = iota
	acked
	nacked
)

func ended(m *message.Message) ending {
	select {
	case <-m.Acked():
		return acked
	case <-m.Nacked():
		return nacked
	default:
		return pending
	}
}

// await waits until the message comes back. When the subscription ends, it waits DrainTimeout, cancels the message and
// waits for the time of grace.
func (s *subscription) await(ctx context.Context, m *message.Message, cancel context.CancelCauseFunc) {
	if back(ctx.Done(), m) {
		return
	}
	drain, stop := context.WithTimeout(context.WithoutCancel(ctx), s.o.DrainTimeout)
	defer stop()
	if back(drain.Done(), m) {
		return
	}
	cancel(errStopping)
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), s.grace)
	defer stop()
	back(grace.Done(), m)
}

// back waits for the message to come back; false when the other thing happens before.
func back(other <-chan struct{}, m *message.Message) bool {
	select {
	case <-m.Acked():
		return true
	case <-m.Nacked():
		return true
	case <-other:
		return false
	}
}

// renew keeps the lease until stop is called, which waits, and calls lost when it is no longer held. When the log doesn't
// answer, the work goes on: it is ours until somebody else claims it.
func (s *subscription) renew(ctx context.Context, l event.Lease, lost context.CancelCauseFunc) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var loop sync.WaitGroup
	loop.Go(func() {
		tick := time.NewTicker(max(s.o.Lease/3, time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := s.log.Renew(ctx, l, s.o.Now().Add(s.o.Lease))
			switch {
			case errors.Is(err, event.ErrLeaseLost):
				lost(event.ErrLeaseLost)
				return
			case err != nil && ctx.Err() == nil:
				s.o.Logger.Warn("renew lease", zap.Stringer("event", l.Delivery), zap.Error(err))
			}
		}
	})
	return func() {
		cancel()
		loop.Wait()
	}
}

// finish settles the delivery. What can't be written down is done again when the lease has run out.
func (s *subscription) finish(work context.Context, d event.Delivery, result error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(work), s.o.Lease)
	defer cancel()
	s.report("settle delivery", d, s.settle(ctx, d, result))
}

// release gives back a delivery on which the work did not begin or was broken off.
func (s *subscription) release(work context.Context, d event.Delivery) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(work), s.o.Lease)
	defer cancel()
	s.report("release delivery", d, s.log.Release(ctx, d.Lease, s.o.Now()))
}

func (s *subscription) report(doing string, d event.Delivery, err error) {
	switch {
	case err == nil:
	case errors.Is(err, event.ErrLeaseLost):
		s.o.Logger.Info(doing+": another worker has it", deliveryFields(d)...)
	default:
		s.o.Logger.Error(doing, append(deliveryFields(d), zap.Error(err))...)
	}
}

func deliveryFields(d event.Delivery) []zap.Field {
	return []zap.Field{
		zap.Stringer("event", d.Event.ID), zap.String("name", d.Event.Name), zap.String("topic", d.Event.Topic),
		zap.Stringer("workspace", d.Event.Workspace), zap.Int("attempt", d.Attempts),
	}
}
