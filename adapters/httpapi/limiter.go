package httpapi

import (
	"container/list"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// mostBuckets bounds the memory of the limiter.
const mostBuckets = 10_000

// limiter gives every client a bucket of tokens that refills steadily. Clients are told apart by who they are, else by their
// network; an address in X-Forwarded-For counts only when a trusted proxy wrote it.
type limiter struct {
	rps     float64
	burst   float64
	proxies []*net.IPNet

	mu      sync.Mutex
	buckets map[string]*list.Element
	recent  *list.List // of *bucket, the most recently used first
}

type bucket struct {
	key    string
	tokens float64
	filled time.Time
}

func newLimiter(o Options) *limiter {
	l := &limiter{rps: o.RateRPS, burst: float64(o.RateBurst), buckets: map[string]*list.Element{}, recent: list.New()}
	for _, p := range o.TrustedProxies {
		if _, n, err := net.ParseCIDR(p); err == nil { // the configuration was checked on start
			l.proxies = append(l.proxies, n)
		}
	}
	return l
}

// take takes a token and returns how many are left, or how long to wait for the next.
func (l *limiter) take(key string, now time.Time) (left int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.buckets[key]
	if !ok {
		e = l.recent.PushFront(&bucket{key: key, tokens: l.burst, filled: now})
		l.buckets[key] = e
		if l.recent.Len() > mostBuckets {
			oldest := l.recent.Back()
			l.recent.Remove(oldest)
			if b, ok := oldest.Value.(*bucket); ok {
				delete(l.buckets, b.key)
			}
		}
	}
	l.recent.MoveToFront(e)
	b, _ := e.Value.(*bucket)
	b.tokens = min(l.burst, b.tokens+l.rps*max(0, now.Sub(b.filled).Seconds()))
	b.filled = now
	if b.tokens < 1 {
		return 0, time.Duration((1 - b.tokens) / l.rps * float64(time.Second))
	}
	b.tokens--
	return int(b.tokens), 0
}

// client is the address of a client.
func (l *limiter) client(remote, forwarded string) string {
	host := hostOf(remote)
	hops := strings.Split(forwarded, ",")
	for i := len(hops) - 1; i >= 0 && l.trusted(host); i-- { // from the nearest proxy outwards, as long as they are ours
		hop := strings.TrimSpace(hops[i])
		if net.ParseIP(hop) == nil {
			break
		}
		host = hop
	}
	return host
}

func (l *limiter) trusted(host string) bool {
	ip := net.ParseIP(host)
	for _, n := range l.proxies {
		if ip != nil && n.Contains(ip) {
			return true
		}
	}
	return false
}

// allow takes a token for the key, sets the headers that tell about it, and returns an error when there is none.
func (l *limiter) allow(key string, set func(name, value string)) error {
	if l.rps <= 0 || l.burst <= 0 {
		return nil
	}
	left, wait := l.take(key, time.Now())
	for _, prefix := range []string{"RateLimit-", "X-RateLimit-"} {
		set(prefix+"Limit", strconv.Itoa(int(l.burst)))
		set(prefix+"Remaining", strconv.Itoa(left))
	}
	if wait == 0 {
		return nil
	}
	set("RateLimit-Reset", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return fault.Busy.Errorf("too many requests; wait a moment").After(wait)
}

// limit turns away clients that ask too often without saying who they are; those who do are counted when it is known that it
// is true. Probes and preflights don't count.
func (s *Server) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isProbe(r.URL.Path) || r.Method == http.MethodOptions || s.carriesCredential(r) {
			next.ServeHTTP(w, r)
			return
		}
		if err := s.limiter.allow(s.addressOf(r), w.Header().Set); err != nil {
			s.writeError(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// addressOf names the bucket of those who don't say who they are. Whoever has one IPv6 address has all of its /64, and so one bucket.
func (s *Server) addressOf(r *http.Request) string {
	return "ip:" + identity.Network(s.limiter.client(r.RemoteAddr, r.Header.Get("X-Forwarded-For")))
}

func (s *Server) carriesCredential(r *http.Request) bool {
	_, err := r.Cookie(s.opts.CookieName)
	return err == nil || r.Header.Get("Authorization") != "" || r.Header.Get("X-API-Key") != ""
}
