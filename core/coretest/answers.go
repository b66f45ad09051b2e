package coretest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// answerCases is about records of answers and feedback on them.
func answerCases() []contentCheck {
	return []contentCheck{
		{"a record comes back as it was written", recordRoundTrip},
		{"records are chosen by every condition, page by page", recordSearch},
		{"feedback is one, changeable, and noted in the record", feedbackLife},
		{"feedback is nobody else's, and only on answers", feedbackMeddling},
		{"a record outlives its conversation, without the feedback", recordOutlives},
		{"who is forgotten is not in the records any more, nor are their words", recordForget},
		{"a record without a conversation is a record like others", recordNoted},
		{"a deleted user's keys, requests, conversations and words go along", recordLeaving},
		{"a revoked key's requests go along", keyRevoked},
		{"a purged document takes the words of its records along", recordPurge},
		{"a record that comes after its document was purged has no words of the answer", recordLate},
		{"what is old is removed, what is not stays", recordPrune},
	}
}

// answered stores an exchange with a record that change has changed.
func (w *contentWorld) answered(from []document.ID, change func(e *chat.Exchange)) chat.Exchange {
	w.t.Helper()
	e := w.exchange(uuid.New(), "it's a question?")
	e.Documents = from
	e.Record = &chat.Record{
		ID: e.Messages[1].ID, Time: w.now, Workspace: w.ws.ID, Conversation: e.Conversation, Actor: asker, Query: "it's a question?",
		Searched: "a question", Preview: "Größe...", Language: text.Spanish, Evidence: true, Grounded: true, Sources: 3, Citations: 2,
		Documents: from, Confidence: chat.Confidence{Value: 0.123, Level: chat.Low, Verify: true, HighRisk: true},
		Model: "model", Prompt: "v1", Policy: workspace.AnswersStrict, Usage: &llm.Usage{InputTokens: 7, OutputTokens: 1},
		Timings: chat.Timings{Rewriting: 1000, Searching: 2 * time.Millisecond, Generating: time.Second, Took: time.Minute},
	}
	if change != nil {
		change(&e)
	}
	w.must(w.Conversations().Append(w.ctx(), w.all, e))
	return e
}

func (w *contentWorld) records(q chat.RecordSearch) []chat.Record {
	w.t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	got, err := w.Conversations().Records(w.ctx(), q)
	w.must(err)
	return got
}

func recordRoundTrip(t *testing.T, w *contentWorld) {
	a, b := w.put(w.draft("a")), w.put(w.draft("b"))
	from := []document.ID{a.ID, b.ID}
	if a.ID.String() > b.ID.String() {
		from = []document.ID{b.ID, a.ID}
	}
	e := w.answered(from, nil)
	bare := w.answered(nil, func(e *chat.Exchange) {
		e.Record.Time, e.Record.Usage, e.Record.Refused = w.now.Add(-time.Second), nil, true
		e.Record.Workspace = uuid.New() // the scope's counts
	})
	bare.Record.Workspace = w.ws.ID
	if diff := cmp.Diff([]chat.Record{*e.Record, *bare.Record}, w.records(chat.RecordSearch{})); diff != "" {
		t.Errorf("Records() differs (-want +got):\n%s", diff)
	}
}

func recordSearch(t *testing.T, w *contentWorld) {
	at := func(n int) func(*chat.Exchange) {
		return func(e *chat.Exchange) {
			r := e.Record
			r.Time, r.Preview = w.now.Add(time.Duration(n/2)*time.Second), fmt.Sprint(n)
			r.Evidence, r.HighRisk, r.Verify = n != 1, n == 2, n >= 3
			if n == 4 {
				e.Owner, r.Actor, r.Level = "user:2", "user:2", chat.High
			}
		}
	}
	for n := range 5 {
		w.answered(nil, at(n))
	}
	second := w.now.Add(time.Second)
	for what, c := range map[string]struct {
		q    chat.RecordSearch
		want int
	}{
		"everything": {chat.RecordSearch{}, 5}, "the workspace": {chat.RecordSearch{Workspace: w.ws.ID}, 5},
		"another workspace": {chat.RecordSearch{Workspace: uuid.New()}, 0}, "an actor": {chat.RecordSearch{Actors: []string{"user:2", "x"}}, 1},
		"a level": {chat.RecordSearch{Level: chat.High}, 1}, "high risk": {chat.RecordSearch{HighRisk: true}, 1},
		"to verify": {chat.RecordSearch{Verify: true}, 2}, "unanswered": {chat.RecordSearch{Unanswered: true}, 1},
		"a rating": {chat.RecordSearch{Rating: chat.VoteUp}, 0}, "a time": {chat.RecordSearch{Start: second, End: second}, 2},
		"two conditions": {chat.RecordSearch{HighRisk: true, Unanswered: true}, 0},
	} {
		if got := w.records(c.q); len(got) != c.want {
			t.Errorf("%s: %d records, want %d", what, len(got), c.want)
		}
	}
	var seen []uuid.UUID
	for q := (chat.RecordSearch{Limit: 2}); ; {
		page := w.records(q)
		for _, r := range page {
			seen = append(seen, r.ID)
		}
		if len(page) < q.Limit {
			break
		}
		q.After = chat.Position{UpdatedAt: page[1].Time, ID: page[1].ID}
	}
	var want []uuid.UUID
	for _, r := range w.records(chat.RecordSearch{}) {
		want = append(want, r.ID)
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("the pages differ from the whole (-want +got):\n%s", diff)
	}
	if none, err := w.Conversations().Records(w.ctx(), chat.RecordSearch{}); err != nil || len(none) != 0 {
		t.Errorf("Records with a limit of 0 = %d (%v), want none", len(none), err)
	}
}

func placeOf(w *contentWorld, e chat.Exchange) chat.Place {
	return chat.Place{Workspace: w.ws.ID, Conversation: e.Conversation, Message: e.Messages[1].ID}
}

func feedbackLife(t *testing.T, w *contentWorld) {
	e := w.answered(nil, nil)
	p := placeOf(w, e)
	_, err := w.Conversations().Rating(w.ctx(), w.all, asker, p)
	w.is("Rating before there is one", err, fault.NotFound)
	first := chat.Feedback{Vote: chat.VoteUp, Comment: "it's good", Tags: []string{"a", `"b"`}, CreatedAt: w.now, UpdatedAt: w.now}
	_, err = w.Conversations().Rate(w.ctx(), w.all, asker, p, first, w.event("rated"))
	w.must(err)
	later := w.now.Add(time.Hour)
	second := chat.Feedback{Vote: chat.VoteDown, Tags: []string{}, CreatedAt: later, UpdatedAt: later}
	got, err := w.Conversations().Rate(w.ctx(), w.all, asker, p, second, w.event("rated"))
	w.must(err)
	second.CreatedAt = w.now
	if diff := cmp.Diff(second, got); diff != "" {
		t.Errorf("Rate() again differs (-want +got):\n%s", diff)
	}
	read, err := w.Conversations().Rating(w.ctx(), w.all, asker, p)
	w.must(err)
	if diff := cmp.Diff(second, read); diff != "" {
		t.Errorf("Rating() differs (-want +got):\n%s", diff)
	}
	r := w.records(chat.RecordSearch{Rating: chat.VoteDown})
	if len(r) != 1 || r[0].Feedback == nil || r[0].Feedback.Vote != chat.VoteDown {
		t.Errorf("the record says %+v", r)
	}
	w.must(w.Conversations().Unrate(w.ctx(), w.all, asker, p))
	w.is("Unrate again", w.Conversations().Unrate(w.ctx(), w.all, asker, p), fault.NotFound)
	if r := w.records(chat.RecordSearch{}); len(r) != 1 || r[0].Rating != "" || r[0].Feedback != nil {
		t.Errorf("after taking it back the record says %+v", r)
	}
	if n := w.count("rated", event.Pending); n != 2 {
		t.Errorf("%d events were written, want 2", n)
	}
}

func feedbackMeddling(t *testing.T, w *contentWorld) {
	e, other := w.answered(nil, nil), w.answered(nil, nil)
	good := placeOf(w, e)
	question, elsewhere := good, good
	question.Message, elsewhere.Conversation = e.Messages[0].ID, other.Conversation
	away := w.scope(w.workspace("Away", w.owner), identity.System)
	for what, c := range map[string]struct {
		s     workspace.Scope
		owner string
		p     chat.Place
	}{
		"another owner": {w.all, "user:2", good}, "another workspace": {away, asker, good}, "the zero scope": {workspace.Scope{}, asker, good},
		"a question": {w.all, asker, question}, "another conversation": {w.all, asker, elsewhere}, "nothing": {w.all, asker, chat.Place{}},
	} {
		f := chat.Feedback{Vote: chat.VoteUp, CreatedAt: w.now, UpdatedAt: w.now}
		_, err := w.Conversations().Rate(w.ctx(), c.s, c.owner, c.p, f, w.event("meddled"))
		w.is("Rate by "+what, err, fault.NotFound)
		_, err = w.Conversations().Rating(w.ctx(), c.s, c.owner, c.p)
		w.is("Rating by "+what, err, fault.NotFound)
		w.is("Unrate by "+what, w.Conversations().Unrate(w.ctx(), c.s, c.owner, c.p, w.event("meddled")), fault.NotFound)
	}
	if n := w.count("meddled", event.Pending); n != 0 {
		t.Errorf("%d events were written, want none", n)
	}
}

func (w *contentWorld) rate(e chat.Exchange) {
	w.t.Helper()
	f := chat.Feedback{Vote: chat.VoteUp, Comment: "thanks", CreatedAt: w.now, UpdatedAt: w.now}
	_, err := w.Conversations().Rate(w.ctx(), w.all, asker, placeOf(w, e), f)
	w.must(err)
}

func recordOutlives(t *testing.T, w *contentWorld) {
	e := w.answered(nil, nil)
	w.rate(e)
	w.must(w.Conversations().Delete(w.ctx(), w.all, asker, e.Conversation))
	want := *e.Record
	want.Conversation, want.Rating = uuid.Nil, chat.VoteUp
	if diff := cmp.Diff([]chat.Record{want}, w.records(chat.RecordSearch{})); diff != "" {
		t.Errorf("Records() differs (-want +got):\n%s", diff)
	}
}

func recordForget(t *testing.T, w *contentWorld) {
	e := w.answered(nil, nil)
	w.rate(e)
	other := w.answered(nil, func(e *chat.Exchange) {
		e.Owner, e.Record.Actor, e.Record.Time = "user:2", "user:2", w.now.Add(-time.Second)
	})
	_, err := w.Conversations().Forget(w.ctx(), asker)
	w.must(err)
	want := *e.Record
	want.Conversation, want.Actor, want.Query, want.Searched, want.Preview, want.Erased = uuid.Nil, "anonymous", "", "", "", true
	want.Rating = chat.VoteUp
	if diff := cmp.Diff([]chat.Record{want, *other.Record}, w.records(chat.RecordSearch{})); diff != "" {
		t.Errorf("Records() differs (-want +got):\n%s", diff)
	}
}

func recordPurge(t *testing.T, w *contentWorld) {
	gone, stays := w.put(w.draft("gone")), w.put(w.draft("stays"))
	e := w.answered([]document.ID{gone.ID}, nil)
	other := w.answered([]document.ID{stays.ID}, func(e *chat.Exchange) { e.Record.Time = w.now.Add(-time.Second) })
	w.remove(gone.ID)
	_, err := w.Janitor().Purge(w.ctx(), w.ws.ID, gone.ID, w.now)
	w.must(err)
	want := *e.Record
	want.Preview, want.Erased = "", true
	if diff := cmp.Diff([]chat.Record{want, *other.Record}, w.records(chat.RecordSearch{})); diff != "" {
		t.Errorf("Records() differs (-want +got):\n%s", diff)
	}
}

func recordPrune(t *testing.T, w *contentWorld) {
	old := func(e *chat.Exchange) {
		at := w.now.Add(-time.Hour)
		e.Record.Time, e.Messages[0].Time, e.Messages[1].Time = at, at, at
	}
	w.answered(nil, old)
	w.answered(nil, old)
	kept := w.answered(nil, nil)
	if n, err := w.Conversations().PruneConversations(w.ctx(), w.now); err != nil || n != 2 {
		t.Errorf("PruneConversations() = %d, %v, want 2", n, err)
	}
	if got := w.records(chat.RecordSearch{}); len(got) != 3 {
		t.Errorf("%d records are left, want all 3", len(got))
	}
	if n, err := w.Conversations().PruneRecords(w.ctx(), w.now); err != nil || n != 2 {
		t.Errorf("PruneRecords() = %d, %v, want 2", n, err)
	}
	if got := w.messages(kept.Conversation, 9); len(got) != 2 {
		t.Errorf("the conversation that is not old has %d messages, want 2", len(got))
	}
}
