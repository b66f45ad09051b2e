package identity

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Rate says how many failures are let through: Burst at once, and then one more each Every. Zero fields mean the
// default; a negative Burst means no limit.
type Rate struct {
	Burst int
	Every time.Duration
}

func (r Rate) or(d Rate) Rate {
	if r.Burst == 0 {
		r.Burst = d.Burst
	}
	if r.Every <= 0 {
		r.Every = d.Every
	}
	return r
}

// throttle slows down guessing. Only failures count; an attempt that is still running counts as one until it is known,
// so that many guesses at once are no way around the limit. Right passwords are never refused for being simultaneous:
// they wait for each other.
//
// A bucket is kept as the time at which its failures are forgotten (the generic cell rate algorithm), so one that lies in
// the past carries nothing and can be dropped.
type throttle struct {
	account, address Rate
	most             int

	mu      sync.Mutex
	buckets map[string]*list.Element // of *bucket
	recent  *list.List               // most recently used first
	settled chan struct{}            // closed and replaced when an attempt leaves
}

type bucket struct {
	key      string
	rate     Rate
	forgiven time.Time // when all failures are forgotten
	running  int
}

// attempt is one running sign-in. Whoever entered leaves.
type attempt struct {
	t       *throttle
	now     time.Time
	buckets []*bucket
	failed  bool
}

func newThrottle(account, address Rate, most int) *throttle {
	if most <= 0 {
		most = 10_000
	}
	return &throttle{
		account: account.or(Rate{Burst: 10, Every: time.Minute}),
		address: address.or(Rate{Burst: 50, Every: 10 * time.Second}),
		most:    most,
		buckets: make(map[string]*list.Element),
		recent:  list.New(),
		settled: make(chan struct{}),
	}
}

// enter waits until the attempts that run decide whether one more is allowed. fault.Busy when it isn't; the error of ctx
// when that ends first. An empty account or address is not limited.
func (t *throttle) enter(ctx context.Context, now time.Time, account, address string) (*attempt, error) {
	for {
		a, settled, err := t.try(now, account, address)
		if a != nil || err != nil {
			return a, err
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// try returns an attempt, or why there is none, or neither and the channel to wait on.
func (t *throttle) try(now time.Time, account, address string) (*attempt, <-chan struct{}, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.forget(now)
	a := &attempt{t: t, now: now}
	a.add("account "+account, t.account, account != "")
	a.add("address "+address, t.address, address != "")

	var wait time.Duration
	blocked := false
	for _, b := range a.buckets {
		room := time.Duration(b.rate.Burst)*b.rate.Every - max(0, b.forgiven.Sub(now))
		wait = max(wait, b.rate.Every-room)
		blocked = blocked || room < time.Duration(b.running+1)*b.rate.Every
	}
	if wait > 0 {
		return nil, nil, fault.Busy.Errorf("too many failed attempts; try again later").After(wait)
	}
	if blocked {
		return nil, t.settled, nil
	}
	for _, b := range a.buckets {
		b.running++
	}
	return a, nil, nil
}

// add finds or makes the bucket of a key. The caller holds the lock.
func (a *attempt) add(key string, r Rate, limited bool) {
	if !limited || r.Burst < 0 {
		return
	}
	t := a.t
	e, ok := t.buckets[key]
	if !ok {
		e = t.recent.PushFront(&bucket{key: key, rate: r})
		t.buckets[key] = e
	}
	t.recent.MoveToFront(e)
	b, _ := e.Value.(*bucket)
	a.buckets = append(a.buckets, b)
}

// forget drops buckets, those first that were not used for longest: all that carry nothing, up to the first that does, and
// even those while there are too many. Running attempts keep theirs. The caller holds the lock.
func (t *throttle) forget(now time.Time) {
	var before *list.Element
	for e := t.recent.Back(); e != nil; e = before {
		before = e.Prev()
		b, _ := e.Value.(*bucket)
		if b.running > 0 {
			continue
		}
		if b.forgiven.After(now) && len(t.buckets) <= t.most {
			return
		}
		t.recent.Remove(e)
		delete(t.buckets, b.key)
	}
}

// fail notes that the attempt was a wrong guess.
func (a *attempt) fail() { a.failed = true }

// leave ends the attempt and lets those who wait have another look.
func (a *attempt) leave() {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	for _, b := range a.buckets {
		b.running--
		if !a.failed {
			continue
		}
		if b.forgiven.Before(a.now) {
			b.forgiven = a.now
		}
		b.forgiven = b.forgiven.Add(b.rate.Every)
	}
	close(a.t.settled)
	a.t.settled = make(chan struct{})
}
