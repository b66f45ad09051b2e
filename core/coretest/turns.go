package coretest

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
)

// turnCases is about fairness between workspaces.
func turnCases() []queueCase {
	return []queueCase{
		{"workspaces take turns from claim to claim", (*queue).turnsFromClaimToClaim},
		{"workspaces take turns within a claim", (*queue).turnsWithinAClaim},
		{"workspaces take turns when each delivery is done at once", (*queue).turnsWhenDoneAtOnce},
		{"events about no workspace take turns too", (*queue).turnsOfNoWorkspace},
		{"topics of a workspace share its turns", (*queue).topicsShareTurns},
		{"the workspace served longest ago comes first", (*queue).servedLongestAgoComesFirst},
		{"a workspace that had nothing to do keeps its place", (*queue).quietKeepsItsPlace},
		{"a workspace with less in work comes before one with more", (*queue).lessInWorkComesFirst},
		{"leases that ran out don't count as work", (*queue).expiredIsNoWork},
		{"many deliveries of one workspace don't starve another's one", (*queue).floodStarvesNobody},
	}
}

func (q *queue) turnsFromClaimToClaim() {
	a := q.add("work", uuid.New(), 3)
	b := q.add("work", uuid.New(), 3)
	q.turns(a, b, func() []event.Delivery { return q.claim(1) })
}

func (q *queue) turnsWithinAClaim() {
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
}

func (q *queue) turnsWhenDoneAtOnce() {
	a := q.add("work", uuid.New(), 3)
	b := q.add("work", uuid.New(), 3)
	q.turns(a, b, func() []event.Delivery {
		d := q.one()
		q.must(q.log.Done(q.Context(), d.Lease, q.now))
		return []event.Delivery{d}
	})
}

func (q *queue) turnsOfNoWorkspace() {
	a := q.add("work", uuid.Nil, 3)
	b := q.add("work", uuid.New(), 3)
	q.turns(a, b, func() []event.Delivery { return q.claim(1) })
}

func (q *queue) topicsShareTurns() {
	ws := uuid.New()
	for i := range 4 {
		q.add(fmt.Sprint("topic", i), ws, 2)
	}
	other := q.add("topic0", uuid.New(), 1)
	q.holds("the first two claims", q.claim(2), other[0])
}

func (q *queue) servedLongestAgoComesFirst() {
	var last []uuid.UUID
	for range 5 {
		q.add("work", uuid.New(), 2)
	}
	for range 2 {
		var order []uuid.UUID
		for range 5 {
			q.now = q.now.Add(time.Second)
			d := q.one()
			order = append(order, d.Event.Workspace)
			q.must(q.log.Done(q.Context(), d.Lease, q.now))
		}
		if last != nil && !slices.Equal(order, last) {
			q.Errorf("the second round went %v, the first %v", order, last)
		}
		last = order
	}
}

func (q *queue) quietKeepsItsPlace() {
	busy, quiet := uuid.New(), uuid.New()
	q.add("work", quiet, 1)
	q.must(q.log.Done(q.Context(), q.one().Lease, q.now))
	q.add("work", busy, 9)
	for range 3 {
		q.must(q.log.Done(q.Context(), q.one().Lease, q.now))
	}
	next := q.add("work", quiet, 1)
	q.same("Claim()", q.claim(1), next...)
}

func (q *queue) lessInWorkComesFirst() {
	slow, quick := uuid.New(), uuid.New()
	q.add("work", slow, 9)
	q.one()
	ids := q.add("work", quick, 3)
	for _, id := range ids { // quick was served last each time, but nothing of it is in work
		d := q.one()
		q.same("Claim()", []event.Delivery{d}, id)
		q.must(q.log.Done(q.Context(), d.Lease, q.now))
	}
}

func (q *queue) expiredIsNoWork() {
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
}

func (q *queue) floodStarvesNobody() {
	flood := uuid.New()
	q.add("work", flood, 1000)
	q.claim(8)
	one := q.add("work", uuid.New(), 1)
	q.same("Claim()", q.claim(1), one...)
}

// turns checks that next yields the events of a and b by turns, each in order.
func (q *queue) turns(a, b []uuid.UUID, next func() []event.Delivery) {
	q.Helper()
	var got []uuid.UUID
	for range a {
		pair := slices.Concat(next(), next())
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
	if !slices.Contains(idsOf(ds), id) {
		q.Errorf("%s has %v, want %s among them", what, idsOf(ds), id)
	}
}
