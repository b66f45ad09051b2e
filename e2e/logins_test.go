package e2e

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestManyLoginsAtOnceTakeLittleMemoryAndLetOthersThrough signs people in, all at once. Each password takes 64 MiB to check, so
// that 200 at once would take 12 GiB. How long a small request takes meanwhile is printed; it is nothing to be sure of.
func TestManyLoginsAtOnceTakeLittleMemoryAndLetOthersThrough(t *testing.T) {
	logins := 200
	if testing.Short() || raceEnabled {
		logins = 30
	}
	s := start(t, "WORKERS=0")
	admin := s.admin(t)
	const people = 5
	who := func(i int) string { return fmt.Sprintf("login-%d@example.com", i%people) }
	for i := range people {
		newEmployee(t, admin, who(i))
	}
	alone := smallRequests(t, admin, func(n int) bool { return n < 200 })
	before := s.peak(t)

	var running sync.WaitGroup
	var left atomic.Int64
	var waits [3]atomic.Int64 // by outcome: signed in, told to wait, anything else
	left.Store(int64(logins))
	began := time.Now()
	for i := range logins {
		running.Go(func() {
			defer left.Add(-1)
			r, err := s.anybody().try(t, "POST", "/auth/login", map[string]string{"email": who(i), "password": employeePassword})
			switch {
			case err == nil && r.status == http.StatusOK:
				waits[0].Add(1)
			case err == nil && r.header.Get("Retry-After") != "" && (r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable):
				waits[1].Add(1)
			default:
				waits[2].Add(1)
				t.Errorf("a login = %d, %v: %s", r.status, err, r.body)
			}
		})
	}
	amid := smallRequests(t, admin, func(int) bool { return left.Load() > 0 })
	running.Wait()
	took := time.Since(began)

	t.Logf("%d logins in %v: %d signed in, %d told to come back", logins, took.Round(time.Millisecond), waits[0].Load(), waits[1].Load())
	t.Logf("GET /auth/me, median and 95th percentile: alone %v and %v, amid logins (%d) %v and %v; ratio %.1f and %.1f",
		at(alone, 50), at(alone, 95), len(amid), at(amid, 50), at(amid, 95),
		float64(at(amid, 50))/float64(at(alone, 50)), float64(at(amid, 95))/float64(at(alone, 95)))
	if before > 0 {
		after := s.peak(t)
		t.Logf("most memory: %d MiB before, %d MiB after", before>>20, after>>20)
		if after > before+512<<20 {
			t.Errorf("logins took the shell from %d MiB to %d MiB", before>>20, after>>20)
		}
	}
	if waits[0].Load() == 0 {
		t.Error("nobody got in")
	}
}

// smallRequests makes small requests one after the other, and returns how long each took, the shortest first.
func smallRequests(t *testing.T, c *client, on func(n int) bool) []time.Duration {
	t.Helper()
	took := []time.Duration{}
	for on(len(took)) || len(took) == 0 {
		began := time.Now()
		if r := c.do(t, "GET", "/auth/me", nil); r.status != http.StatusOK {
			t.Fatalf("GET /auth/me = %d: %s", r.status, r.body)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took
}

// at is the percentile of sorted times.
func at(sorted []time.Duration, percent int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)].Round(10 * time.Microsecond)
}

// peak is the most memory, in bytes, that the shell has held so far; 0 where the system doesn't say.
func (s *shell) peak(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("the system tells no VmHWM")
	return 0
}
