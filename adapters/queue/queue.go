// Package queue moves deliveries of the event log through Watermill: a Publisher and a Subscriber for any program that
// speaks Watermill, the Worker that runs the product's reactions, and the Relay that tells workers elsewhere over Redis what
// there is to do.
//
// The log is the only queue here, with Redis or without; nothing is kept in memory but what is being worked on. A message
// that is out is a leased delivery: the lease is renewed as long as the message is in work, an Ack settles the delivery, a
// Nack makes it due again later. Messages arrive at least once and in no promised order, workspaces take turns.
package queue

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/ragcorp/ragcorp/core/event"
)

// Settle writes down how the work on a delivery ended; err is nil when it went well.
type Settle func(ctx context.Context, d event.Delivery, err error) error

// DefaultSettle marks a delivery as done when err is nil, and otherwise makes it due again after Backoff, without end.
func DefaultSettle(log event.Log, now func() time.Time) Settle {
	return settling(log, now, Backoff)
}

func settling(log event.Log, now func() time.Time, backoff func(failures int) time.Duration) Settle {
	return func(ctx context.Context, d event.Delivery, err error) error {
		if err == nil {
			return log.Done(ctx, d.Lease, now())
		}
		return log.Retry(ctx, d.Lease, now().Add(backoff(d.Failures+1)), err.Error())
	}
}

const (
	firstBackoff = time.Second
	lastBackoff  = 5 * time.Minute
)

// Backoff is how long to wait after the given number of failures: one second doubled with each, at most five minutes, of
// which a random half is taken off, so that what failed together doesn't come back together.
func Backoff(failures int) time.Duration {
	d := lastBackoff
	if n := max(failures, 1) - 1; n < 9 { // 2⁹ seconds are more than the most
		d = min(firstBackoff<<n, lastBackoff)
	}
	return d - rand.N(d/2) //nolint:gosec // nobody gains by guessing it
}
