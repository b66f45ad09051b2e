package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestABucketIsEmptiedByRequestsAndFilledByTime(t *testing.T) {
	t.Parallel()
	l, now := newLimiter(Options{RateRPS: 10, RateBurst: 20}), time.Unix(1_700_000_000, 0)
	for want := 19; want >= 0; want-- {
		if left, wait := l.take("a", now); left != want || wait != 0 {
			t.Fatalf("take = %d, %v, want %d", left, wait, want)
		}
	}
	if left, wait := l.take("a", now); left != 0 || wait != 100*time.Millisecond {
		t.Errorf("take from an empty bucket = %d, %v, want to wait for the next token", left, wait)
	}
	if left, wait := l.take("b", now); left != 19 || wait != 0 {
		t.Errorf("another's bucket = %d, %v, want it full", left, wait)
	}
	if left, wait := l.take("a", now.Add(500*time.Millisecond)); left != 4 || wait != 0 {
		t.Errorf("after half a second = %d, %v, want 4 of the 5 that came in", left, wait)
	}
	if left, wait := l.take("a", now.Add(time.Hour)); left != 19 || wait != 0 {
		t.Errorf("after an hour = %d, %v, want no more than a full bucket", left, wait)
	}
	if left, wait := l.take("a", now); left != 18 || wait != 0 {
		t.Errorf("when the clock goes back = %d, %v, want nothing lost or won", left, wait)
	}
}

func TestTheLimiterRemembersThoseWhoAskedLast(t *testing.T) {
	t.Parallel()
	l, now := newLimiter(Options{RateRPS: 1, RateBurst: 1}), time.Unix(1_700_000_000, 0)
	l.take("busy", now)
	for i := range 3 * mostBuckets {
		l.take(fmt.Sprint(i), now)
		if i%1000 == 0 {
			if _, wait := l.take("busy", now); wait == 0 {
				t.Fatalf("after %d others a client is forgotten who keeps asking", i)
			}
		}
	}
	if len(l.buckets) != mostBuckets || l.recent.Len() != mostBuckets {
		t.Errorf("%d buckets in the map and %d in the list, want %d", len(l.buckets), l.recent.Len(), mostBuckets)
	}
}

func TestNoLimitIsSetByZero(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{RateRPS: 0, RateBurst: 1}, {RateRPS: 1, RateBurst: 0}} {
		l := newLimiter(o)
		for range 100 {
			if err := l.allow("a", func(name, _ string) { t.Errorf("%s is set", name) }); err != nil {
				t.Fatalf("%+v: %v", o, err)
			}
		}
	}
}

func TestAnAddressIsBelievedOnlyFromTrustedProxies(t *testing.T) {
	t.Parallel()
	l := newLimiter(Options{TrustedProxies: []string{"10.0.0.0/8", "fd00::/8"}})
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.5:4711", "", "203.0.113.5"},
		{"203.0.113.5:4711", "198.51.100.1", "203.0.113.5"},
		{"10.0.0.1:4711", "", "10.0.0.1"},
		{"10.0.0.1:4711", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.1:4711", "192.0.2.66, 198.51.100.1", "198.51.100.1"}, // the first is what the client says
		{"10.0.0.1:4711", "198.51.100.1, 10.2.3.4", "198.51.100.1"},
		{"10.0.0.1:4711", "nonsense, 10.2.3.4", "10.2.3.4"},
		{"10.0.0.1:4711", "198.51.100.1, nonsense", "10.0.0.1"},
		{"[fd00::1]:4711", "2001:db8::7", "2001:db8::7"},
		{"[2001:db8::7]:4711", "198.51.100.1", "2001:db8::7"},
		{"a pipe", "198.51.100.1", "a pipe"},
	} {
		if got := l.client(c.remote, c.forwarded); got != c.want {
			t.Errorf("client(%q, %q) = %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

func TestThoseWhoHoldANetworkShareItsBucket(t *testing.T) {
	t.Parallel()
	s := &Server{limiter: newLimiter(Options{RateRPS: 1, RateBurst: 1, TrustedProxies: []string{"10.0.0.0/8", "fd00::/8"}})}
	bucket := func(remote, forwarded string) string {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		return s.addressOf(r)
	}
	for name, c := range map[string]struct {
		one, other, forOne, forOther string
		same                         bool
	}{
		"two addresses of one /64":             {one: "[2001:db8::1]:1", other: "[2001:db8::ffff:0:1:2]:9", same: true},
		"neighbouring /64":                     {one: "[2001:db8::1]:1", other: "[2001:db8:0:1::1]:1"},
		"IPv4 and the same mapped into IPv6":   {one: "192.0.2.1:1", other: "[::ffff:192.0.2.1]:1", same: true},
		"two of IPv4 that are mapped":          {one: "[::ffff:192.0.2.1]:1", other: "[::ffff:192.0.2.2]:1"},
		"two of IPv4":                          {one: "192.0.2.1:1", other: "192.0.2.2:1"},
		"one /64 with zones":                   {one: "[fe80::1%eth0]:1", other: "[fe80::2%eth1]:1", same: true},
		"one /64 behind a proxy":               {one: "10.0.0.1:1", forOne: "2001:db8::1", other: "[fd00::1]:1", forOther: "2001:db8::2", same: true},
		"mapped behind a proxy that is mapped": {one: "[::ffff:10.0.0.1]:1", forOne: "::ffff:192.0.2.1", other: "192.0.2.1:1", same: true},
		"no addresses":                         {one: "a pipe", other: "a pipe", same: true},
	} {
		one, other := bucket(c.one, c.forOne), bucket(c.other, c.forOther)
		if (one == other) != c.same {
			t.Errorf("%s: the buckets are %s and %s, want the same: %v", name, one, other, c.same)
		}
	}
}
