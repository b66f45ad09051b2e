package coretest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Events checks that a store keeps the contracts of event.Log and event.Backlog. open returns two views of one new, empty
// store, and closes it when the test ends.
func Events(t *testing.T, open func(t *testing.T) (event.Log, event.Backlog)) {
	t.Helper()
	for _, cases := range []map[string]func(q *queue){appendCases, claimCases, turnCases, leaseCases, settleCases, backlogCases} {
		for name, check := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				log, backlog := open(t)
				check(&queue{T: t, log: log, backlog: backlog, now: time.Date(2026, 3, 4, 5, 6, 7, 89_000, time.UTC)})
			})
		}
	}
}

// queue is the world of one case. Its time moves only when the case moves it.
type queue struct {
	*testing.T
	log     event.Log
	backlog event.Backlog
	now     time.Time
}

const leaseTime = time.Minute

// add appends n events, each a second after the one before and the last of them now.
func (q *queue) add(topic string, ws uuid.UUID, n int) []uuid.UUID {
	q.Helper()
	events := make([]event.Event, n)
	ids := make([]uuid.UUID, n)
	for i := range events {
		at := q.now.Add(time.Duration(i-n+1) * time.Second)
		events[i] = event.New("thing.made", "system", at, nil).In(ws, "thing").For(topic)
		ids[i] = events[i].ID
	}
	q.must(q.log.Append(q.Context(), events...))
	return ids
}

func (q *queue) must(err error) {
	q.Helper()
	if err != nil {
		q.Fatal(err)
	}
}

func (q *queue) lost(doing string, err error) {
	q.Helper()
	if !errors.Is(err, event.ErrLeaseLost) {
		q.Errorf("%s = %v, want ErrLeaseLost", doing, err)
	}
}

// claim claims up to n deliveries.
func (q *queue) claim(n int, topics ...string) []event.Delivery {
	q.Helper()
	ds, err := q.log.Claim(q.Context(), event.Claim{Topics: topics, Max: n, Lease: leaseTime, Now: q.now})
	q.must(err)
	return ds
}

// one claims exactly one delivery.
func (q *queue) one() event.Delivery {
	q.Helper()
	ds := q.claim(1)
	if len(ds) != 1 {
		q.Fatalf("Claim() found %d deliveries, want 1", len(ds))
	}
	return ds[0]
}

// same compares the events of deliveries with ids.
func (q *queue) same(doing string, got []event.Delivery, want ...uuid.UUID) {
	q.Helper()
	if diff := cmp.Diff(want, idsOf(got)); diff != "" {
		q.Errorf("%s differs (-want +got):\n%s", doing, diff)
	}
}

func idsOf(ds []event.Delivery) []uuid.UUID {
	var ids []uuid.UUID
	for _, d := range ds {
		ids = append(ids, d.Event.ID)
	}
	return ids
}

// list returns what the filter chooses.
func (q *queue) list(f event.Filter) []event.Delivery {
	q.Helper()
	ds, err := q.backlog.Deliveries(q.Context(), f)
	q.must(err)
	return ds
}

// stored returns the delivery as it stands.
func (q *queue) stored(id uuid.UUID) event.Delivery {
	q.Helper()
	ds := q.list(event.Filter{IDs: []uuid.UUID{id}})
	if len(ds) != 1 {
		q.Fatalf("Deliveries(%s) found %d, want 1", id, len(ds))
	}
	return ds[0]
}

var appendCases = map[string]func(q *queue){
	"an event comes back whole": func(q *queue) {
		e := event.New("thing.made", "user:7", q.now, map[string]any{"it's": "a \"quote\", a ? and a \u0000"}).
			In(uuid.New(), "subject ?").For("work")
		q.must(q.log.Append(q.Context(), e))
		got := q.one()
		if got.Lease.Token == uuid.Nil {
			q.Error("the lease has no token")
		}
		want := event.Delivery{
			Event: e, State: event.Leased, Attempts: 1, AvailableAt: got.AvailableAt,
			Lease: event.Lease{Delivery: e.ID, Token: got.Lease.Token, Until: q.now.Add(leaseTime)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			q.Errorf("Claim() differs (-want +got):\n%s", diff)
		}
	},
	"an event without a topic is delivered to nobody": func(q *queue) {
		q.add("", uuid.New(), 1)
		q.same("Claim()", q.claim(1))
		q.same("Deliveries()", q.list(event.Filter{}))
	},
	"appending nothing is no error": func(q *queue) {
		q.must(q.log.Append(q.Context()))
	},
	"all events are appended or none": func(q *queue) {
		first := event.New("a", "system", q.now, nil).For("work")
		second := event.New("b", "system", q.now, nil).For("work")
		q.must(q.log.Append(q.Context(), second))
		if err := q.log.Append(q.Context(), first, second); !errors.Is(err, fault.Conflict) {
			q.Errorf("Append() of an event that is there = %v, want kind Conflict", err)
		}
		q.same("Claim()", q.claim(9), second.ID)
	},
}

var leaseCases = map[string]func(q *queue){
	"a lease keeps others away until it runs out": func(q *queue) {
		q.add("work", uuid.New(), 1)
		q.one()
		q.now = q.now.Add(leaseTime - time.Microsecond)
		q.same("Claim() before the lease has run out", q.claim(1))
	},
	"a lease that ran out is claimed anew": func(q *queue) {
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
	},
	"a lease that ran out is held until somebody claims": func(q *queue) {
		ids := q.add("work", uuid.New(), 2)
		leases := q.claim(2)
		q.now = q.now.Add(2 * leaseTime)
		q.same("Claim()", q.claim(1), ids[0])
		q.must(q.log.Renew(q.Context(), leases[1].Lease, q.now.Add(leaseTime)))
		q.same("Claim() after renewing", q.claim(1))
		q.must(q.log.Done(q.Context(), leases[1].Lease, q.now))
	},
	"a renewed lease lasts": func(q *queue) {
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
	},
	"a stale lease changes nothing": func(q *queue) {
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
	},
	"a lease on nothing is lost": func(q *queue) {
		q.refuses(event.Lease{Delivery: uuid.New(), Token: uuid.New(), Until: q.now.Add(leaseTime)})
	},
	"a lease ends with retry": func(q *queue) {
		q.ends(func(l event.Lease) error { return q.log.Retry(q.Context(), l, q.now.Add(time.Hour), "x") })
	},
	"a lease ends with release": func(q *queue) {
		q.ends(func(l event.Lease) error { return q.log.Release(q.Context(), l, q.now) })
	},
	"a lease ends with bury": func(q *queue) {
		q.ends(func(l event.Lease) error { return q.log.Bury(q.Context(), l, q.now, "x") })
	},
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

var settleCases = map[string]func(q *queue){
	"what is done is not delivered again": func(q *queue) {
		q.add("work", uuid.New(), 1)
		d := q.one()
		q.must(q.log.Done(q.Context(), d.Lease, q.now))
		q.now = q.now.Add(24 * time.Hour)
		q.same("Claim()", q.claim(1))
		if got := q.stored(d.Event.ID); got.State != event.Done || got.Lease != (event.Lease{}) {
			q.Errorf("the delivery is %s with lease %v, want done without", got.State, got.Lease)
		}
	},
	"done may be repeated by the lease that did it, and by no other": func(q *queue) {
		q.add("work", uuid.New(), 1)
		l := q.one().Lease
		q.must(q.log.Done(q.Context(), l, q.now))
		q.must(q.log.Done(q.Context(), l, q.now.Add(time.Second)))
		l.Token = uuid.New()
		q.lost("Done() of another lease", q.log.Done(q.Context(), l, q.now))
	},
	"retry makes due later, counts a failure and keeps the cause": func(q *queue) {
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
	},
	"release makes due at once and takes back the attempt": func(q *queue) {
		q.add("work", uuid.New(), 1)
		d := q.one()
		q.must(q.log.Release(q.Context(), d.Lease, q.now))
		if got := q.stored(d.Event.ID); got.State != event.Pending || got.Attempts != 0 || got.Failures != 0 {
			q.Errorf("after Release() the delivery is %+v", got)
		}
		if d := q.one(); d.Attempts != 1 || d.Failures != 0 || d.Error != "" {
			q.Errorf("the next claim is %+v", d)
		}
	},
	"what is buried is dead, with its cause": func(q *queue) {
		q.add("work", uuid.New(), 1)
		d := q.one()
		q.must(q.log.Bury(q.Context(), d.Lease, q.now, "hopeless"))
		got := q.stored(d.Event.ID)
		if got.State != event.Dead || got.Error != "hopeless" || got.Attempts != 1 || got.Lease != (event.Lease{}) {
			q.Errorf("after Bury() the delivery is %+v", got)
		}
		q.now = q.now.Add(24 * time.Hour)
		q.same("Claim()", q.claim(1))
	},
}
