// Package resilient makes models over the network bearable: decorators of the ports of core/llm that give up on silence, try
// again when that may help, keep to the provider's pace and to a number of calls at once, leave a provider alone for a while
// when it is down, and count what became of the calls.
//
// The pace and the breaker of a decorator are shared by all its callers, so one decorator per provider and port is enough.
package resilient

import (
	"context"
	"math/rand/v2"
	"time"
)

// Options are the settings of a decorator; nil means defaults.
type Options struct {
	// Timeout is how long a provider may be silent: an embedding has to be complete in that time, and a stream must bring
	// something at least so often, however long it takes as a whole. Defaults to a minute.
	Timeout time.Duration
	// Attempts is how often a call is tried. A stream is not tried again once a piece of text was handed on. Defaults to 3.
	Attempts int
	// Backoff is how long to wait before the second attempt; it doubles with each one, and half of it is chance. A provider
	// that asks for more gets it. Defaults to a second.
	Backoff time.Duration
	// MaxWait is the longest that a call waits before an attempt, be it for the pace or because the provider asks for it; a
	// call that had to wait longer fails at once, and its error says when to come back. Defaults to 30 seconds.
	MaxWait time.Duration
	// PerMinute is how many requests a provider is sent in a minute. Defaults to no limit.
	PerMinute int
	// TokensPerMinute is how many tokens a provider is sent in a minute, as far as they can be told from the length of texts; what
	// an answer really took is corrected when the provider tells it. Defaults to no limit.
	TokensPerMinute int
	// Concurrency is how many calls there are at once; others wait for their turn. Defaults to 256.
	Concurrency int
	// BreakAfter is after how many failures in a row the provider is left alone; answers that refuse a request, or ask for
	// patience, are no failures. Defaults to 5.
	BreakAfter int
	// Cooldown is how long it is left alone before one call tries whether it is back. Defaults to 30 seconds.
	Cooldown time.Duration

	// Now tells the time. Defaults to time.Now.
	Now func() time.Time
	// Sleep waits; it returns the error of a context that ends first. Defaults to waiting by the clock.
	Sleep func(context.Context, time.Duration) error
	// Chance gives numbers from 0 to 1, excluding 1. Defaults to random ones.
	Chance func() float64
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	orElse(&c.Timeout, time.Minute)
	orElse(&c.Attempts, 3)
	orElse(&c.Backoff, time.Second)
	orElse(&c.MaxWait, 30*time.Second)
	orElse(&c.Concurrency, 256)
	orElse(&c.BreakAfter, 5)
	orElse(&c.Cooldown, 30*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Chance == nil {
		c.Chance = rand.Float64
	}
	return c
}

func orElse[N int | time.Duration](n *N, normal N) {
	if *n <= 0 {
		*n = normal
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
