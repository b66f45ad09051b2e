package coretest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/event"
)

// Audited is the part of a store that the suite of the trail looks at. core.Store has it.
type Audited interface {
	Events() event.Log
	Trail() audit.Trail
}

// TestTrail checks audit.Trail. open returns an empty store that is closed when the test ends.
func TestTrail[S Audited](t *testing.T, open func(*testing.T) S) {
	for name, check := range map[string]func(*trail){
		"an event comes back whole":                                        (*trail).comesBackWhole,
		"the trail is newest first, ties by id descending":                 (*trail).isNewestFirst,
		"a query without a limit finds nothing":                            (*trail).needsALimit,
		"pages by position and by offset are the whole, each event once":   (*trail).pagesAreTheWhole,
		"a position stays where it was while events are added":             (*trail).positionStays,
		"only events about the workspace are found":                        (*trail).byWorkspace,
		"only events of the actors are found":                              (*trail).byActor,
		"a prefix of the action is compared to the letter":                 (*trail).byAction,
		"nothing in a prefix is a wildcard":                                (*trail).noWildcards,
		"both ends of a span of time belong to it":                         (*trail).byTime,
		"a span of time that begins between two microseconds is not wider": (*trail).byFinerTime,
		"conditions add up":                                                (*trail).conditionsAddUp,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(&trail{T: t, store: open(t), now: time.Date(2026, 5, 6, 7, 8, 9, 10_000, time.UTC)})
		})
	}
}

// trail is the world of one case.
type trail struct {
	*testing.T
	store Audited
	now   time.Time
}

// add appends events. They happen at the same time unless one says otherwise.
func (w *trail) add(events ...event.Event) {
	w.Helper()
	if err := w.store.Events().Append(w.Context(), events...); err != nil {
		w.Fatal(err)
	}
}

// named makes an event.
func (w *trail) named(name string) event.Event { return event.New(name, "system", w.now, nil) }

// find returns what the query finds; without a limit it is a high one.
func (w *trail) find(q audit.Query) []event.Event {
	w.Helper()
	if q.Limit == 0 {
		q.Limit = 1000
	}
	found, err := w.store.Trail().Find(w.Context(), q)
	if err != nil {
		w.Fatalf("Find(%+v) = %v, want none", q, err)
	}
	return found
}

// finds wants a query to find events of these names, in any order.
func (w *trail) finds(q audit.Query, want ...string) {
	w.Helper()
	got := []string{}
	for _, e := range w.find(q) {
		got = append(got, e.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.Errorf("Find(%+v) = %q, want %q", q, got, want)
	}
}

func (w *trail) comesBackWhole() {
	plain := w.named("a.plain")
	full := event.New("b.full", "user:7", w.now.Add(time.Second), map[string]any{"it's": "a \"quote\" and a ?"}).
		In(uuid.Must(uuid.NewV7()), "subject").For("work")
	full.Role, full.Trace = "admin", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	w.add(plain, full)
	if diff := cmp.Diff([]event.Event{full, plain}, w.find(audit.Query{})); diff != "" {
		w.Errorf("Find() differs (-want +got):\n%s", diff)
	}
}

// three appends an old, a new and another old event, and returns them newest first.
func (w *trail) three() []event.Event {
	w.Helper()
	first, second, newest := w.named("first"), w.named("second"), w.named("newest")
	newest.Time = w.now.Add(time.Second)
	w.add(newest, first, second)
	if first.ID.String() < second.ID.String() {
		first, second = second, first
	}
	return []event.Event{newest, first, second}
}

func (w *trail) isNewestFirst() {
	want := w.three()
	if diff := cmp.Diff(want, w.find(audit.Query{})); diff != "" {
		w.Errorf("Find() differs (-want +got):\n%s", diff)
	}
}

func (w *trail) needsALimit() {
	w.three()
	for _, limit := range []int{0, -1} {
		if found, err := w.store.Trail().Find(w.Context(), audit.Query{Limit: limit}); err != nil || len(found) > 0 {
			w.Errorf("Find(limit %d) = %d events and %v, want none and none", limit, len(found), err)
		}
	}
}

func (w *trail) pagesAreTheWhole() {
	for i := range 7 {
		e := w.named("e")
		e.Time = w.now.Add(time.Duration(i/3) * time.Second) // ties cross the ends of pages
		w.add(e)
	}
	whole := w.find(audit.Query{})
	var byPosition, byOffset []event.Event
	for after := (audit.Position{}); ; after = audit.PositionOf(byPosition[len(byPosition)-1]) {
		page := w.find(audit.Query{After: after, Limit: 2})
		if len(page) == 0 {
			break
		}
		byPosition = append(byPosition, page...)
		byOffset = append(byOffset, w.find(audit.Query{Offset: len(byOffset), Limit: 2})...)
	}
	if diff := cmp.Diff(whole, byPosition); diff != "" || len(whole) != 7 {
		w.Errorf("pages by position differ from all %d (-want +got):\n%s", len(whole), diff)
	}
	if diff := cmp.Diff(whole, byOffset); diff != "" {
		w.Errorf("pages by offset differ (-want +got):\n%s", diff)
	}
}

func (w *trail) positionStays() {
	want := w.three()
	after := audit.PositionOf(want[0])
	late := w.named("late")
	late.Time = w.now.Add(time.Hour)
	w.add(late)
	if diff := cmp.Diff(want[1:], w.find(audit.Query{After: after})); diff != "" {
		w.Errorf("Find(after the newest) differs (-want +got):\n%s", diff)
	}
}

func (w *trail) byWorkspace() {
	here, there := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	w.add(w.named("here").In(here, "x"), w.named("there").In(there, "x"), w.named("nowhere"))
	w.finds(audit.Query{Workspace: here}, "here")
	w.finds(audit.Query{Workspace: uuid.Must(uuid.NewV7())})
	w.finds(audit.Query{}, "here", "there", "nowhere")
}

func (w *trail) byActor() {
	for _, actor := range []string{"user:7", "user:77", "service:7", "system", "anonymous"} {
		w.add(event.New(actor, actor, w.now, nil))
	}
	w.finds(audit.Query{Actors: []string{"user:7"}}, "user:7")
	w.finds(audit.Query{Actors: []string{"7", "user:7", "service:7"}}, "user:7", "service:7")
	w.finds(audit.Query{Actors: []string{"system"}}, "system")
	w.finds(audit.Query{Actors: []string{"user:%", "' OR 1=1 --", ""}})
}

func (w *trail) byAction() {
	w.add(w.named("workspace.create"), w.named("workspace.share"), w.named("Workspace.odd"), w.named("document.upload"))
	w.finds(audit.Query{ActionPrefix: "workspace."}, "workspace.create", "workspace.share")
	w.finds(audit.Query{ActionPrefix: "workspace.create"}, "workspace.create")
	w.finds(audit.Query{ActionPrefix: "workspace.create."})
	w.finds(audit.Query{ActionPrefix: "orkspace"})
}

func (w *trail) noWildcards() {
	w.add(w.named("a_b.c"), w.named("axb.c"), w.named("a%b.c"), w.named(`a\b.c`), w.named("añb.c"))
	w.finds(audit.Query{ActionPrefix: "a_b"}, "a_b.c")
	w.finds(audit.Query{ActionPrefix: "a%"}, "a%b.c")
	w.finds(audit.Query{ActionPrefix: "%"})
	w.finds(audit.Query{ActionPrefix: "*"})
	w.finds(audit.Query{ActionPrefix: `a\`}, `a\b.c`)
	w.finds(audit.Query{ActionPrefix: "añ"}, "añb.c")
}

func (w *trail) byTime() {
	for i, name := range []string{"zero", "one", "two"} {
		e := w.named(name)
		e.Time = w.now.Add(time.Duration(i) * time.Microsecond)
		w.add(e)
	}
	one := w.now.Add(time.Microsecond)
	w.finds(audit.Query{Start: one}, "one", "two")
	w.finds(audit.Query{End: one}, "zero", "one")
	w.finds(audit.Query{Start: one, End: one}, "one")
	w.finds(audit.Query{Start: one.In(time.FixedZone("", 3600)), End: one}, "one")
	w.finds(audit.Query{Start: w.now.Add(time.Hour)})
}

func (w *trail) byFinerTime() {
	w.add(w.named("now"))
	w.finds(audit.Query{Start: w.now.Add(time.Nanosecond)})
	w.finds(audit.Query{Start: w.now.Add(-time.Nanosecond), End: w.now.Add(time.Nanosecond)}, "now")
}

func (w *trail) conditionsAddUp() {
	here := uuid.Must(uuid.NewV7())
	mine := event.New("a.mine", "user:7", w.now, nil).In(here, "x")
	other := event.New("a.other", "user:8", w.now, nil).In(here, "x")
	elsewhere := event.New("a.elsewhere", "user:7", w.now, nil)
	late := event.New("a.late", "user:7", w.now.Add(time.Second), nil).In(here, "x")
	named := event.New("b.named", "user:7", w.now, nil).In(here, "x")
	w.add(mine, other, elsewhere, late, named)
	w.finds(audit.Query{Workspace: here, Actors: []string{"user:7"}, ActionPrefix: "a.", End: w.now}, "a.mine")
}
