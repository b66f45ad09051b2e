package queue

import (
	"time"

	"go.uber.org/zap"
)

// outage is what is known about something that may fail for a while: that is logged once when it begins and once when it
// ends. It belongs to one goroutine.
type outage struct {
	what   string // what may fail
	log    *zap.Logger
	now    func() time.Time
	poll   time.Duration
	since  time.Time // zero while it works
	passed int       // failures in a row
}

// note takes the outcome of a try.
func (o *outage) note(err error) {
	switch {
	case err == nil && o.since.IsZero():
	case err == nil:
		o.log.Info(o.what+" works again", zap.Duration("after", o.now().Sub(o.since)))
		o.since, o.passed = time.Time{}, 0
	case o.since.IsZero():
		o.since, o.passed = o.now(), 1
		o.log.Warn(o.what+" fails, and is tried again until it works", zap.Error(err))
	default:
		o.passed++
	}
}

// on reports whether the last try failed.
func (o *outage) on() bool { return !o.since.IsZero() }

// wait is how long to wait before the next try: the poll, doubled with each failure up to four times it.
func (o *outage) wait() time.Duration { return o.poll << min(max(o.passed-1, 0), 2) }
