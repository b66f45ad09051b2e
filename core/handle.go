package core

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Topics lists the topics that Handle reacts to.
func Topics() []string {
	return []string{document.TopicIngest, document.TopicPurge, document.TopicFill}
}

// Handle reacts to the event of a delivery that the caller has leased. It may be called again for the same event, at any time
// and by anybody. It returns nil when nothing is left to do; what an error means is up to Settle. The caller keeps the lease
// alive meanwhile and ends ctx when it is lost.
func (a *App) Handle(ctx context.Context, d event.Delivery) error {
	switch d.Event.Topic {
	case document.TopicIngest:
		run, err := document.RunOf(d.Event)
		if err != nil {
			return err
		}
		return a.Documents.Ingest(ctx, d.Lease, run, a.retry.exhausted(d))
	case document.TopicPurge:
		return a.Documents.Purge(ctx, d.Event)
	case document.TopicFill:
		return a.Documents.Fill(ctx, d.Event)
	}
	return fmt.Errorf("nothing reacts to topic %q", d.Event.Topic)
}

// Retry says when a reaction that failed is tried again, and when it is given up. Its zero value means defaults.
type Retry struct {
	// Failures is how often a reaction may fail before its delivery is dead. Defaults to 8.
	Failures int
	// Crashes is how often a worker may die or lose its lease over a delivery before it is dead. Defaults to 25.
	Crashes int
	// Base is the delay after the first failure; it doubles with each. Defaults to one second.
	Base time.Duration
	// Max is the longest delay. Defaults to five minutes.
	Max time.Duration
}

func (r Retry) withDefaults() Retry {
	if r.Failures <= 0 {
		r.Failures = 8
	}
	if r.Crashes <= 0 {
		r.Crashes = 25
	}
	if r.Base <= 0 {
		r.Base = time.Second
	}
	if r.Max <= 0 {
		r.Max = 5 * time.Minute
	}
	return r
}

// exhausted reports whether a delivery has used up its tries, one more failure included.
func (r Retry) exhausted(d event.Delivery) bool {
	return d.Failures+1 >= r.Failures || d.Attempts-d.Failures-1 >= r.Crashes
}

// delay is how long to wait after one more failure: exponential, with up to a quarter of jitter, and no shorter than the one
// who failed asked for.
func (r Retry) delay(d event.Delivery, err error) time.Duration {
	wait := min(r.Base<<min(d.Failures, 20), r.Max)
	wait += time.Duration(rand.Int64N(int64(wait)/4 + 1)) //nolint:gosec // jitter needs no secrecy
	if f := fault.Of(err); f != nil {
		wait = max(wait, f.RetryAfter)
	}
	return wait
}

// Settle settles a delivery after Handle returned err: done when it is nil; due again later when trying again may help; dead
// when tries are used up, or when it never will. A lease that is lost meanwhile is no error: whoever holds it settles.
func (a *App) Settle(ctx context.Context, d event.Delivery, err error) error {
	log, now := a.store.Events(), a.now()
	switch {
	case err == nil:
		err = log.Done(ctx, d.Lease, now)
	case errors.Is(err, event.ErrLeaseLost):
	case a.retry.exhausted(d) || fault.Permanent(err):
		err = a.giveUp(ctx, d, err)
	default:
		err = log.Retry(ctx, d.Lease, now.Add(a.retry.delay(d, err)), err.Error())
	}
	if errors.Is(err, event.ErrLeaseLost) {
		return nil
	}
	return err
}

// giveUp makes a delivery dead; a document that it was about fails visibly, so that nobody waits for it.
func (a *App) giveUp(ctx context.Context, d event.Delivery, cause error) error {
	if d.Event.Topic == document.TopicIngest {
		if run, err := document.RunOf(d.Event); err == nil {
			return a.Documents.GiveUp(ctx, d.Lease, run, cause.Error())
		}
	}
	return a.store.Events().Bury(ctx, d.Lease, a.now(), cause.Error())
}

// Drain reacts to everything that is due, one delivery after the other, and returns when nothing is. It is how a program
// without workers gets its documents processed. Reactions that failed for a passing reason stay for a later Drain; the first
// error of a reaction is returned when all are through.
func (a *App) Drain(ctx context.Context) error {
	var first error
	for {
		due, err := a.store.Events().Claim(ctx, event.Claim{Topics: Topics(), Max: 1, Lease: time.Minute, Now: a.now()})
		if err != nil || len(due) == 0 {
			return errors.Join(first, err)
		}
		err = a.work(ctx, due[0])
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			return errors.Join(first, ctx.Err())
		}
	}
}

// work handles one delivery and settles it, keeping its lease alive meanwhile.
func (a *App) work(ctx context.Context, d event.Delivery) error {
	working, stop := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		a.keep(working, stop, d.Lease)
	}()
	err := a.Handle(working, d)
	stop(nil)
	<-kept
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), a.store.Events().Release(context.WithoutCancel(ctx), d.Lease, a.now()))
	}
	return errors.Join(err, a.Settle(ctx, d, err))
}

// keep renews a lease until ctx ends, and ends it when the lease is lost.
func (a *App) keep(ctx context.Context, stop context.CancelCauseFunc, l event.Lease) {
	tick := time.NewTicker(20 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := a.store.Events().Renew(ctx, l, a.now().Add(time.Minute)); errors.Is(err, event.ErrLeaseLost) {
			stop(err)
			return
		}
	}
}
