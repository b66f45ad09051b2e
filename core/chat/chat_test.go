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
func world(t *testing.T, g llm.Generator, o ...chat.Options) (*core.App, workspace.ID) {
	t.Helper()
	var options core.Options
	if len(o) > 0 {
		options.Chat = o[0]
	}
	return worldAt(t, g, options)
}

// worldAt is world with all options.
func worldAt(t *testing.T, g llm.Generator, options core.Options) (*core.App, workspace.ID) {
	t.Helper()
	return worldOn(t, open(t), g, options)
}

// open opens an empty store.
func open(t *testing.T) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite::memory:", nil)
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// worldOn is worldAt on a store that the test has.
func worldOn(t *testing.T, store *sqlstore.Store, g llm.Generator, options core.Options) (*core.App, workspace.ID) {
	t.Helper()
	app, err := core.New(core.Ports{
		Store: store, Blobs: bucket.Memory(), Parser: parse.InProcess(parse.Options{}), Embedder: offline.NewEmbedder(), Generator: g,
	}, &options)
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
		{"white space of its own", []string{"Trains are\nbooked by  the travel desk. [1]"}, "Trains are\nbooked by  the travel desk. [1]", []string{"Trains are booked by the travel desk."}},
		{"a quotation that nobody wrote", []string{`It says "trains are booked by the night porter" [1].`}, `It says "trains are booked by the night porter".`, nil},
		{"a marker in the middle", []string{"According to [1], trains are booked by the travel desk."}, "According to [1], trains are booked by the travel desk.", []string{"Trains are booked by the travel desk."}},
		{"a marker inside a word", []string{"Trains[1]trains are [1", "]booked by the travel desk."}, "Trains[1]trains are [1]booked by the travel desk.", nil},
		{
			"markers without blanks around",
			[]string{"Trains are booked by the travel desk.[1] Flights need the approval of a director.[1]"},
			"Trains are booked by the travel desk.[1] Flights need the approval of a director.[1]",
			[]string{"Trains are booked by the travel desk.", "Flights need the approval of a director."},
		},
		{"a marker in other brackets", []string{"Trains are booked by the travel desk 【", "1】."}, "Trains are booked by the travel desk [1].", []string{"Trains are booked by the travel desk."}},
		{"NULs", []string{"Trains are booked\x00 by the travel desk [\x001]."}, "Trains are booked by the travel desk [1].", []string{"Trains are booked by the travel desk."}},
		{"something made up", []string{"Zebras juggle quietly [1]."}, "Zebras juggle quietly.", nil},
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

func TestAnAnswerOfNothingButMarkersIsNone(t *testing.T) {
	t.Parallel()
	app, ws := world(t, &scripted{pieces: []string{"[1]", "[1]", "."}})
	streamed := ""
	for p, err := range app.Chat.Stream(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books trains?"}) {
		must(t, err)
		streamed += p.Text
		if p.Done != nil && (p.Done.Evidence || p.Done.Text != streamed) {
			t.Errorf("the answer is %q with evidence %v, and %q was streamed", p.Done.Text, p.Done.Evidence, streamed)
		}
	}
	if !strings.HasPrefix(streamed, "There is not enough evidence") {
		t.Errorf("streamed %q", streamed)
	}
}

// endless says the same again and again, as models do that have lost their way.
type endless struct{ said int }

func (*endless) Model() string { return "endless" }

func (g *endless) Generate(context.Context, llm.Request) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) {
		for yield(llm.Piece{Text: strings.Repeat("la ", 1000)}, nil) {
			g.said++
		}
	}
}

func TestAnAnswerWithoutEndIsCut(t *testing.T) {
	t.Parallel()
	g := &endless{}
	a, _ := ask(t, g, "Who books trains?")
	if !a.Cut || g.said > 1000 || len(a.Text) < 1<<20 {
		t.Errorf("an answer of %d bytes, cut %v, after %d pieces", len(a.Text), a.Cut, g.said)
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

func TestThePolicyOfTheWorkspaceDecidesAboutUnsupportedSentences(t *testing.T) {
	t.Parallel()
	const mixed = "Trains are booked by the travel desk [1]. Zebras juggle quietly. A night in Lisbon may cost 190 euros [1]. A night in Lisbon may cost 140 euros [1]."
	for _, c := range []struct {
		policy    workspace.AnswerPolicy
		said      string
		text      string
		supported []bool
		refused   bool
	}{
		{workspace.AnswersAnnotated, mixed, mixed, []bool{true, false, false, true}, false},
		{workspace.AnswersUnchecked, mixed, mixed, nil, false},
		{workspace.AnswersStrict, mixed, "Trains are booked by the travel desk [1]. A night in Lisbon may cost 140 euros [1].", []bool{true, true}, false},
		{
			workspace.AnswersStrict, "1. Trains are booked by the travel desk.\n\n[1]\n2. Zebras juggle [1]\n3. A night in Lisbon may cost 140 euros [1]",
			"1. Trains are booked by the travel desk.\n\n[1]\n3. A night in Lisbon may cost 140 euros [1]",
			[]bool{true, true},
			false,
		},
		{workspace.AnswersStrict, "Zebras juggle quietly [1]. They do.", "There is not enough evidence", nil, true},
		{workspace.AnswersStrict, "Trains are booked. By the travel desk", "There is not enough evidence", nil, true},
	} {
		g := &scripted{pieces: strings.SplitAfter(c.said, " ")}
		app, ws := world(t, g)
		_, err := app.Workspaces.Update(t.Context(), identity.System, ws, workspace.Patch{Answers: &c.policy})
		must(t, err)
		var streamed strings.Builder
		for p, err := range app.Chat.Stream(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books trains? What may a night cost?"}) {
			must(t, err)
			streamed.WriteString(p.Text)
			if p.Done == nil {
				continue
			}
			a := p.Done
			if !strings.HasPrefix(a.Text, c.text) || streamed.String() != a.Text || a.Policy != c.policy {
				t.Errorf("%s: %q streamed as %q, want %q", c.policy, a.Text, streamed.String(), c.text)
			}
			if a.Refused != c.refused || a.Evidence == c.refused || a.Grounded == c.refused || c.refused && len(a.Citations) > 0 {
				t.Errorf("%s: refused %v, evidence %v, grounded %v", c.policy, a.Refused, a.Evidence, a.Grounded)
			}
			if len(a.Sentences) != len(c.supported) {
				t.Errorf("%s: sentences %+v, want %v", c.policy, a.Sentences, c.supported)
				continue
			}
			for i, s := range a.Sentences {
				if s.Supported != c.supported[i] {
					t.Errorf("%s: %q is supported: %v", c.policy, a.Text[s.Span.Start:s.Span.End], s.Supported)
				}
			}
		}
	}
}

func TestEveryPromptSpeaksBothLanguagesAndKnowsTheSentenceWithoutEvidence(t *testing.T) {
	t.Parallel()
	for _, version := range chat.PromptVersions() {
		g := &scripted{pieces: []string{"x"}}
		app, ws := world(t, g, chat.Options{PromptVersion: version})
		for question, want := range map[string]string{"Who books the trains of the company?": "There is not enough", "¿Quién compra los billetes de tren de la empresa?": "No hay evidencia"} {
			a, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws, Text: question})
			must(t, err)
			rules := g.asked[len(g.asked)-1].Messages[0].Text
			if !strings.Contains(rules, want) || strings.Contains(rules, "{") || a.Prompt != version {
				t.Errorf("prompt %s for %q, reported as %s:\n%s", version, question, a.Prompt, rules)
			}
		}
	}
	if _, err := core.New(core.Ports{
		Store: new(sqlstore.Store), Blobs: bucket.Memory(), Parser: parse.InProcess(parse.Options{}), Embedder: offline.NewEmbedder(), Generator: offline.NewGenerator(),
	}, &core.Options{Chat: chat.Options{PromptVersion: "v99"}}); err == nil || !strings.Contains(err.Error(), "v99") {
		t.Errorf("New with an unknown prompt = %v", err)
	}
}

func TestAPassageThatIsTooLongMakesRoomForSmallerOnes(t *testing.T) {
	t.Parallel()
	g := &scripted{pieces: []string{"x"}}
	app, ws := world(t, g, chat.Options{MaxContext: 100})
	for title, text := range map[string]string{
		"long":  strings.Repeat("The night porter books every submarine of the harbour. ", 4),
		"short": "The harbour has one submarine.",
	} {
		_, _, err := app.Documents.IngestText(t.Context(), identity.System, ws, document.TextDraft{Text: text, Details: document.Details{Title: title}})
		must(t, err)
	}
	a, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books every submarine of the harbour at night?"})
	must(t, err)
	if len(a.Sources) == 0 || a.Sources[0].Title != "short" || len(a.Trace.Lexical.Found) < 2 {
		t.Errorf("with room for the second passage only, the sources are %+v of %d found", a.Sources, len(a.Trace.Lexical.Found))
	}
	if a.Trace.Lexical.Found[0].Chunk == a.Sources[0].ID {
		t.Error("the passage that is too long was not the first, so nothing is proved")
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
