package resilient

import (
	"sync"
	"time"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/fault"
)

// breaker leaves a provider alone after some failures in a row: closed, everybody may call; open, nobody; half-open, once it
// was open for long enough, one, whose fate decides. It is safe for concurrent use.
type breaker struct {
	after    int
	cooldown time.Duration

	mu       sync.Mutex
	failures int       // in a row
	until    time.Time // when one may try, once there were too many
	probing  bool      // one does
}

// enter asks whether to call; fault.Unavailable when not. It says whether the call is the one that tries. Every enter without
// an error is followed by a leave.
func (b *breaker) enter(now time.Time) (probe bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < b.after {
		return false, nil
	}
	if wait := b.until.Sub(now); wait > 0 || b.probing {
		return false, fault.Unavailable.Errorf(provider.Unavailable).Because(provider.ReasonDown).After(max(wait, time.Second))
	}
	b.probing = true
	return true, nil
}

// leave says how a call ended. Any word of the provider shows that it is alive; a call that its caller ended shows nothing.
func (b *breaker) leave(now time.Time, o outcome, probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if probe {
		b.probing = false
	}
	switch o {
	case cancelled:
	case unavailable:
		if b.failures++; b.failures >= b.after {
			b.until = now.Add(b.cooldown)
		}
	case answered, busy, rejected:
		b.failures = 0
	}
}
