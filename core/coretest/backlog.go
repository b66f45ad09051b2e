package coretest

import (
	"errors"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// bury makes n deliveries of the topic and the workspace dead.
func (q *queue) bury(topic string, ws uuid.UUID, n int) []uuid.UUID {
	q.Helper()
	ids := q.add(topic, ws, n)
	for _, d := range q.claim(n, topic) {
		q.must(q.log.Bury(q.Context(), d.Lease, q.now, "hopeless"))
	}
	return ids
}

// count checks how many deliveries a change was about.
func (q *queue) count(doing string, want int) func(got int, err error) {
	q.Helper()
	return func(got int, err error) {
		q.Helper()
		if err != nil || got != want {
			q.Errorf("%s = %d, %v, want %d", doing, got, err, want)
		}
	}
}

// reversed returns ids from the last to the first.
func reversed(ids ...[]uuid.UUID) []uuid.UUID {
	all := slices.Concat(ids...)
	slices.Reverse(all)
	return all
}

// backlogCases is about what an operator sees and does.
func backlogCases() []queueCase {
	return []queueCase{
		{"deliveries are listed newest event first, in pages", (*queue).listedInPages},
		{"each filter chooses, and together they choose what all do", (*queue).filtersChoose},
		{"replay makes dead deliveries due now, as if they were new", (*queue).replayMakesNew},
		{"replay is about those that the filter chooses", (*queue).replayChooses},
		{"replay and discard leave alone what is not dead", (*queue).onlyDeadAreReplayed},
		{"all dead deliveries are replayed when there is no limit", (*queue).replayAll},
		{"discard settles without a reaction", (*queue).discardSettles},
		{"stats count what is not done, by topic and state", (*queue).statsCount},
		{"prune removes deliveries that were done before, and keeps their events", (*queue).pruneKeepsEvents},
	}
}

func (q *queue) listedInPages() {
	want := reversed(q.add("work", uuid.New(), 103))
	first := q.list(event.Filter{})
	q.same("Deliveries() without a limit", first, want[:100]...)
	q.same("Deliveries() of the next page", q.list(event.Filter{Before: first[99].Event.ID, Limit: 2}), want[100:102]...)
}

func (q *queue) filtersChoose() {
	one, two := uuid.New(), uuid.New()
	a := q.add("a", one, 2)
	b := q.add("b", one, 1)
	c := q.add("a", two, 1)
	dead := q.bury("c", two, 1)
	q.same("by id", q.list(event.Filter{IDs: []uuid.UUID{a[1], c[0], uuid.New()}}), c[0], a[1])
	q.same("by topic", q.list(event.Filter{Topic: "a"}), c[0], a[1], a[0])
	q.same("by state", q.list(event.Filter{State: event.Dead}), dead...)
	q.same("by workspace", q.list(event.Filter{Workspace: one}), b[0], a[1], a[0])
	q.same("by all", q.list(event.Filter{
		IDs: []uuid.UUID{a[0], a[1], b[0]}, Topic: "a", State: event.Pending, Workspace: one, Before: a[1],
	}), a[0])
	q.same("by what nothing is", q.list(event.Filter{Topic: "none"}))
}

func (q *queue) replayMakesNew() {
	ids := q.bury("work", uuid.New(), 1)
	q.now = q.now.Add(time.Hour)
	q.count("Replay()", 1)(q.backlog.Replay(q.Context(), event.Filter{}, q.now))
	if got := q.stored(ids[0]); got.State != event.Pending || got.Attempts != 0 || got.Failures != 0 {
		q.Errorf("after Replay() the delivery is %+v", got)
	}
	if d := q.one(); d.Attempts != 1 || d.Event.ID != ids[0] {
		q.Errorf("Claim() = %+v", d)
	}
}

func (q *queue) replayChooses() {
	ws := uuid.New()
	a, b, c := q.bury("a", ws, 3), q.bury("b", ws, 1), q.bury("a", uuid.New(), 1)
	q.count("Replay() of an id", 1)(q.backlog.Replay(q.Context(), event.Filter{IDs: a[:1]}, q.now))
	q.count("Replay() of a topic and a workspace", 2)(q.backlog.Replay(q.Context(), event.Filter{Topic: "a", Workspace: ws}, q.now))
	q.count("Replay() of pending ones", 0)(q.backlog.Replay(q.Context(), event.Filter{State: event.Pending}, q.now))
	q.count("Replay() with a limit", 1)(q.backlog.Replay(q.Context(), event.Filter{State: event.Dead, Limit: 1}, q.now))
	if left := len(q.list(event.Filter{State: event.Dead})); left != 1 {
		q.Errorf("%d are dead, want 1 of %v", left, append(b, c...))
	}
}

func (q *queue) onlyDeadAreReplayed() {
	q.add("work", uuid.New(), 3)
	d := q.one()
	q.must(q.log.Done(q.Context(), q.one().Lease, q.now))
	before := q.list(event.Filter{})
	q.count("Replay()", 0)(q.backlog.Replay(q.Context(), event.Filter{}, q.now))
	q.count("Discard()", 0)(q.backlog.Discard(q.Context(), event.Filter{}, q.now))
	if diff := cmp.Diff(before, q.list(event.Filter{})); diff != "" {
		q.Errorf("deliveries changed (-want +got):\n%s", diff)
	}
	q.must(q.log.Done(q.Context(), d.Lease, q.now))
}

func (q *queue) replayAll() {
	q.bury("work", uuid.New(), 130)
	q.count("Replay()", 130)(q.backlog.Replay(q.Context(), event.Filter{}, q.now))
}

func (q *queue) discardSettles() {
	ids := q.bury("work", uuid.New(), 2)
	q.count("Discard()", 1)(q.backlog.Discard(q.Context(), event.Filter{IDs: ids[:1]}, q.now))
	if got := q.stored(ids[0]); got.State != event.Done {
		q.Errorf("after Discard() the delivery is %s, want done", got.State)
	}
	q.count("Replay()", 1)(q.backlog.Replay(q.Context(), event.Filter{}, q.now))
	q.same("Claim()", q.claim(9), ids[1])
}

func (q *queue) statsCount() {
	ws, start := uuid.New(), q.now
	q.bury("b", ws, 2)
	q.now = start.Add(time.Minute)
	q.add("a", ws, 4)
	q.claim(1, "a")
	q.must(q.log.Done(q.Context(), q.claim(1, "a")[0].Lease, q.now))
	got, err := q.backlog.Stats(q.Context())
	q.must(err)
	slices.SortFunc(got, func(x, y event.Stat) int { return x.Oldest.Compare(y.Oldest) })
	want := []event.Stat{
		{Topic: "b", State: event.Dead, Count: 2, Oldest: start.Add(-time.Second)},
		{Topic: "a", State: event.Leased, Count: 1, Oldest: q.now.Add(-3 * time.Second)},
		{Topic: "a", State: event.Pending, Count: 2, Oldest: q.now.Add(-time.Second)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		q.Errorf("Stats() differs (-want +got):\n%s", diff)
	}
}

func (q *queue) pruneKeepsEvents() {
	done := event.New("thing.made", "system", q.now, nil).For("work")
	q.must(q.log.Append(q.Context(), done))
	q.must(q.log.Done(q.Context(), q.one().Lease, q.now))
	q.add("work", uuid.New(), 2)
	q.one()
	q.bury("dead", uuid.New(), 1)
	q.count("Prune() up to that moment", 0)(q.backlog.Prune(q.Context(), q.now))
	q.count("Prune()", 1)(q.backlog.Prune(q.Context(), q.now.Add(time.Microsecond)))
	if left := len(q.list(event.Filter{})); left != 3 {
		q.Errorf("%d deliveries are left, want 3", left)
	}
	if err := q.log.Append(q.Context(), done); !errors.Is(err, fault.Conflict) {
		q.Errorf("Append() of the event again = %v, want kind Conflict, because it is still there", err)
	}
}
