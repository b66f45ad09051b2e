package coretest

import (
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
)

// leaseCases is about who may work on a delivery.
func leaseCases() []queueCase {
	return []queueCase{
		{"a lease keeps others away until it runs out", (*queue).leaseExcludes},
		{"a lease that ran out is claimed anew", (*queue).leaseIsReclaimed},
		{"a lease that ran out is held until somebody claims", (*queue).leaseIsHeldUntilReclaimed},
		{"a renewed lease lasts", (*queue).renewedLeaseLasts},
		{"a stale lease changes nothing", (*queue).staleLeaseIsRefused},
		{"a lease on nothing is lost", (*queue).leaseOnNothingIsLost},
		{"whoever writes an event may hold it", (*queue).writerHolds},
		{"a lease ends with retry", (*queue).leaseEndsWithRetry},
		{"a lease ends with release", (*queue).leaseEndsWithRelease},
		{"a lease ends with bury", (*queue).leaseEndsWithBury},
	}
}

func (q *queue) leaseExcludes() {
	q.add("work", uuid.New(), 1)
	q.one()
	q.now = q.now.Add(leaseTime - time.Microsecond)
	q.same("Claim() before the lease has run out", q.claim(1))
}

func (q *queue) leaseIsReclaimed() {
	q.add("work", uuid.New(), 1)
	before := q.one()
	q.now = before.Lease.Until
	after := q.one()
	if after.Lease.Token == before.Lease.Token {
		q.Error("both leases have the same token")
	}
	if after.Attempts != 2 || after.Failures != 0 {
		q.Errorf("attempts and failures are %d and %d, want 2 and 0", after.Attempts, after.Failures)
	}
}

func (q *queue) leaseIsHeldUntilReclaimed() {
	ids := q.add("work", uuid.New(), 2)
	leases := q.claim(2)
	q.now = q.now.Add(2 * leaseTime)
	q.same("Claim()", q.claim(1), ids[0])
	q.must(q.log.Renew(q.Context(), leases[1].Lease, q.now.Add(leaseTime)))
	q.same("Claim() after renewing", q.claim(1))
	q.must(q.log.Done(q.Context(), leases[1].Lease, q.now))
}

func (q *queue) writerHolds() {
	e := event.New("thing.happened", "system", q.now, nil).For("work")
	held := event.Lease{Delivery: e.ID, Token: uuid.New(), Until: q.now.Add(leaseTime)}
	e.Held = &held
	q.must(q.log.Append(q.Context(), e))
	q.same("Claim() of what its writer holds", q.claim(1))
	if got := q.stored(e.ID); got.State != event.Leased || got.Attempts != 1 {
		q.Errorf("the delivery is %s after %d attempts, want leased after 1", got.State, got.Attempts)
	}
	q.now = held.Until
	if d := q.one(); d.Event.ID != e.ID || d.Attempts != 2 {
		q.Errorf("after the writer's lease Claim() = %s at attempt %d, want %s at attempt 2", d.Event.ID, d.Attempts, e.ID)
	}
	q.lost("Done() by the writer", q.log.Done(q.Context(), held, q.now))
}

func (q *queue) renewedLeaseLasts() {
	q.add("work", uuid.New(), 1)
	d := q.one()
	q.now = d.Lease.Until.Add(-time.Second)
	until := q.now.Add(leaseTime)
	q.must(q.log.Renew(q.Context(), d.Lease, until))
	q.now = until.Add(-time.Microsecond)
	q.same("Claim() before the renewed lease has run out", q.claim(1))
	if got := q.stored(d.Event.ID).Lease.Until; !got.Equal(until) {
		q.Errorf("the lease ends at %v, want %v", got, until)
	}
	q.now = until
	q.one()
}

func (q *queue) staleLeaseIsRefused() {
	q.add("work", uuid.New(), 1)
	stale := q.one().Lease
	q.now = stale.Until
	holder := q.one()
	q.refuses(stale)
	if diff := cmp.Diff(holder, q.stored(stale.Delivery)); diff != "" {
		q.Errorf("the delivery changed (-want +got):\n%s", diff)
	}
	q.must(q.log.Done(q.Context(), holder.Lease, q.now))
	q.refuses(stale)
}

func (q *queue) leaseOnNothingIsLost() {
	q.refuses(event.Lease{Delivery: uuid.New(), Token: uuid.New(), Until: q.now.Add(leaseTime)})
}

func (q *queue) leaseEndsWithRetry() {
	q.ends(func(l event.Lease) error { return q.log.Retry(q.Context(), l, q.now.Add(time.Hour), "x") })
}

func (q *queue) leaseEndsWithRelease() {
	q.ends(func(l event.Lease) error { return q.log.Release(q.Context(), l, q.now) })
}

func (q *queue) leaseEndsWithBury() {
	q.ends(func(l event.Lease) error { return q.log.Bury(q.Context(), l, q.now, "x") })
}

// ends checks that nothing can be done with a lease after end.
func (q *queue) ends(end func(l event.Lease) error) {
	q.Helper()
	q.add("work", uuid.New(), 1)
	l := q.one().Lease
	q.must(end(l))
	want := q.stored(l.Delivery)
	q.refuses(l)
	if diff := cmp.Diff(want, q.stored(l.Delivery)); diff != "" {
		q.Errorf("the delivery changed (-want +got):\n%s", diff)
	}
}

// refuses checks that nothing can be done with the lease.
func (q *queue) refuses(l event.Lease) {
	q.Helper()
	ctx := q.Context()
	q.lost("Renew()", q.log.Renew(ctx, l, q.now.Add(time.Hour)))
	q.lost("Retry()", q.log.Retry(ctx, l, q.now, "stale"))
	q.lost("Release()", q.log.Release(ctx, l, q.now))
	q.lost("Bury()", q.log.Bury(ctx, l, q.now, "stale"))
	q.lost("Done()", q.log.Done(ctx, l, q.now))
}

// settleCases is about how work ends.
func settleCases() []queueCase {
	return []queueCase{
		{"what is done is not delivered again", (*queue).doneIsFinal},
		{"done may be repeated by the lease that did it, and by no other", (*queue).doneMayBeRepeated},
		{"retry makes due later, counts a failure and keeps the cause", (*queue).retryPutsOff},
		{"release makes due at once and takes back the attempt", (*queue).releaseGivesBack},
		{"what is buried is dead, with its cause", (*queue).buriedIsDead},
	}
}

func (q *queue) doneIsFinal() {
	q.add("work", uuid.New(), 1)
	d := q.one()
	q.must(q.log.Done(q.Context(), d.Lease, q.now))
	q.now = q.now.Add(24 * time.Hour)
	q.same("Claim()", q.claim(1))
	if got := q.stored(d.Event.ID); got.State != event.Done || got.Lease != (event.Lease{}) {
		q.Errorf("the delivery is %s with lease %v, want done without", got.State, got.Lease)
	}
}

func (q *queue) doneMayBeRepeated() {
	q.add("work", uuid.New(), 1)
	l := q.one().Lease
	q.must(q.log.Done(q.Context(), l, q.now))
	q.must(q.log.Done(q.Context(), l, q.now.Add(time.Second)))
	l.Token = uuid.New()
	q.lost("Done() of another lease", q.log.Done(q.Context(), l, q.now))
}

func (q *queue) retryPutsOff() {
	q.add("work", uuid.New(), 1)
	at := q.now.Add(time.Hour)
	d := q.one()
	q.must(q.log.Retry(q.Context(), d.Lease, at, "it's ? broken\x00\xff"))
	got := q.stored(d.Event.ID)
	if got.State != event.Pending || got.Attempts != 1 || got.Failures != 1 || !got.AvailableAt.Equal(at) {
		q.Errorf("after Retry() the delivery is %+v", got)
	}
	if want := "it's ? broken"; len(got.Error) < len(want) || got.Error[:len(want)] != want {
		q.Errorf("the cause is %q, want %q and something for what is no text", got.Error, want)
	}
	q.now = at.Add(-time.Microsecond)
	q.same("Claim() before the time", q.claim(1))
	q.now = at
	if d := q.one(); d.Attempts != 2 || d.Failures != 1 || d.Error != got.Error {
		q.Errorf("the second try is %+v", d)
	}
}

func (q *queue) releaseGivesBack() {
	q.add("work", uuid.New(), 1)
	d := q.one()
	q.must(q.log.Release(q.Context(), d.Lease, q.now))
	if got := q.stored(d.Event.ID); got.State != event.Pending || got.Attempts != 0 || got.Failures != 0 {
		q.Errorf("after Release() the delivery is %+v", got)
	}
	if d := q.one(); d.Attempts != 1 || d.Failures != 0 || d.Error != "" {
		q.Errorf("the next claim is %+v", d)
	}
}

func (q *queue) buriedIsDead() {
	q.add("work", uuid.New(), 1)
	d := q.one()
	q.must(q.log.Bury(q.Context(), d.Lease, q.now, "hopeless"))
	got := q.stored(d.Event.ID)
	if got.State != event.Dead || got.Error != "hopeless" || got.Attempts != 1 || got.Lease != (event.Lease{}) {
		q.Errorf("after Bury() the delivery is %+v", got)
	}
	q.now = q.now.Add(24 * time.Hour)
	q.same("Claim()", q.claim(1))
}
