package chat

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// turn is one question on its way to an answer.
type turn struct {
	*Service
	scope    workspace.Scope
	settings workspace.Retrieval
	owner    string
	asked    Question
	question string
	history  []Message
	apart    bool // the caller keeps the conversation
	goesOn   bool // with a conversation that there was
	began    time.Time
	found    bool // the sources are there

	sentences []Sentence // of the answer, whatever the policy
	answer    Answer
}

// recall reads the conversation, unless the caller keeps it; one that is absent or somebody else's begins a new one.
func (t *turn) recall(ctx context.Context, q Question) error {
	if q.History != nil {
		t.apart, t.history = true, brief(q.History[max(0, len(q.History)-t.opts.History):])
		return nil
	}
	id := q.Conversation
	t.answer.Conversation = uuid.Must(uuid.NewV7())
	if id == uuid.Nil {
		return nil
	}
	history, err := t.store.Messages(ctx, t.scope, t.owner, id, MessagePage{Limit: t.opts.History})
	switch {
	case errors.Is(err, fault.NotFound):
		return nil
	case err != nil:
		return err
	}
	t.history, t.answer.Conversation, t.goesOn = brief(readable(history)), id, true
	return nil
}

// readable leaves out answers that were erased or are withheld, with their questions, and the end of an exchange whose beginning is missing.
func readable(history []Message) []Message {
	var out []Message
	for i := 0; i+1 < len(history); i++ {
		question, answer := history[i], history[i+1]
		if question.Role == llm.RoleUser && answer.Role == llm.RoleAssistant && !answer.Erased && !answer.Withheld {
			out = append(out, question, answer)
		}
	}
	return out
}

// mostOfMessage is how much of an earlier message the model reads, in characters.
const mostOfMessage = 4000

// brief returns messages as far as the model reads them.
func brief(history []Message) []Message {
	out := slices.Clone(history)
	for i := range out {
		out[i].Text = shortened(out[i].Text, mostOfMessage)
	}
	return out
}

// generate writes the answer and yields its text as it comes. It reports whether to go on.
func (t *turn) generate(ctx context.Context, yield func(Piece, error) bool) bool {
	if len(t.answer.Sources) == 0 {
		return t.decline(yield)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from := t.opts.Now()
	said := speech{yield: yield, held: t.answer.Policy == workspace.AnswersStrict}
	markers := newMarkerFilter(t.answer.Sources, t.answer.Language)
	for piece, err := range t.generator.Generate(ctx, t.request()) {
		if err != nil {
			yield(Piece{}, err)
			return false
		}
		t.used(piece.Usage)
		t.answer.Cut = t.answer.Cut || piece.Cut
		if !said.say(markers.pass(strings.ReplaceAll(piece.Text, "\x00", ""))) {
			return false
		}
		if said.text.Len() > longestAnswer {
			t.answer.Cut = true
			break
		}
	}
	t.answer.Generating = t.opts.Now().Sub(from)
	return said.say(markers.rest()) && t.judge(said.text.String(), yield)
}

// longestAnswer is how long an answer may be, in bytes, whatever the model allows: one that goes on and on is cut.
const longestAnswer = 1 << 20

// judge decides what becomes of what the model has said.
func (t *turn) judge(said string, yield func(Piece, error) bool) bool {
	a := &t.answer
	a.Text = strings.TrimSpace(said)
	switch {
	case saysNothing(a.Text):
		return t.decline(yield)
	case a.Text == noEvidence(a.Language):
		return a.Policy != workspace.AnswersStrict || yield(Piece{Text: a.Text}, nil)
	}
	a.Evidence = true
	cited := cite(a.Text, a.Sources, a.Language)
	if a.Policy == workspace.AnswersStrict {
		for kept := cited.supported(a.Text); kept != a.Text; kept = cited.supported(a.Text) { // without the rest, less may be supported
			a.Text, cited = kept, cite(kept, a.Sources, a.Language)
		}
		if a.Text == "" {
			a.Evidence, a.Refused = false, true
			return t.decline(yield)
		}
		if !yield(Piece{Text: a.Text}, nil) {
			return false
		}
	}
	a.Citations, a.Grounded = cited.citations, len(cited.citations) > 0
	t.sentences = cited.sentences
	if a.Policy != workspace.AnswersUnchecked {
		a.Sentences = cited.sentences
	}
	return true
}

// speech is what was said so far. What is held is not yielded, nor are markers before anything is said.
type speech struct {
	text  strings.Builder
	yield func(Piece, error) bool
	held  bool
	begun bool
}

func (s *speech) say(text string) bool {
	s.text.WriteString(text)
	if text == "" || s.held {
		return true
	}
	if !s.begun {
		if text = s.text.String(); saysNothing(text) {
			return true
		}
		s.begun = true
	}
	return s.yield(Piece{Text: text}, nil)
}

// saysNothing reports whether a text is nothing but markers, punctuation and white space.
func saysNothing(s string) bool {
	return strings.TrimFunc(unmarked(s), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }) == ""
}

// used adds up what the models have counted.
func (t *turn) used(u *llm.Usage) {
	if u == nil {
		return
	}
	sum := *u
	if t.answer.Usage != nil {
		sum.InputTokens += t.answer.Usage.InputTokens
		sum.OutputTokens += t.answer.Usage.OutputTokens
	}
	t.answer.Usage = &sum
}

// decline says honestly that the documents don't answer.
func (t *turn) decline(yield func(Piece, error) bool) bool {
	t.answer.Text = noEvidence(t.answer.Language)
	return yield(Piece{Text: t.answer.Text}, nil)
}

// documents are those that the model has read, whether or not the answer cites them.
func (t *turn) documents() []document.ID {
	var out []document.ID
	for _, h := range t.answer.Sources {
		if !slices.Contains(out, h.Document) {
			out = append(out, h.Document)
		}
	}
	return out
}

func (t *turn) request() llm.Request {
	r := llm.Request{
		MaxTokens: t.maxTokens(), Question: t.answer.Rewrite.Query, Language: string(t.answer.Language), Messages: t.messages(),
	}
	for i, h := range t.answer.Sources {
		r.Passages = append(r.Passages, llm.Passage{Marker: i + 1, Title: h.Title, Text: h.Text})
	}
	return r
}

// maxTokens is the lesser one of what the service and the caller allow; 0 when neither says anything.
func (t *turn) maxTokens() int {
	if asked := t.asked.MaxTokens; asked > 0 && (t.opts.MaxTokens <= 0 || asked < t.opts.MaxTokens) {
		return asked
	}
	return t.opts.MaxTokens
}
