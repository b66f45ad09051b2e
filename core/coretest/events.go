package coretest

import (
	"errors"
	"slices"
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
	for _, c := range slices.Concat(appendCases(), claimCases(), turnCases(), leaseCases(), settleCases(), offerCases(), takeCases(), backlogCases()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			log, backlog := open(t)
			c.check(&queue{T: t, log: log, backlog: backlog, now: time.Date(2026, 3, 4, 5, 6, 7, 89_000, time.UTC)})
		})
	}
}

// queueCase is a sentence of the contract.
type queueCase struct {
	name  string
	check func(q *queue)
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

// appendCases is about writing events.
func appendCases() []queueCase {
	return []queueCase{
		{"an event comes back whole", (*queue).comesBackWhole},
		{"an event without a topic is delivered to nobody", (*queue).noTopic},
		{"appending nothing is no error", (*queue).appendNothing},
		{"all events are appended or none", (*queue).appendAllOrNone},
		{"an event takes the trace of its context", (*queue).takesTrace},
		{"a reaction waits until the event says", (*queue).waits},
	}
}

func (q *queue) takesTrace() {
	e := event.New("thing.made", "system", q.now, nil).For("work")
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	q.must(q.log.Append(event.WithTrace(q.Context(), trace), e))
	if got := q.one().Event.Trace; got != trace {
		q.Errorf("Claim() returns the trace %q, want %q", got, trace)
	}
}

func (q *queue) waits() {
	e := event.New("thing.made", "system", q.now, nil).For("work").After(q.now.Add(time.Hour))
	q.must(q.log.Append(q.Context(), e))
	if ds := q.claim(1); len(ds) != 0 {
		q.Errorf("Claim() = %v before its time, want none", ds)
	}
	q.now = q.now.Add(time.Hour)
	if got := q.one().Event.ID; got != e.ID {
		q.Errorf("Claim() = %s when its time has come, want %s", got, e.ID)
	}
}

func (q *queue) comesBackWhole() {
	e := event.New("thing.made", "user:7", q.now, map[string]any{"it's": "a \"quote\", a ? and a \u0000"}).
		In(uuid.New(), "subject ?").For("work")
	e.Role, e.Trace = "employee", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
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
}

func (q *queue) noTopic() {
	q.add("", uuid.New(), 1)
	q.same("Claim()", q.claim(1))
	q.same("Deliveries()", q.list(event.Filter{}))
}

func (q *queue) appendNothing() {
	q.must(q.log.Append(q.Context()))
}

func (q *queue) appendAllOrNone() {
	first := event.New("a", "system", q.now, nil).For("work")
	second := event.New("b", "system", q.now, nil).For("work")
	q.must(q.log.Append(q.Context(), second))
	if err := q.log.Append(q.Context(), first, second); !errors.Is(err, fault.Conflict) {
		q.Errorf("Append() of an event that is there = %v, want kind Conflict", err)
	}
	q.same("Claim()", q.claim(9), second.ID)
}
