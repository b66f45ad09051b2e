package coretest

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
)

// claimCases is about what a claim finds.
func claimCases() []queueCase {
	return []queueCase{
		{"nothing due is no error", (*queue).nothingDue},
		{"within a workspace the oldest event comes first", (*queue).oldestComesFirst},
		{"the order of age goes across topics", (*queue).ageGoesAcrossTopics},
		{"a claim takes as many as it asks for", (*queue).claimTakesItsMost},
		{"each lease has its own token", (*queue).tokensDiffer},
		{"an event is not due before its time", (*queue).notBeforeItsTime},
		{"what is not due does not hide what is", (*queue).laterHidesNothing},
		{"a retried event keeps its place by age", (*queue).retriedKeepsItsPlace},
		{"only the topics that are asked for are claimed", (*queue).onlyItsTopics},
		{"concurrent claimers never share a delivery", (*queue).claimersNeverShare},
		{"a cancelled claim leases nothing", (*queue).cancelledClaim},
	}
}

func (q *queue) nothingDue() {
	q.same("Claim()", q.claim(1))
}

func (q *queue) oldestComesFirst() {
	ids := q.add("work", uuid.New(), 3)
	for _, id := range ids {
		q.same("Claim()", q.claim(1), id)
	}
	q.same("Claim() of what is left", q.claim(1))
}

func (q *queue) ageGoesAcrossTopics() {
	ws := uuid.New()
	var ids []uuid.UUID
	for i := range 4 {
		ids = append(ids, q.add([]string{"b", "a"}[i%2], ws, 1)...)
	}
	q.same("Claim()", q.claim(9), ids...)
}

func (q *queue) claimTakesItsMost() {
	ids := q.add("work", uuid.New(), 5)
	q.same("Claim()", q.claim(3), ids[:3]...)
	q.same("Claim() of the rest", q.claim(3), ids[3:]...)
}

func (q *queue) tokensDiffer() {
	q.add("work", uuid.New(), 2)
	ds := q.claim(2)
	if len(ds) != 2 || ds[0].Lease.Token == ds[1].Lease.Token {
		q.Errorf("Claim() = %v, want two leases", ds)
	}
}

func (q *queue) notBeforeItsTime() {
	start := q.now
	q.now = start.Add(time.Hour)
	late := q.add("work", uuid.New(), 1)
	q.now = start
	q.same("Claim()", q.claim(1))
	q.now = start.Add(time.Hour)
	q.same("Claim() when it is time", q.claim(1), late...)
}

func (q *queue) laterHidesNothing() {
	ws, start := uuid.New(), q.now
	q.now = start.Add(time.Hour)
	q.add("work", ws, 1)
	q.now = start
	due := q.add("work", ws, 1)
	q.same("Claim()", q.claim(9), due...)
}

func (q *queue) retriedKeepsItsPlace() {
	ids := q.add("work", uuid.New(), 3)
	at := q.now.Add(time.Second)
	q.must(q.log.Retry(q.Context(), q.one().Lease, at, "x"))
	q.same("Claim() before the retry is due", q.claim(1), ids[1])
	q.now = at
	q.same("Claim() when the retry is due", q.claim(2), ids[0], ids[2])
}

func (q *queue) onlyItsTopics() {
	ws := uuid.New()
	a, b, c := q.add("a", ws, 1), q.add("b", ws, 1), q.add("c", ws, 1)
	q.same("Claim() of no known topic", q.claim(9, "d"))
	q.same("Claim() of two topics", q.claim(9, "c", "a"), a[0], c[0])
	q.same("Claim() of all topics", q.claim(9), b[0])
}

func (q *queue) claimersNeverShare() {
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
}

func (q *queue) cancelledClaim() {
	ids := q.add("work", uuid.New(), 1)
	ctx, cancel := context.WithCancel(q.Context())
	cancel()
	if ds, err := q.log.Claim(ctx, event.Claim{Max: 1, Lease: leaseTime, Now: q.now}); err == nil {
		q.Errorf("Claim() with an ended context = %v, want an error", ds)
	}
	q.same("Claim()", q.claim(1), ids...)
}
