package identity

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/core/fault"
)

func newTestThrottle(burst, most int) (*throttle, time.Time) {
	r := Rate{Burst: burst, Every: time.Minute}
	return newThrottle(r, r, most), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
}

func failAt(t *testing.T, th *throttle, now time.Time, account string) error {
	t.Helper()
	a, err := th.enter(t.Context(), now, account, "")
	if err != nil {
		return err
	}
	a.fail()
	a.leave()
	return nil
}

func TestFailuresAreForgivenOneByOne(t *testing.T) {
	t.Parallel()
	th, now := newTestThrottle(2, 10)
	for _, step := range []struct {
		at   time.Duration
		wait time.Duration // 0 when it is let through
	}{
		{0, 0},
		{0, 0},
		{0, time.Minute},
		{59 * time.Second, time.Second},
		{60 * time.Second, 0},
		{60 * time.Second, time.Minute},
		{10 * time.Minute, 0},
		{10 * time.Minute, 0},
		{10*time.Minute + time.Second, 59 * time.Second},
	} {
		err := failAt(t, th, now.Add(step.at), "eva")
		var wait time.Duration
		if e := fault.Of(err); e != nil {
			wait = e.RetryAfter
		}
		if wait != step.wait || (err == nil) != (step.wait == 0) {
			t.Errorf("at %v: wait %v (%v), want %v", step.at, wait, err, step.wait)
		}
	}
}

func TestSuccessesDontCount(t *testing.T) {
	t.Parallel()
	th, now := newTestThrottle(1, 10)
	for range 100 {
		a, err := th.enter(t.Context(), now, "eva", "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		a.leave()
	}
}

func TestOneMoreThanTheLimitWaitsForTheRunningOnes(t *testing.T) {
	t.Parallel()
	th, now := newTestThrottle(1, 10)
	running, err := th.enter(t.Context(), now, "eva", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := th.enter(ctx, now, "eva", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("enter with an ended context = %v, want context.Canceled", err)
	}
	waiting := make(chan error)
	go func() {
		_, err := th.enter(t.Context(), now, "eva", "")
		waiting <- err
	}()
	running.fail()
	running.leave()
	if err := <-waiting; !errors.Is(err, fault.Busy) {
		t.Errorf("enter after the running one failed = %v, want fault busy", err)
	}
}

func TestANegativeBurstIsNoLimit(t *testing.T) {
	t.Parallel()
	th := newThrottle(Rate{Burst: -1}, Rate{Burst: -1}, 10)
	for range 1000 {
		if err := failAt(t, th, time.Time{}, "eva"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheThrottleRemembersABoundedNumber(t *testing.T) {
	t.Parallel()
	th, now := newTestThrottle(1, 100)
	for i := range 10_000 {
		account := fmt.Sprint(i)
		a, err := th.enter(t.Context(), now, account, "")
		if err != nil {
			t.Fatal(err)
		}
		a.fail()
		a.leave()
		if got := len(th.buckets); got > 101 || got != th.recent.Len() {
			t.Fatalf("%d buckets in the map and %d in the list, want at most 101", got, th.recent.Len())
		}
	}
}

func TestRefusedAttemptsDontFillTheMemory(t *testing.T) {
	t.Parallel()
	th, now := newTestThrottle(1, 100)
	a, err := th.enter(t.Context(), now, "eva", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	a.fail()
	a.leave()
	for i := range 10_000 {
		if _, err := th.enter(t.Context(), now, fmt.Sprint(i), "192.0.2.1"); !errors.Is(err, fault.Busy) {
			t.Fatalf("enter = %v, want fault busy", err)
		}
	}
	if got := len(th.buckets); got > 101 {
		t.Errorf("%d buckets are kept, want at most 101", got)
	}
}

func TestWhatCarriesNothingIsForgotten(t *testing.T) {
	t.Parallel()
	th, now := newTestThrottle(1, 100)
	for i := range 50 {
		if err := failAt(t, th, now, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	a, err := th.enter(t.Context(), now.Add(time.Hour), "eva", "")
	if err != nil {
		t.Fatal(err)
	}
	a.leave()
	if got := len(th.buckets); got != 1 {
		t.Errorf("%d buckets are kept after an hour, want 1", got)
	}
}
