package chat

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

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
	owner    string
	question string
	history  []Message
	began    time.Time
	answer   Answer
}

// recall reads the conversation; one that is absent or somebody else's begins a new one.
func (t *turn) recall(ctx context.Context, id uuid.UUID) error {
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
	t.history, t.answer.Conversation = readable(history), id
	return nil
}

// readable leaves out answers that were erased, with their questions, and the end of an exchange whose beginning is missing.
func readable(history []Message) []Message {
	var out []Message
	for i := 0; i+1 < len(history); i++ {
		question, answer := history[i], history[i+1]
		if question.Role == llm.RoleUser && answer.Role == llm.RoleAssistant && !answer.Erased {
			out = append(out, question, answer)
		}
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
	var said strings.Builder
	markers := markerFilter{highest: len(t.answer.Sources)}
	for piece, err := range t.generator.Generate(ctx, t.request()) {
		if err != nil {
			yield(Piece{}, err)
			return false
		}
		if piece.Usage != nil {
			t.answer.Usage = piece.Usage
		}
		if !say(&said, markers.pass(piece.Text), yield) {
			return false
		}
	}
	if !say(&said, markers.rest(), yield) {
		return false
	}
	t.answer.Text = strings.TrimSpace(said.String())
	if t.answer.Text == "" {
		return t.decline(yield)
	}
	if t.answer.Text == noEvidence(t.answer.Language) {
		return true
	}
	t.answer.Evidence = true
	t.answer.Citations = cite(t.answer.Text, t.answer.Sources, t.answer.Language)
	t.answer.Grounded = len(t.answer.Citations) > 0
	return true
}

func say(said *strings.Builder, s string, yield func(Piece, error) bool) bool {
	if s == "" {
		return true
	}
	said.WriteString(s)
	return yield(Piece{Text: s}, nil)
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
		MaxTokens: t.opts.MaxTokens, Question: t.question, Language: string(t.answer.Language), Messages: t.messages(),
	}
	for i, h := range t.answer.Sources {
		r.Passages = append(r.Passages, llm.Passage{Marker: i + 1, Title: h.Title, Text: h.Text})
	}
	return r
}
