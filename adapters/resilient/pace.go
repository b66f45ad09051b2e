package resilient

import (
	"sync"
	"time"
)

// pace is a token bucket with room for what is due in a second, at least one: it hands out times at which requests may be
// made, in the order in which they are asked for. It is safe for concurrent use.
type pace struct {
	interval time.Duration // between requests; 0 for no limit
	slack    time.Duration // how far requests may run ahead of their time

	mu   sync.Mutex
	next time.Time // when the bucket would be full if nothing more was taken
	held time.Time // nobody starts before
}

func newPace(perMinute int) pace {
	if perMinute <= 0 {
		return pace{}
	}
	interval := time.Minute / time.Duration(perMinute)
	return pace{interval: interval, slack: max(time.Second-interval, 0)}
}

// take returns how long to wait before a request. It reports false, and takes nothing, when that is longer than most.
func (p *pace) take(now time.Time, most time.Duration) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := now
	if p.next.After(from) {
		from = p.next
	}
	wait := max(from.Add(-p.slack).Sub(now), p.held.Sub(now), 0)
	if wait > most {
		return wait, false
	}
	if p.interval > 0 {
		p.next = from.Add(p.interval)
	}
	return wait, true
}

// hold lets nobody start before a time.
func (p *pace) hold(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.held) {
		p.held = until
	}
}
