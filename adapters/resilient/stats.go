package resilient

import (
	"context"
	"errors"
	"sync"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// Stats counts since the decorator was made. The attempts that reached the provider are the sum of Answered, Busy,
// Unavailable, Rejected and Cancelled.
type Stats struct {
	Calls       int64 // of the decorator; one for each request's worth of texts, one for each answer
	Answered    int64
	Busy        int64 // the provider wants fewer requests
	Unavailable int64 // it failed, was silent or out of reach, or gave no proper answer
	Rejected    int64 // it holds the request to be wrong or forbidden, or gave vectors that don't fit
	Cancelled   int64 // the caller left
	Refused     int64 // attempts that were not made: the provider is left alone, or the wait for it was too long

	InputTokens  int64 // as the provider counts them, of generators only
	OutputTokens int64
}

// outcome is how an attempt ended.
type outcome int

const (
	answered outcome = iota
	busy
	unavailable
	rejected
	cancelled
)

func outcomeOf(ctx context.Context, err error) outcome {
	switch {
	case err == nil:
		return answered
	case errors.Is(err, errStopped), ctx.Err() != nil:
		return cancelled
	case errors.Is(err, fault.Busy):
		return busy
	case errors.Is(err, fault.Unavailable) && fault.Of(err).Reason != llm.ReasonDimension: // that one answered, though wrongly
		return unavailable
	}
	return rejected
}

// counts guards Stats.
type counts struct {
	mu    sync.Mutex
	stats Stats
}

func (c *counts) read() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

func (c *counts) add(change func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.stats)
}

func (c *counts) called()  { c.add(func(s *Stats) { s.Calls++ }) }
func (c *counts) refused() { c.add(func(s *Stats) { s.Refused++ }) }

func (c *counts) attempted(o outcome) {
	c.add(func(s *Stats) {
		switch o {
		case answered:
			s.Answered++
		case busy:
			s.Busy++
		case unavailable:
			s.Unavailable++
		case rejected:
			s.Rejected++
		case cancelled:
			s.Cancelled++
		}
	})
}

func (c *counts) used(u *llm.Usage) {
	if u == nil {
		return
	}
	c.add(func(s *Stats) {
		s.InputTokens += int64(u.InputTokens)
		s.OutputTokens += int64(u.OutputTokens)
	})
}
