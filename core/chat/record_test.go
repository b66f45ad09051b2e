package chat_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

func TestEveryAnswerLeavesARecordThatOnlyOperatorsRead(t *testing.T) {
	t.Parallel()
	g := &scripted{pieces: []string{"Trains are booked by the travel desk [1]. ", strings.Repeat("Zebras juggle quietly. ", 20)}}
	app, ws := world(t, g)
	person := identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Admin}
	a, err := app.Chat.Ask(t.Context(), person, chat.Question{Workspace: ws, Text: "Who books trains?"})
	must(t, err)
	found, err := app.Chat.Records(t.Context(), identity.System, chat.RecordSearch{Limit: 9})
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d records, want 1", len(found))
	}
	r := found[0]
	if r.ID != a.ID || r.Actor != person.String() || r.Query != "Who books trains?" || len([]rune(r.Preview)) != 203 || len(r.Documents) != 1 {
		t.Errorf("the record is %+v", r)
	}
	if r.Value < 0.04 || r.Value > 0.06 || r.Level != chat.Low || !r.Verify || !r.HighRisk || !r.Grounded || r.Citations != 1 {
		t.Errorf("one sentence of 21 is supported, and the record says %+v", r)
	}
	limited := identity.Actor{Kind: identity.ServiceActor, Permissions: []identity.Permission{identity.Everything}, Workspaces: []uuid.UUID{ws}}
	for name, who := range map[string]identity.Actor{
		"an employee": {Kind: identity.Person, User: uuid.New(), Role: identity.Employee}, "a limited key": limited, "nobody": {},
	} {
		if _, err := app.Chat.Records(t.Context(), who, chat.RecordSearch{Limit: 9}); !errors.Is(err, fault.Denied) {
			t.Errorf("%s: Records = %v, want %s", name, err, fault.Denied)
		}
		if _, err := app.Chat.Forget(t.Context(), who, person.User); !errors.Is(err, fault.Denied) {
			t.Errorf("%s: Forget = %v, want %s", name, err, fault.Denied)
		}
	}
	for name, q := range map[string]chat.RecordSearch{
		"level": {Level: "x"}, "rating": {Rating: "x"}, "start_at": {Start: time.Unix(2, 0), End: time.Unix(1, 0)}, "actor_id": {Actors: []string{"\xff"}},
	} {
		if _, err := app.Chat.Records(t.Context(), identity.System, q); !errors.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Field != name {
			t.Errorf("%s: Records = %v, want %s", name, err, fault.Invalid)
		}
	}
}

func TestAnHonestNoIsNoRisk(t *testing.T) {
	t.Parallel()
	app, ws := world(t, &scripted{})
	_, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books trains?"})
	must(t, err)
	found, err := app.Chat.Records(t.Context(), identity.System, chat.RecordSearch{Unanswered: true, Limit: 9})
	if must(t, err); len(found) != 1 || found[0].HighRisk || found[0].Value != 0 {
		t.Errorf("the records are %+v", found)
	}
}

func TestFeedbackIsChecked(t *testing.T) {
	t.Parallel()
	app, ws := world(t, &scripted{pieces: []string{"The travel desk [1]."}})
	a, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books trains?"})
	must(t, err)
	p := chat.Place{Workspace: ws, Conversation: a.Conversation, Message: a.ID}
	for name, f := range map[string]chat.Feedback{
		"vote": {Vote: "great"}, "comment": {Vote: chat.VoteUp, Comment: strings.Repeat("x", 2001)}, "tags": {Vote: chat.VoteUp, Tags: []string{" "}},
	} {
		if _, err := app.Chat.Rate(t.Context(), identity.System, p, f); !errors.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Field != name {
			t.Errorf("%s: Rate = %v, want %s", name, err, fault.Invalid)
		}
	}
	f, err := app.Chat.Rate(t.Context(), identity.System, p, chat.Feedback{Vote: chat.VoteDown, Comment: " wrong ", Tags: []string{"b", "a", "b "}})
	if must(t, err); f.Comment != "wrong" || strings.Join(f.Tags, " ") != "a b" {
		t.Errorf("Rate() = %+v, want it tidied up", f)
	}
}

func TestWhatIsOldIsSweptAwayAndNothingByDefault(t *testing.T) {
	t.Parallel()
	for keep, want := range map[time.Duration]chat.Swept{0: {}, time.Hour: {}, time.Minute: {Conversations: 1, Records: 1}} {
		clock := new(atomic.Int64)
		clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
		app, ws := worldAt(t, &scripted{pieces: []string{"x"}}, core.Options{
			Now: func() time.Time { return time.UnixMicro(clock.Load()).UTC() }, Chat: chat.Options{KeepRecords: keep, KeepConversations: keep},
		})
		_, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books trains?"})
		must(t, err)
		clock.Add((30 * time.Minute).Microseconds())
		swept, err := app.Chat.Sweep(t.Context())
		if must(t, err); swept != want {
			t.Errorf("half an hour later, Sweep() with %v = %+v, want %+v", keep, swept, want)
		}
	}
}
