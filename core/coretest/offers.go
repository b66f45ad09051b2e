package coretest

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// offerCases is about handing deliveries to a transport.
func offerCases() []queueCase {
	return []queueCase{
		{"what is on offer is neither claimed nor offered again", (*queue).offerHides},
		{"what nobody took is due again when the offer ends", (*queue).offerEnds},
		{"an offer is no attempt", (*queue).offerIsNoAttempt},
		{"what is on offer is waiting work", (*queue).offerCounts},
		{"offering nothing is no error", (*queue).offerNothing},
		{"an offer must be of something", (*queue).offerOfNothingIsInvalid},
		{"an offer has no more than it asks for, of its topics", (*queue).offerKeepsItsBounds},
		{"workspaces take turns on offer", (*queue).turnsOnOffer},
		{"what is leased or put off is not offered before its time", (*queue).offerLeavesTheRest},
		{"a lease that ran out is lost by an offer", (*queue).offerEndsOldLease},
		{"concurrent offers never share a delivery", (*queue).offersNeverShare},
	}
}

const offerTime = 5 * time.Minute

// offer offers up to n deliveries.
func (q *queue) offer(n int, topics ...string) []event.Delivery {
	q.Helper()
	ds, err := q.log.Offer(q.Context(), event.Offer{Topics: topics, Max: n, Now: q.now, Until: q.now.Add(offerTime)})
	q.must(err)
	return ds
}

func (q *queue) offerHides() {
	ids := q.add("work", uuid.New(), 2)
	q.same("Offer()", q.offer(9), ids...)
	q.now = q.now.Add(offerTime - time.Microsecond)
	q.same("Offer() of what is on offer", q.offer(9))
	q.same("Claim() of what is on offer", q.claim(9))
}

func (q *queue) offerEnds() {
	ids := q.add("work", uuid.New(), 2)
	q.offer(9)
	q.now = q.now.Add(offerTime)
	q.same("Offer() when the offer has ended", q.offer(1), ids[0])
	q.same("Claim() when the offer has ended", q.claim(9), ids[1])
}

func (q *queue) offerIsNoAttempt() {
	q.add("work", uuid.New(), 1)
	offered := q.offer(1)
	if len(offered) != 1 {
		q.Fatalf("Offer() found %d deliveries, want 1", len(offered))
	}
	for _, d := range []event.Delivery{offered[0], q.stored(offered[0].Event.ID)} {
		if d.State != event.Pending || d.Attempts != 0 || d.Failures != 0 || d.Lease != (event.Lease{}) {
			q.Errorf("the delivery on offer is %+v, want it pending as if nobody had claimed it", d)
		}
		if want := q.now.Add(offerTime); !d.AvailableAt.Equal(want) {
			q.Errorf("the delivery on offer is due again at %v, want %v", d.AvailableAt, want)
		}
	}
}

func (q *queue) offerCounts() {
	q.add("work", uuid.New(), 3)
	q.offer(2)
	stats, err := q.backlog.Stats(q.Context())
	q.must(err)
	want := []event.Stat{{Topic: "work", State: event.Pending, Count: 3, Oldest: q.now.Add(-2 * time.Second)}}
	if diff := cmp.Diff(want, stats); diff != "" {
		q.Errorf("Stats() differs (-want +got):\n%s", diff)
	}
}

func (q *queue) offerNothing() {
	q.same("Offer()", q.offer(1))
}

func (q *queue) offerOfNothingIsInvalid() {
	q.add("work", uuid.New(), 1)
	_, err := q.log.Offer(q.Context(), event.Offer{Now: q.now, Until: q.now.Add(offerTime)})
	q.invalid("Offer() of none", err)
}

func (q *queue) invalid(doing string, err error) {
	q.Helper()
	if !errors.Is(err, fault.Invalid) {
		q.Errorf("%s = %v, want kind Invalid", doing, err)
	}
}

func (q *queue) offerKeepsItsBounds() {
	ws := uuid.New()
	a, b := q.add("a", ws, 3), q.add("b", ws, 1)
	q.same("Offer() of one topic", q.offer(2, "a"), a[:2]...)
	q.same("Offer() of all topics", q.offer(9), a[2], b[0])
}

func (q *queue) turnsOnOffer() {
	a := q.add("work", uuid.New(), 4)
	b := q.add("work", uuid.New(), 4)
	q.turns(a[:2], b[:2], func() []event.Delivery { return q.offer(1) })
	rest := q.offer(4)
	q.turns(a[2:], b[2:], func() []event.Delivery {
		next := rest[:1]
		rest = rest[1:]
		return next
	})
}

func (q *queue) offerLeavesTheRest() {
	q.add("work", uuid.New(), 2)
	q.must(q.log.Retry(q.Context(), q.one().Lease, q.now.Add(time.Second), "x"))
	q.one()
	q.same("Offer()", q.offer(9))
}

func (q *queue) offerEndsOldLease() {
	q.add("work", uuid.New(), 1)
	d := q.one()
	q.now = d.Lease.Until
	q.same("Offer() of a lease that ran out", q.offer(9), d.Event.ID)
	q.refuses(d.Lease)
	if got := q.stored(d.Event.ID); got.State != event.Pending || got.Attempts != 1 {
		q.Errorf("the delivery is %s after %d attempts, want pending after 1", got.State, got.Attempts)
	}
}

func (q *queue) offersNeverShare() {
	const relays, n = 4, 60
	q.add("work", uuid.New(), n)
	var mu sync.Mutex
	times := map[uuid.UUID]int{}
	var group sync.WaitGroup
	for range relays {
		group.Go(func() {
			for {
				ds, err := q.log.Offer(q.Context(), event.Offer{Max: 3, Now: q.now, Until: q.now.Add(offerTime)})
				if err != nil {
					q.Errorf("Offer() = %v", err)
				}
				if len(ds) == 0 {
					return
				}
				mu.Lock()
				for _, d := range ds {
					times[d.Event.ID]++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(times) != n {
		q.Errorf("%d deliveries were offered, want %d", len(times), n)
	}
	for id, k := range times {
		if k != 1 {
			q.Errorf("delivery %s was offered %d times", id, k)
		}
	}
}

// takeCases is about leasing one delivery that was announced.
func takeCases() []queueCase {
	return []queueCase{
		{"what is on offer can be taken", (*queue).takesWhatIsOnOffer},
		{"what is due can be taken without an offer", (*queue).takesWhatIsDue},
		{"what is in work can't be taken before its lease has run out", (*queue).takesWhatRanOut},
		{"what waits for another try can't be taken before its time", (*queue).takesNoRetryEarly},
		{"what was given back can be taken at once", (*queue).takesWhatWasReleased},
		{"what is settled, dead or unknown can't be taken", (*queue).takesNothingSettled},
		{"of many who take a delivery one gets it", (*queue).oneTakes},
	}
}

func (q *queue) take(id uuid.UUID) (event.Delivery, error) {
	return q.log.Take(q.Context(), id, q.now, q.now.Add(leaseTime))
}

// taken takes a delivery that can be taken.
func (q *queue) taken(id uuid.UUID) event.Delivery {
	q.Helper()
	d, err := q.take(id)
	q.must(err)
	return d
}

// cantTake checks that a delivery can't be taken, and that the attempt leaves no trace.
func (q *queue) cantTake(doing string, id uuid.UUID) {
	q.Helper()
	before := q.list(event.Filter{IDs: []uuid.UUID{id}})
	_, err := q.take(id)
	q.lost("Take() of "+doing, err)
	after := q.list(event.Filter{IDs: []uuid.UUID{id}})
	if len(before) != len(after) || len(before) == 1 && (before[0].Lease != after[0].Lease || before[0].Attempts != after[0].Attempts) {
		q.Errorf("Take() of %s changed %+v to %+v", doing, before, after)
	}
}

func (q *queue) takesWhatIsOnOffer() {
	ids := q.add("work", uuid.New(), 2)
	q.offer(9)
	d := q.taken(ids[1])
	if d.Event.ID != ids[1] || d.State != event.Leased || d.Attempts != 1 || d.Lease.Token == uuid.Nil ||
		d.Lease.Delivery != ids[1] || !d.Lease.Until.Equal(q.now.Add(leaseTime)) {
		q.Errorf("Take() = %+v, want the delivery at its first attempt with a lease", d)
	}
	q.cantTake("what was taken", ids[1])
	q.must(q.log.Renew(q.Context(), d.Lease, q.now.Add(2*leaseTime)))
	q.must(q.log.Done(q.Context(), d.Lease, q.now))
	q.now = q.now.Add(offerTime)
	q.same("Claim() after the offer", q.claim(9), ids[0])
}

func (q *queue) takesWhatIsDue() {
	ids := q.add("work", uuid.New(), 2)
	q.taken(ids[1])
	q.same("Claim()", q.claim(9), ids[0])
	q.now = q.now.Add(time.Hour)
	late := q.add("work", uuid.New(), 1)
	q.now = q.now.Add(-time.Microsecond)
	q.cantTake("what is not due yet", late[0])
}

func (q *queue) takesWhatRanOut() {
	ids := q.add("work", uuid.New(), 1)
	before := q.one()
	q.now = before.Lease.Until.Add(-time.Microsecond)
	q.cantTake("what is in work", ids[0])
	q.now = before.Lease.Until
	after := q.taken(ids[0])
	if after.Attempts != 2 || after.Lease.Token == before.Lease.Token {
		q.Errorf("Take() = %+v, want a second attempt with a lease of its own", after)
	}
	q.refuses(before.Lease)
}

func (q *queue) takesNoRetryEarly() {
	ids := q.add("work", uuid.New(), 1)
	at := q.now.Add(time.Second)
	q.offer(1)
	q.must(q.log.Retry(q.Context(), q.taken(ids[0]).Lease, at, "x"))
	q.cantTake("what waits for another try", ids[0])
	q.now = at
	if d := q.taken(ids[0]); d.Attempts != 2 || d.Failures != 1 {
		q.Errorf("attempts and failures are %d and %d, want 2 and 1", d.Attempts, d.Failures)
	}
}

func (q *queue) takesWhatWasReleased() {
	ids := q.add("work", uuid.New(), 1)
	q.offer(1)
	q.must(q.log.Release(q.Context(), q.taken(ids[0]).Lease, q.now))
	if d := q.taken(ids[0]); d.Attempts != 1 {
		q.Errorf("this is attempt %d, want 1", d.Attempts)
	}
}

func (q *queue) takesNothingSettled() {
	ids := q.add("work", uuid.New(), 2)
	q.offer(9)
	q.must(q.log.Done(q.Context(), q.taken(ids[0]).Lease, q.now))
	q.must(q.log.Bury(q.Context(), q.taken(ids[1]).Lease, q.now, "x"))
	q.now = q.now.Add(time.Hour)
	q.cantTake("what is done", ids[0])
	q.cantTake("what is dead", ids[1])
	q.cantTake("what there never was", uuid.New())
}

func (q *queue) oneTakes() {
	ids := q.add("work", uuid.New(), 1)
	q.offer(1)
	var got atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := q.take(ids[0]); err == nil {
				got.Add(1)
			} else {
				q.lost("Take()", err)
			}
		})
	}
	group.Wait()
	if got.Load() != 1 {
		q.Errorf("%d took the delivery, want 1", got.Load())
	}
}
