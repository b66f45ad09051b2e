package chat_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// scripted is a generator that says what the test wants, in pieces, and remembers what it was asked.
type scripted struct {
	pieces  []string
	err     error
	asked   []llm.Request
	stopped bool
}

func (*scripted) Model() string { return "scripted" }

func (g *scripted) Generate(_ context.Context, r llm.Request) iter.Seq2[llm.Piece, error] {
	g.asked = append(g.asked, r)
	return func(yield func(llm.Piece, error) bool) {
		for _, p := range g.pieces {
			if !yield(llm.Piece{Text: p}, nil) {
				g.stopped = true
				return
			}
		}
		if g.err != nil {
			yield(llm.Piece{}, g.err)
		}
	}
}

const travel = "# Travel\n\nTrains are booked by the travel desk. Flights need the approval of a director.\n\n# Hotels\n\nA night in Lisbon may cost 140 euros.\n"

// world is an app with one workspace that holds one document about travel.
func world(t *testing.T, g llm.Generator) (*core.App, workspace.ID) {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite::memory:", nil)
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	app, err := core.New(core.Ports{
		Store: store, Blobs: bucket.Memory(), Parser: parse.InProcess(parse.Options{}), Embedder: offline.NewEmbedder(), Generator: g,
	}, nil)
	must(t, err)
	ws, err := app.Workspaces.Create(t.Context(), identity.System, workspace.Draft{Name: "Handbook"})
	must(t, err)
	_, _, err = app.Documents.Upload(t.Context(), identity.System, ws.ID,
		document.Incoming{Name: "travel.md", Body: strings.NewReader(travel)}, document.Details{})
	must(t, err)
	must(t, app.Drain(t.Context()))
	return app, ws.ID
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, g llm.Generator, question string) (chat.Answer, string) {
	t.Helper()
	app, ws := world(t, g)
	a, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws, Text: question})
	must(t, err)
	docs, _, err := app.Documents.List(t.Context(), identity.System, ws, document.Query{Limit: 1})
	must(t, err)
	stored, err := app.Documents.Text(t.Context(), identity.System, ws, docs[0].ID)
	must(t, err)
	return a, stored.Body
}

func TestWhateverAModelSaysACitationIsStoredText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		pieces []string
		text   string
		quotes []string
	}{
		{"a quotation", []string{"Trains are booked by the travel desk. [1]"}, "Trains are booked by the travel desk. [1]", []string{"Trains are booked by the travel desk."}},
		{"its own words", []string{"You book trains at the travel desk [1]."}, "You book trains at the travel desk [1].", []string{"Trains are booked by the travel desk."}},
		{"a marker that points nowhere", []string{"Trains are booked by the travel desk [7]."}, "Trains are booked by the travel desk.", nil},
		{"a marker cut into pieces", []string{"Trains are booked by the travel desk ", "[", "1", "]."}, "Trains are booked by the travel desk [1].", []string{"Trains are booked by the travel desk."}},
		{"something made up", []string{"Zebras juggle quietly [1]."}, "Zebras juggle quietly [1].", nil},
		{"no marker", []string{"Trains are booked by the travel desk."}, "Trains are booked by the travel desk.", nil},
		{"brackets that are no markers", []string{"See a[1]b and [note]."}, "See a[1]b and [note].", nil},
		{
			"the same twice",
			[]string{"Flights need the approval of a director [1]. Flights need the approval of a director [1]."},
			"Flights need the approval of a director [1]. Flights need the approval of a director [1].",
			[]string{"Flights need the approval of a director."},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, body := ask(t, &scripted{pieces: c.pieces}, "Who books trains and flights?")
			if a.Text != c.text {
				t.Errorf("answer %q, want %q", a.Text, c.text)
			}
			if len(a.Citations) != len(c.quotes) || a.Grounded != (len(c.quotes) > 0) {
				t.Fatalf("%d citations, grounded %v, want %d", len(a.Citations), a.Grounded, len(c.quotes))
			}
			for i, got := range a.Citations {
				if got.Quote != c.quotes[i] || body[got.Span.Start:got.Span.End] != got.Quote {
					t.Errorf("quote %q at %v of the stored text %q, want %q", got.Quote, got.Span, body[got.Span.Start:got.Span.End], c.quotes[i])
				}
			}
		})
	}
}

func TestWithoutEvidenceTheAnswerSaysSoInTheLanguageOfTheQuestion(t *testing.T) {
	t.Parallel()
	for question, want := range map[string]string{
		"What is the boiling point of tungsten?":         "There is not enough evidence",
		"¿Cuál es el punto de ebullición del tungsteno?": "No hay evidencia suficiente",
	} {
		a, _ := ask(t, offline.NewGenerator(), question)
		if !strings.HasPrefix(a.Text, want) || a.Evidence || a.Grounded || len(a.Citations) != 0 {
			t.Errorf("%s: %q, evidence %v", question, a.Text, a.Evidence)
		}
	}
}

func TestAnEmptyWorkspaceIsNotWorthAModelCall(t *testing.T) {
	t.Parallel()
	g := &scripted{pieces: []string{"anything"}}
	app, _ := world(t, g)
	empty, err := app.Workspaces.Create(t.Context(), identity.System, workspace.Draft{Name: "Empty"})
	must(t, err)
	a, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: empty.ID, Text: "Who books trains?"})
	must(t, err)
	if a.Evidence || len(g.asked) != 0 {
		t.Errorf("answer %q after %d calls of the model", a.Text, len(g.asked))
	}
}

func TestAConversationGoesOnForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	g := &scripted{pieces: []string{"The travel desk [1]."}}
	app, ws := world(t, g)
	person := func() identity.Actor {
		return identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Admin}
	}
	alice, bob := person(), person()
	first, err := app.Chat.Ask(t.Context(), alice, chat.Question{Workspace: ws, Text: "Who books trains?"})
	must(t, err)
	follow := chat.Question{Workspace: ws, Text: "And who approves flights?", Conversation: first.Conversation}
	second, err := app.Chat.Ask(t.Context(), alice, follow)
	must(t, err)
	if second.Conversation != first.Conversation || len(g.asked[1].Messages) != 4 {
		t.Errorf("the owner's second question came with %d messages in conversation %s", len(g.asked[1].Messages), second.Conversation)
	}
	stolen, err := app.Chat.Ask(t.Context(), bob, follow)
	must(t, err)
	if stolen.Conversation == first.Conversation || len(g.asked[2].Messages) != 2 {
		t.Errorf("somebody else's question came with %d messages", len(g.asked[2].Messages))
	}
}

func TestTextInAPassageStaysInsideItsFence(t *testing.T) {
	t.Parallel()
	g := &scripted{pieces: []string{"x"}}
	ask(t, g, "Who books trains?")
	user := g.asked[0].Messages[len(g.asked[0].Messages)-1].Text
	if n := strings.Count(user, "</passage-"); n != len(g.asked[0].Passages) {
		t.Errorf("%d closing fences for %d passages:\n%s", n, len(g.asked[0].Passages), user)
	}
	if !strings.HasSuffix(user, "Who books trains?") {
		t.Errorf("the question does not come last:\n%s", user)
	}
}

func TestBreakingOutOfAStreamStopsTheModel(t *testing.T) {
	t.Parallel()
	g := &scripted{pieces: []string{"one ", "two ", "three "}}
	app, ws := world(t, g)
	for p, err := range app.Chat.Stream(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books trains?"}) {
		must(t, err)
		if p.Text != "" {
			break
		}
	}
	if !g.stopped {
		t.Error("the model was not stopped")
	}
}

func TestWhatCannotBeAnsweredIsRefusedWithTheFirstElement(t *testing.T) {
	t.Parallel()
	app, ws := world(t, &scripted{})
	nobody := identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Employee}
	for name, c := range map[string]struct {
		actor identity.Actor
		q     chat.Question
		kind  fault.Kind
	}{
		"a blank question":     {identity.System, chat.Question{Workspace: ws, Text: "  "}, fault.Invalid},
		"a foreign workspace":  {nobody, chat.Question{Workspace: ws, Text: "x"}, fault.Denied},
		"no workspace":         {identity.System, chat.Question{Workspace: uuid.New(), Text: "x"}, fault.NotFound},
		"nobody":               {identity.Actor{}, chat.Question{Workspace: ws, Text: "x"}, fault.Denied},
		"too many passages":    {identity.System, chat.Question{Workspace: ws, Text: "x", K: 1000}, fault.Invalid},
		"a question of a book": {identity.System, chat.Question{Workspace: ws, Text: strings.Repeat("x", 2001)}, fault.Invalid},
	} {
		if _, err := app.Chat.Ask(t.Context(), c.actor, c.q); !errors.Is(err, c.kind) {
			t.Errorf("%s: Ask = %v, want %s", name, err, c.kind)
		}
		for _, err := range app.Chat.Stream(t.Context(), c.actor, c.q) {
			if !errors.Is(err, c.kind) {
				t.Errorf("%s: Stream begins with %v, want %s", name, err, c.kind)
			}
			break
		}
	}
}

func TestAModelThatFailsFailsTheAnswer(t *testing.T) {
	t.Parallel()
	app, ws := world(t, &scripted{pieces: []string{"half "}, err: fault.Unavailable.Errorf("the model is away")})
	_, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books trains?"})
	if !errors.Is(err, fault.Unavailable) {
		t.Errorf("Ask = %v, want unavailable", err)
	}
}
