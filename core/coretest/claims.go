package coretest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
)

var claimCases = map[string]func(q *queue){
	"nothing due is no error": func(q *queue) {
		q.same("Claim()", q.claim(1))
	},
	"within a workspace the oldest event comes first": func(q *queue) {
		ids := q.add("work", uuid.New(), 3)
		for _, id := range ids {
			q.same("Claim()", q.claim(1), id)
		}
		q.same("Claim() of what is left", q.claim(1))
	},
	"the order of age goes across topics": func(q *queue) {
		ws := uuid.New()
		var ids []uuid.UUID
		for i := range 4 {
			ids = append(ids, q.add([]string{"b", "a"}[i%2], ws, 1)...)
		}
		q.same("Claim()", q.claim(9), ids...)
	},
	"a claim takes as many as it asks for": func(q *queue) {
		ids := q.add("work", uuid.New(), 5)
		q.same("Claim()", q.claim(3), ids[:3]...)
		q.same("Claim() of the rest", q.claim(3), ids[3:]...)
	},
	"each lease has its own token": func(q *queue) {
		q.add("work", uuid.New(), 2)
		ds := q.claim(2)
		if len(ds) != 2 || ds[0].Lease.Token == ds[1].Lease.Token {
			q.Errorf("Claim() = %v, want two leases", ds)
		}
	},
	"an event is not due before its time": func(q *queue) {
		start := q.now
		q.now = start.Add(time.Hour)
		late := q.add("work", uuid.New(), 1)
		q.now = start
		q.same("Claim()", q.claim(1))
		q.now = start.Add(time.Hour)
		q.same("Claim() when it is time", q.claim(1), late...)
	},
	"what is not due does not hide what is": func(q *queue) {
		ws, start := uuid.New(), q.now
		q.now = start.Add(time.Hour)
		q.add("work", ws, 1)
		q.now = start
		due := q.add("work", ws, 1)
		q.same("Claim()", q.claim(9), due...)
	},
	"a retried event keeps its place by age": func(q *queue) {
		ids := q.add("work", uuid.New(), 3)
		at := q.now.Add(time.Second)
		q.must(q.log.Retry(q.Context(), q.one().Lease, at, "x"))
		q.same("Claim() before the retry is due", q.claim(1), ids[1])
		q.now = at
		q.same("Claim() when the retry is due", q.claim(2), ids[0], ids[2])
	},
	"only the topics that are asked for are claimed": func(q *queue) {
		ws := uuid.New()
		a, b, c := q.add("a", ws, 1), q.add("b", ws, 1), q.add("c", ws, 1)
		q.same("Claim() of no known topic", q.claim(9, "d"))
		q.same("Claim() of two topics", q.claim(9, "c", "a"), a[0], c[0])
		q.same("Claim() of all topics", q.claim(9), b[0])
	},
	"concurrent claimers never share a delivery": func(q *queue) {
		const claimers, workspaces, each = 8, 4, 25
		for range workspaces {
			q.add("work", uuid.New(), each)
		}
		var mu sync.Mutex
		taken := map[uuid.UUID]int{}
		var group sync.WaitGroup
		for i := range claimers {
			group.Go(func() {
				for {
					ds, err := q.log.Claim(q.Context(), event.Claim{Max: i%3 + 1, Lease: leaseTime, Now: q.now})
					if err != nil {
						q.Errorf("Claim() = %v", err)
					}
					if len(ds) == 0 {
						return
					}
					mu.Lock()
					for _, d := range ds {
						taken[d.Event.ID]++
					}
					mu.Unlock()
				}
			})
		}
		group.Wait()
		if len(taken) != workspaces*each {
			q.Errorf("%d deliveries were claimed, want %d", len(taken), workspaces*each)
		}
		for id, n := range taken {
			if n != 1 {
				q.Errorf("delivery %s was claimed %d times", id, n)
			}
		}
	},
	"a cancelled claim leases nothing": func(q *queue) {
		ids := q.add("work", uuid.New(), 1)
		ctx, cancel := context.WithCancel(q.Context())
		cancel()
		if ds, err := q.log.Claim(ctx, event.Claim{Max: 1, Lease: leaseTime, Now: q.now}); err == nil {
			q.Errorf("Claim() with an ended context = %v, want an error", ds)
		}
		q.same("Claim()", q.claim(1), ids...)
	},
}

var turnCases = map[string]func(q *queue){
	"workspaces take turns from claim to claim": func(q *queue) {
		a := q.add("work", uuid.New(), 3)
		b := q.add("work", uuid.New(), 3)
		q.turns(a, b, func() []event.Delivery { return q.claim(1) })
	},
	"workspaces take turns within a claim": func(q *queue) {
		a := q.add("work", uuid.New(), 3)
		b := q.add("work", uuid.New(), 3)
		ds := q.claim(6)
		q.turns(a, b, func() []event.Delivery {
			var next []event.Delivery
			if len(ds) > 0 {
				next, ds = ds[:1], ds[1:]
			}
			return next
		})
	},
	"workspaces take turns when each delivery is done at once": func(q *queue) {
		a := q.add("work", uuid.New(), 3)
		b := q.add("work", uuid.New(), 3)
		q.turns(a, b, func() []event.Delivery {
			d := q.one()
			q.must(q.log.Done(q.Context(), d.Lease, q.now))
			return []event.Delivery{d}
		})
	},
	"events about no workspace take turns too": func(q *queue) {
		a := q.add("work", uuid.Nil, 3)
		b := q.add("work", uuid.New(), 3)
		q.turns(a, b, func() []event.Delivery { return q.claim(1) })
	},
	"topics of a workspace share its turns": func(q *queue) {
		ws := uuid.New()
		for i := range 4 {
			q.add(fmt.Sprint("topic", i), ws, 2)
		}
		other := q.add("topic0", uuid.New(), 1)
		q.holds("the first two claims", q.claim(2), other[0])
	},
	"the workspace served longest ago comes first": func(q *queue) {
		var last []uuid.UUID
		all := map[uuid.UUID]bool{}
		for range 5 {
			for _, id := range q.add("work", uuid.New(), 2) {
				all[id] = true
			}
		}
		for range 2 {
			var order []uuid.UUID
			for range 5 {
				q.now = q.now.Add(time.Second)
				d := q.one()
				order = append(order, d.Event.Workspace)
				q.must(q.log.Done(q.Context(), d.Lease, q.now))
			}
			if last != nil && fmt.Sprint(order) != fmt.Sprint(last) {
				q.Errorf("the second round went %v, the first %v", order, last)
			}
			last = order
		}
	},
	"a workspace that had nothing to do keeps its place": func(q *queue) {
		busy, quiet := uuid.New(), uuid.New()
		q.add("work", quiet, 1)
		q.must(q.log.Done(q.Context(), q.one().Lease, q.now))
		q.add("work", busy, 9)
		for range 3 {
			q.must(q.log.Done(q.Context(), q.one().Lease, q.now))
		}
		next := q.add("work", quiet, 1)
		q.same("Claim()", q.claim(1), next...)
	},
	"a workspace with less in work comes before one with more": func(q *queue) {
		slow, quick := uuid.New(), uuid.New()
		q.add("work", slow, 9)
		q.one()
		ids := q.add("work", quick, 3)
		for _, id := range ids { // quick was served last each time, but nothing of it is in work
			d := q.one()
			q.same("Claim()", []event.Delivery{d}, id)
			q.must(q.log.Done(q.Context(), d.Lease, q.now))
		}
	},
	"leases that ran out don't count as work": func(q *queue) {
		crashed, other := uuid.New(), uuid.New()
		q.add("work", crashed, 3)
		q.claim(2)
		q.now = q.now.Add(leaseTime)
		q.add("work", other, 3)
		seen := map[uuid.UUID]int{}
		for _, d := range q.claim(4) {
			seen[d.Event.Workspace]++
		}
		if seen[crashed] != 2 || seen[other] != 2 {
			q.Errorf("the workspaces got %v, want 2 each", seen)
		}
	},
	"many deliveries of one workspace don't starve another's one": func(q *queue) {
		flood := uuid.New()
		q.add("work", flood, 1000)
		q.claim(8)
		one := q.add("work", uuid.New(), 1)
		q.same("Claim()", q.claim(1), one...)
	},
}

// turns checks that next yields the events of a and b by turns, each in order.
func (q *queue) turns(a, b []uuid.UUID, next func() []event.Delivery) {
	q.Helper()
	var got []uuid.UUID
	for range a {
		pair := append(next(), next()...)
		got = append(got, idsOf(pair)...)
		q.holds("a round", pair, a[0])
		q.holds("a round", pair, b[0])
		a, b = a[1:], b[1:]
	}
	if q.Failed() {
		q.Logf("the order was %v", got)
	}
}

func (q *queue) holds(what string, ds []event.Delivery, id uuid.UUID) {
	q.Helper()
	for _, d := range ds {
		if d.Event.ID == id {
			return
		}
	}
	q.Errorf("%s has %v, want %s among them", what, idsOf(ds), id)
}
