package audit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/identity"
)

// Denial is something that somebody wanted to do and may not.
type Denial struct {
	Operation string    // what it was; one of a bounded set of names, such as a route
	Workspace uuid.UUID // where; zero when it is about no workspace
	Reason    string    // stable code, if there is one
	From      string    // network address, without a port; by which those are told apart who are nobody known
}

// Deny records access.denied, in the workspace that it is about. Whoever tries again and again is recorded once a while, with
// the number of tries since; and however many there are, the trail grows no faster than the options allow. What is left out
// is counted in the next event that is written.
func (s *Service) Deny(ctx context.Context, a identity.Actor, d Denial) error {
	now := s.opts.Now()
	write, repeated, dropped := s.denials.admit(now, a, d)
	if !write {
		return nil
	}
	data := struct {
		Operation string `json:"operation"`
		Reason    string `json:"reason,omitempty"`
		From      string `json:"from,omitempty"`
		Repeated  int    `json:"repeated,omitempty"` // times the same was denied to the same since the event before
		Dropped   int    `json:"dropped,omitempty"`  // other denials that were not recorded since the event before
	}{d.Operation, d.Reason, d.From, repeated, dropped}
	e := a.Event("access.denied", now, data).In(d.Workspace, "")
	if err := s.log.Append(ctx, e); err != nil {
		return fmt.Errorf("record a denial: %w", err)
	}
	return nil
}

// mostDenials bounds the memory of denials.
const mostDenials = 10_000

// denials decides which denials are recorded. It remembers what was recorded lately.
type denials struct {
	repeat, every time.Duration
	burst         int

	mu      sync.Mutex
	recent  map[denialKey]*denialCount
	free    time.Time // when the whole burst is free again: the generic cell rate algorithm
	dropped int
}

type denialKey struct {
	actor, from, operation string
	workspace              uuid.UUID
}

type denialCount struct {
	until time.Time // not recorded again before
	times int       // denied since it was recorded
}

func newDenials(o Options) *denials {
	return &denials{repeat: o.Repeat, every: o.Every, burst: o.Burst, recent: map[denialKey]*denialCount{}}
}

// admit reports whether to record a denial; and, when so, how often the same, and how many others, were left out before.
func (d *denials) admit(now time.Time, a identity.Actor, what Denial) (write bool, repeated, dropped int) {
	key := denialKey{actor: a.String(), operation: what.Operation, workspace: what.Workspace}
	if a.Kind == "" || a.Kind == identity.Anonymous {
		key.from = what.From
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.recent[key]
	if c != nil && now.Before(c.until) {
		c.times++
		return false, 0, 0
	}
	d.free = later(d.free, now).Add(d.every)
	if d.free.Sub(now) > time.Duration(d.burst)*d.every {
		d.free = d.free.Add(-d.every)
		d.dropped++
		return false, 0, 0
	}
	if c != nil {
		repeated = c.times
	}
	dropped, d.dropped = d.dropped, 0
	d.forget(now)
	d.recent[key] = &denialCount{until: now.Add(d.repeat)}
	return true, repeated, dropped
}

// forget makes room: first what is out of date, which also loses its count, and when that is not enough, everything.
func (d *denials) forget(now time.Time) {
	if len(d.recent) < mostDenials {
		return
	}
	for key, c := range d.recent {
		if !now.Before(c.until) {
			delete(d.recent, key)
		}
	}
	if len(d.recent) >= mostDenials {
		clear(d.recent)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
