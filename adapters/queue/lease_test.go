package queue_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/core/event"
)

func TestWorkThatHasBegunMayFinishWhenTheWorkerStops(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	begun, finish := make(chan struct{}), make(chan struct{})
	stop := start(t, s.Events(), func(ctx context.Context, _ event.Delivery) error {
		close(begun)
		select {
		case <-finish:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, queue.WorkerOptions{DrainTimeout: time.Hour})
	<-begun
	result := make(chan error, 1)
	go func() { result <- stop() }()
	close(finish)
	if err := <-result; err != nil {
		t.Errorf("Run() = %v", err)
	}
	if d := only(t, s); d.State != event.Done {
		t.Errorf("the delivery is %s, want done", d.State)
	}
}

func TestWorkerStoppedMidHandleGivesItsLeaseBack(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	begun := make(chan struct{})
	stop := start(t, s.Events(), func(ctx context.Context, _ event.Delivery) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}, queue.WorkerOptions{DrainTimeout: time.Millisecond})
	<-begun
	_ = stop() // an error when this machine is too slow for the time of grace
	if d := only(t, s); d.State != event.Pending || d.Attempts != 0 || d.Failures != 0 {
		t.Errorf("the delivery is %+v, want it as if nobody had claimed it", d)
	}
}

func TestWorkThatWontStopLosesItsLeaseAndIsReported(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	begun, end, late := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	stop := start(t, s.Events(), func(ctx context.Context, d event.Delivery) error {
		close(begun)
		<-end
		late <- s.Events().Done(context.WithoutCancel(ctx), d.Lease, time.Now())
		return nil
	}, queue.WorkerOptions{DrainTimeout: time.Millisecond})
	<-begun
	if err := stop(); err == nil {
		t.Error("Run() = nil, want an error about the handler that goes on")
	}
	if d := only(t, s); d.State != event.Pending {
		t.Errorf("the delivery is %s, want pending", d.State)
	}
	close(end)
	if err := <-late; !errors.Is(err, event.ErrLeaseLost) {
		t.Errorf("the late Done() = %v, want ErrLeaseLost", err)
	}
}

// frozen is a log on which leases can't be renewed, as in a process that is stopped in its tracks.
type frozen struct{ event.Log }

func (frozen) Renew(ctx context.Context, _ event.Lease, _ time.Time) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestStalledWorkerCantSettleWhatAnotherTookOver(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	begun, wake, settled := make(chan event.Delivery, 1), make(chan struct{}), make(chan error, 1)
	stop := start(t, frozen{s.Events()}, func(_ context.Context, d event.Delivery) error {
		begun <- d
		<-wake
		return errors.New("too late to matter")
	}, queue.WorkerOptions{Settle: func(ctx context.Context, d event.Delivery, err error) error {
		err = queue.DefaultSettle(s.Events(), time.Now)(ctx, d, err)
		settled <- err
		return err
	}})
	d := <-begun
	took, err := s.Events().Claim(t.Context(), event.Claim{Max: 1, Lease: time.Hour, Now: d.Lease.Until})
	if err != nil || len(took) != 1 {
		t.Fatalf("Claim() = %v, %v, want the delivery of the stalled worker", took, err)
	}
	close(wake)
	if err := <-settled; !errors.Is(err, event.ErrLeaseLost) {
		t.Errorf("settling = %v, want ErrLeaseLost", err)
	}
	stopped(t, stop)
	if now := only(t, s); now.Lease != took[0].Lease || now.Failures != 0 {
		t.Errorf("the delivery is %+v, want it untouched", now)
	}
}

func TestHandlerIsCancelledWhenItsLeaseIsLost(t *testing.T) {
	t.Parallel()
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	begun, cause := make(chan event.Delivery, 1), make(chan error, 1)
	stop := start(t, s.Events(), func(ctx context.Context, d event.Delivery) error {
		begun <- d
		<-ctx.Done()
		cause <- context.Cause(ctx)
		return ctx.Err()
	}, queue.WorkerOptions{Lease: 200 * time.Millisecond})
	d := <-begun
	_, err := s.Events().Claim(t.Context(), event.Claim{Max: 1, Lease: time.Hour, Now: d.Lease.Until.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-cause; !errors.Is(err, event.ErrLeaseLost) {
		t.Errorf("the handler was cancelled because %v, want ErrLeaseLost", err)
	}
	stopped(t, stop)
}

// renewals is a log that tells of each renewal.
type renewals struct {
	event.Log
	done chan struct{}
}

func (r renewals) Renew(ctx context.Context, l event.Lease, until time.Time) error {
	if err := r.Log.Renew(ctx, l, until); err != nil {
		return err
	}
	select {
	case r.done <- struct{}{}:
	case <-ctx.Done():
	}
	return nil
}

func TestLongWorkOutlivesItsLeaseByRenewal(t *testing.T) {
	t.Parallel()
	const lease = time.Second
	s := openStore(t, "sqlite::memory:")
	add(t, s.Events(), 1)
	begin := time.Now()
	var passed atomic.Int64 // the clock of the worker goes on by a third of the lease with each renewal
	clock := func() time.Time { return begin.Add(time.Duration(passed.Load())) }
	log := renewals{s.Events(), make(chan struct{})}
	ran := make(chan struct{})
	stop := start(t, log, func(ctx context.Context, d event.Delivery) error {
		defer close(ran)
		for range 5 {
			<-log.done
			passed.Add(int64(lease / 3))
			ds, err := s.Events().Claim(ctx, event.Claim{Max: 1, Lease: lease, Now: clock()})
			if err != nil || len(ds) > 0 {
				t.Errorf("Claim() = %v, %v while the work goes on, want nothing", ds, err)
			}
		}
		if !clock().After(d.Lease.Until) {
			t.Error("the work did not take longer than its first lease")
		}
		return nil
	}, queue.WorkerOptions{Lease: lease, Now: clock})
	<-ran
	stopped(t, stop)
	if d := only(t, s); d.State != event.Done || d.Attempts != 1 {
		t.Errorf("the delivery is %+v, want it done at the first attempt", d)
	}
}

// claims is a log that tells of claims that found something.
type claims struct {
	event.Log
	found chan struct{}
}

func (c claims) Claim(ctx context.Context, want event.Claim) ([]event.Delivery, error) {
	ds, err := c.Log.Claim(ctx, want)
	if len(ds) > 0 {
		c.found <- struct{}{}
	}
	return ds, err
}
