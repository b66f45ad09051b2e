package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// killing is a world whose only shell is killed over and over.
type killing struct {
	*world

	files []file
	kills int
	done  atomic.Int64 // kills so far
	url   atomic.Value // of the shell that runs
}

func TestKilledAtRandomMomentsNothingIsLost(t *testing.T) {
	t.Parallel()
	n, kills := 200, 50
	if testing.Short() {
		n, kills = 40, 8
	}
	kills, seed := number("CRASH_KILLS", kills), number("CRASH_SEED", int(time.Now().UnixNano()%1_000_000))
	t.Logf("CRASH_SEED=%d", seed)
	k := &killing{world: newWorld(t, "WORKER_LEASE=1s"), files: corpus(t, n), kills: kills}
	s := k.http(t)
	k.url.Store(s.url)
	l := s.admin(t).library(t, "crashes")

	accepted := make(chan map[string]string, 1)
	go func() { accepted <- k.uploadAll(t, *l) }()
	s = k.killAll(t, s, rand.New(rand.NewPCG(uint64(seed), 1))) //nolint:gosec // moments, not secrets
	ids := <-accepted

	l = l.as(l.at(s))
	eventually(t, "all documents are settled", func() bool {
		return !slices.ContainsFunc(l.all(t, nil), func(d document) bool { return !d.settled() })
	})
	for _, d := range l.all(t, nil) {
		if ids[d.FileName] != d.ID {
			t.Errorf("%s is %s, acknowledged was %s", d.FileName, d.ID, ids[d.FileName])
		}
	}
	l.expectWhole(t, k.files, undisturbed(t, k.files))
	l.expectNoJobs(t)
	s.stop(t)
	k.expectTidy(t, s, len(k.files))
}

// number is a number from the environment.
func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// uploadAll uploads the files, spread over the time of all kills, each again and again until the shell has acknowledged it. It
// returns the ids of the documents by their files' names.
func (k *killing) uploadAll(t *testing.T, l library) map[string]string {
	ids := map[string]string{}
	for i, f := range k.files {
		for ids[f.name] == "" && t.Context().Err() == nil {
			if due := int64(i) * int64(k.kills) / int64(len(k.files)); k.done.Load() < due {
				time.Sleep(time.Millisecond)
				continue
			}
			url, _ := k.url.Load().(string)
			at := l.as(&client{url: url, token: l.token})
			r, err := at.send(t, at.form(t, f))
			switch {
			case err != nil: // killed meanwhile
				time.Sleep(time.Millisecond)
			case r.status == http.StatusAccepted:
				ids[f.name] = parse[uploaded](t, r).DocumentID
			default:
				t.Errorf("upload of %s = %d: %s", f.name, r.status, r.body)
				return ids
			}
		}
	}
	return ids
}

// killAll kills the shell at random moments of its life, most of them early, and starts it again; it returns the last one.
func (k *killing) killAll(t *testing.T, s *shell, r *rand.Rand) *shell {
	t.Helper()
	for range k.kills {
		moment := time.Duration(r.ExpFloat64() * float64(150*time.Millisecond))
		time.Sleep(min(moment, time.Second))
		s.kill(t)
		k.done.Add(1)
		s = k.spawn(t, buildHTTP, nil)
		if r.IntN(5) == 0 { // not even ready
			time.Sleep(time.Duration(r.IntN(50)) * time.Millisecond)
			s.kill(t)
			s = k.spawn(t, buildHTTP, nil)
		}
		s.url = s.logs.waitFor(t, s, "listening").URL
		k.url.Store(s.url)
	}
	return s
}

// expectNoJobs: nothing waits, nothing is being worked on, nothing was given up.
func (l *library) expectNoJobs(t *testing.T) {
	t.Helper()
	for _, state := range []string{"pending", "leased", "dead"} {
		eventually(t, "no job is "+state, func() bool {
			jobs := expect[struct{ Jobs []any }](t, l.client, http.StatusOK, "GET", "/v1/admin/jobs?state="+state, nil)
			return len(jobs.Jobs) == 0
		})
	}
}

// expectTidy: files that crashes left behind are removed once they are old, and those of documents stay. The shells sweep a
// minute after their start, which is too long for short tests.
func (k *killing) expectTidy(t *testing.T, s *shell, documents int) {
	t.Helper()
	blobs := s.data("blobs")
	t.Logf("%d files for %d documents before sweeping", len(filesIn(t, blobs)), documents)
	if testing.Short() || faraway() {
		return
	}
	for _, path := range filesIn(t, blobs) {
		old := time.Now().Add(-48 * time.Hour)
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	k.http(t)
	eventually(t, fmt.Sprintf("there are %d files", documents), func() bool { return len(filesIn(t, blobs)) == documents })
}
