package resilient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// caller makes the calls of one decorator.
type caller struct {
	opts    Options
	slots   chan struct{} // one element per running call
	pace    pace
	breaker breaker
	counts  counts
}

func newCaller(o *Options) *caller {
	opts := o.withDefaults()
	return &caller{
		opts: opts, slots: make(chan struct{}, opts.Concurrency), pace: newPace(opts.PerMinute, opts.TokensPerMinute),
		breaker: breaker{after: opts.BreakAfter, cooldown: opts.Cooldown},
	}
}

// attempt is one try of a call. It tells the watch whenever there is a sign of life.
type attempt func(ctx context.Context, w *watch) error

var errStopped = errors.New("nobody wants the rest")

// spentError is an error of an attempt that must not be repeated, since a part of its result is with the caller already.
type spentError struct{ cause error }

func (e *spentError) Error() string { return e.cause.Error() }
func (e *spentError) Unwrap() error { return e.cause }

// do makes a call, with as many attempts as it takes and is allowed. The error is that of the last attempt.
//
// tokens is what a call takes of the pace, as far as is known before.
func (c *caller) do(ctx context.Context, tokens int, try attempt) error {
	c.counts.called()
	var last error
	for n := 1; ; n++ {
		err := c.once(ctx, tokens, try)
		if last != nil && fault.Of(err) != nil && fault.Of(err).Reason == provider.ReasonDown {
			return last // it says why the breaker opened
		}
		last = err
		var spent *spentError
		if errors.As(err, &spent) {
			return spent.cause
		}
		if n == c.opts.Attempts || !worthRepeating(err) {
			return err
		}
		wait := max(c.backoff(n), fault.Of(err).RetryAfter)
		if deadline, ok := ctx.Deadline(); wait > c.opts.MaxWait || ok && !c.opts.Now().Add(wait).Before(deadline) {
			return err
		}
		if err := c.opts.Sleep(ctx, wait); err != nil {
			return fmt.Errorf("wait for the model: %w", err)
		}
	}
}

// worthRepeating reports whether another attempt may end better. A key that was refused stays refused, another model stays another
// one, and a breaker that is open won't close before a call could wait.
func worthRepeating(err error) bool {
	f := fault.Of(err)
	return f != nil && !fault.Permanent(err) &&
		!slices.Contains([]string{provider.ReasonAuth, provider.ReasonDown, llm.ReasonDimension}, f.Reason)
}

// backoff is how long to wait after the nth attempt.
func (c *caller) backoff(n int) time.Duration {
	d := min(c.opts.Backoff<<min(n-1, 20), c.opts.MaxWait)
	return d/2 + time.Duration(c.opts.Chance()*float64(d/2))
}

// once makes one attempt when it is its turn.
func (c *caller) once(ctx context.Context, tokens int, try attempt) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ask the model: %w", err)
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn with the model: %w", ctx.Err())
	}
	probe, err := c.breaker.enter(c.opts.Now())
	if err != nil {
		c.counts.refused()
		return err
	}
	o := cancelled // until the provider was asked; also when whoever takes the pieces panics
	defer func() { c.breaker.leave(c.opts.Now(), o, probe) }()
	if err := c.waitForPace(ctx, tokens); err != nil {
		return err
	}
	err = c.watched(ctx, try)
	o = outcomeOf(ctx, err)
	c.counts.attempted(o)
	if f := fault.Of(err); o == busy && f.RetryAfter > 0 {
		// The others needn't find out one by one; but one answer doesn't stop everybody for hours.
		c.pace.hold(c.opts.Now().Add(min(f.RetryAfter, max(c.opts.MaxWait, c.opts.Cooldown))))
	}
	return err
}

func (c *caller) waitForPace(ctx context.Context, tokens int) error {
	wait, ok := c.pace.take(c.opts.Now(), tokens, c.opts.MaxWait)
	if !ok {
		c.counts.refused()
		return fault.Busy.Errorf(provider.Busy).Because(provider.ReasonBusy).After(wait)
	}
	if wait <= 0 {
		return nil
	}
	if err := c.opts.Sleep(ctx, wait); err != nil {
		return fmt.Errorf("wait for a turn with the model: %w", err)
	}
	return nil
}

// errSilent is why a watch ends an attempt.
var errSilent = errors.New("the model was silent for too long")

// watched runs an attempt and ends it when there was no sign of life for too long.
func (c *caller) watched(ctx context.Context, try attempt) error {
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w := &watch{limit: c.opts.Timeout, timer: time.AfterFunc(c.opts.Timeout, func() { stop(errSilent) })}
	defer w.timer.Stop()
	err := try(inner, w)
	if err == nil || ctx.Err() != nil || !errors.Is(context.Cause(inner), errSilent) {
		return err
	}
	silent := fault.Unavailable.Wrap(fmt.Errorf("%w: %s", errSilent, c.opts.Timeout), provider.Unavailable).Because(provider.ReasonTimeout)
	var spent *spentError
	if errors.As(err, &spent) {
		return &spentError{silent}
	}
	return silent
}

// watch ends an attempt that shows no sign of life.
type watch struct {
	limit time.Duration
	timer *time.Timer
}

// rest says that it is not the provider who is waited for.
func (w *watch) rest() { w.timer.Stop() }

// resume says that the provider is waited for, from now on.
func (w *watch) resume() { w.timer.Reset(w.limit) }
