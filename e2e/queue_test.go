package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/ragcorp/ragcorp/e2e/servers"
)

// announced finds that something was announced over Redis.
var announced = regexp.MustCompile(`(?m)^rag_queue_announced_total\{topic="[a-z._]+"\} [1-9]`)

func TestWorkAnnouncedOverRedisIsDoneWhateverHappensToRedisAndWorkers(t *testing.T) {
	t.Parallel()
	n := 60
	if testing.Short() {
		n = 20
	}
	files := corpus(t, n)
	redis := servers.StartRedis(t)
	w := newWorld(t, "REDIS_URL="+redis.URL, "WORKER_LEASE=2s", "QUEUE_VISIBILITY=2s", "QUEUE_BACKLOG=10")
	api := w.http(t, "WORKERS=0")
	l := api.admin(t).library(t, "announced")

	settled := func(least int) func() bool {
		return func() bool {
			done := 0
			for _, d := range l.all(t, nil) {
				if d.settled() {
					done++
				}
			}
			return done >= least
		}
	}
	var workers []*shell
	for i, f := range files {
		if r := l.offer(t, f); r.status != 202 {
			t.Fatalf("upload of %s = %d: %s", f.name, r.status, r.body)
		}
		switch i {
		case 0: // while nobody else is there who could announce it
			eventually(t, "the first upload is announced over Redis", func() bool {
				return announced.Match((&client{url: api.url}).do(t, "GET", "/metrics", nil).body)
			})
			workers = append(workers, w.worker(t), w.worker(t))
		case n / 3:
			eventually(t, "some documents are settled", settled(1))
			redis.Kill(t)
			if !redisIs(t, api, "disconnected") {
				t.Error("the API isn't ready, or doesn't say that Redis is away")
			}
		}
	}
	eventually(t, "documents are settled while Redis is away", settled(n/3+2))
	redis.Start(t)
	workers[0].kill(t)
	workers = append(workers[1:], w.worker(t))
	eventually(t, "all documents are settled", settled(n))
	want := undisturbed(t, files)
	l.expectWhole(t, files, want)

	eventually(t, "the API says that Redis is back", func() bool { return redisIs(t, api, "connected") })
	for _, s := range append(slices.Clone(workers), api) {
		s.stop(t)
	}
}

// redisIs reports whether a shell is ready, and Redis is there or not.
func redisIs(t *testing.T, s *shell, state string) bool {
	t.Helper()
	r := (&client{url: s.url}).do(t, "GET", "/readyz", nil)
	var ready struct {
		OK     bool
		Checks map[string]string
	}
	if err := json.Unmarshal(r.body, &ready); err != nil {
		t.Fatalf("readiness %s: %v", r.body, err)
	}
	return r.status == 200 && ready.OK && ready.Checks["redis"] == state
}
