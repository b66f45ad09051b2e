package resilient

import (
	"sync"
	"time"
)

// pace keeps to the limits of a provider, by requests and by tokens: it hands out times at which requests may be made, in the order in
// which they are asked for. It is safe for concurrent use.
type pace struct {
	mu       sync.Mutex
	requests meter
	tokens   meter
	held     time.Time // nobody starts before
}

func newPace(requests, tokens int) pace {
	return pace{requests: newMeter(requests), tokens: newMeter(tokens)}
}

// take returns how long to wait before a request of so many tokens. It reports false, and takes nothing, when that is longer than
// most.
func (p *pace) take(now time.Time, tokens int, most time.Duration) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := max(p.requests.wait(now), p.tokens.wait(now), p.held.Sub(now), 0)
	if wait > most {
		return wait, false
	}
	p.requests.take(now, 1)
	p.tokens.take(now, tokens)
	return wait, true
}

// correct says by how many tokens a request took more, or fewer, than it was taken for.
func (p *pace) correct(now time.Time, tokens int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens.take(now, tokens)
}

// hold lets nobody start before a time.
func (p *pace) hold(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.held) {
		p.held = until
	}
}

// meter is a token bucket with room for what is due in a second, at least one. What is taken at once may be more than there is room
// for: who comes next waits for it.
type meter struct {
	interval time.Duration // between units; 0 for no limit
	slack    time.Duration // how far units may run ahead of their time
	next     time.Time     // when the bucket would be full if nothing more was taken
}

func newMeter(perMinute int) meter {
	if perMinute <= 0 {
		return meter{}
	}
	interval := time.Minute / time.Duration(perMinute)
	return meter{interval: interval, slack: max(time.Second-interval, 0)}
}

// wait is how long until something may be taken.
func (m *meter) wait(now time.Time) time.Duration { return m.from(now).Add(-m.slack).Sub(now) }

// take takes n units; a negative number gives them back.
func (m *meter) take(now time.Time, n int) {
	if m.interval > 0 {
		m.next = m.from(now).Add(time.Duration(n) * m.interval)
	}
}

func (m *meter) from(now time.Time) time.Time {
	if m.next.After(now) {
		return m.next
	}
	return now
}

// tokensIn estimates how many tokens texts have: four bytes are about one, in English rather less than one, in Chinese rather more.
func tokensIn(texts ...string) int {
	n := 0
	for _, t := range texts {
		n += len(t)/4 + 1
	}
	return n
}
