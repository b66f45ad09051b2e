package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/event"
)

// Worker runs a function for each delivery that comes due.
type Worker struct {
	log    event.Log
	handle func(ctx context.Context, d event.Delivery) error
	o      WorkerOptions
}

// WorkerOptions are the settings of a Worker; nil means defaults.
type WorkerOptions struct {
	// Topics are those to work on. Defaults to all.
	Topics []string
	// Concurrency is how many deliveries are worked on at once. Defaults to 2.
	Concurrency int
	// Lease is after how long others take over when this process stalls or dies; it is renewed each third of it, for as long
	// as the work goes on. Defaults to 30 s.
	Lease time.Duration
	// Poll is how often to look for deliveries when nothing tells that there are any. Defaults to 500 ms.
	Poll time.Duration
	// DrainTimeout is how long work that has begun may go on when the worker is told to stop. Then its context is cancelled,
	// and others may do it. Defaults to 30 s.
	DrainTimeout time.Duration
	// Redis announces deliveries, by relays that run anywhere; Topics must be named then. Defaults to none: the log is asked.
	Redis *Redis
	// Metrics counts what is done. Defaults to none.
	Metrics *Metrics
	// Settle writes down how the work ended. It is called with a context that the end of the worker does not cancel. Not called
	// for work that was broken off by the end of the worker. Defaults to DefaultSettle.
	Settle Settle
	// Now is the clock of leases. Defaults to time.Now.
	Now func() time.Time
	// Logger takes what no caller can be told. Defaults to none.
	Logger *zap.Logger
}

// mostGrace bounds how long to wait for work whose context was cancelled.
const mostGrace = 5 * time.Second

// NewWorker returns a Worker that calls handle, many at once, for the deliveries of log. handle returns nil when the delivery
// is settled or may be marked as done. Its context is cancelled with the cause event.ErrLeaseLost when another worker has
// taken over. A panic of handle is its error.
func NewWorker(log event.Log, handle func(ctx context.Context, d event.Delivery) error, o *WorkerOptions) *Worker {
	w := &Worker{log: log, handle: handle}
	if o != nil {
		w.o = *o
	}
	if w.o.Concurrency <= 0 {
		w.o.Concurrency = 2
	}
	return w
}

// Run works until ctx ends and everything is down: what was claimed and not begun is given back at once, what has begun may
// finish within DrainTimeout. It returns an error when work did not even stop a little later; that goes on, without a lease.
func (w *Worker) Run(ctx context.Context) error {
	options := (&SubscriberOptions{
		Concurrency: w.o.Concurrency, Lease: w.o.Lease, Poll: w.o.Poll, DrainTimeout: w.o.DrainTimeout,
		Redis: w.o.Redis, Now: w.o.Now, Logger: w.o.Logger,
	}).withDefaults()
	sub := &subscription{
		log: w.log, o: options, topics: w.o.Topics, settle: w.o.Settle, grace: min(mostGrace, options.DrainTimeout),
	}
	if sub.settle == nil {
		sub.settle = DefaultSettle(w.log, options.Now)
	}
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: sub.grace}, routerLog{options.Logger})
	if err != nil {
		return fmt.Errorf("make router: %w", err)
	}
	source := &source{Subscriber: NewSubscriber(w.log, &options), sub: sub}
	router.AddConsumerHandler("deliveries", "deliveries", source, func(m *message.Message) error {
		w.work(m, options.Logger)
		return nil
	})
	if err := router.Run(ctx); err != nil {
		return fmt.Errorf("run router: %w", err)
	}
	if err := source.Close(); err != nil {
		return err
	}
	if n := sub.abandoned.Load(); n > 0 {
		return fmt.Errorf("%d handlers did not stop when they were cancelled", n)
	}
	return nil
}

// source is a Subscriber whose one subscription is about all topics of the worker.
type source struct {
	*Subscriber
	sub *subscription
}

// Subscribe implements message.Subscriber; the topic is only a name.
func (s *source) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	if err := s.start(ctx, s.sub); err != nil {
		return nil, err
	}
	return s.sub.out, nil
}

// work handles one message. The outcome travels beside the message, because a Nack has no reason.
func (w *Worker) work(m *message.Message, logger *zap.Logger) {
	h := handOf(m)
	began := time.Now()
	w.o.Metrics.begun(h.delivery.Event.Topic, h.delivery.Attempts)
	err := w.call(m.Context(), h.delivery)
	w.o.Metrics.ended(time.Since(began), err != nil && !errors.Is(context.Cause(m.Context()), errStopping))
	if err == nil {
		return // the router acknowledges
	}
	if cause := context.Cause(m.Context()); cause != nil && !errors.Is(err, cause) { // says more than that the context is canceled
		err = fmt.Errorf("%w: %w", cause, err)
	}
	fields := append(deliveryFields(h.delivery), zap.Error(err))
	if p := (*panicError)(nil); errors.As(err, &p) {
		fields = append(fields, zap.ByteString("stack", p.stack))
	}
	logger.Warn("handle delivery", fields...)
	h.err = err
	m.Nack()
}

func (w *Worker) call(ctx context.Context, d event.Delivery) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value: value, stack: debug.Stack()}
		}
	}()
	return w.handle(ctx, d)
}

// panicError is a panic of a handler. Its text, which is kept with the delivery, leaves out the stack.
type panicError struct {
	value any
	stack []byte
}

// Error implements error.
func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// Unwrap returns the value of the panic where that is an error.
func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}
