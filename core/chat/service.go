package chat

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Options are the settings of a Service; nil means defaults.
type Options struct {
	// Now tells the time. Defaults to time.Now in UTC.
	Now func() time.Time
	// MaxContext is how much text of the sources the model reads, in characters. Defaults to 12,000.
	MaxContext int
	// History is how many messages of a conversation the model reads. Defaults to 12.
	History int
	// MaxTokens bounds the length of an answer. Defaults to what the model allows.
	MaxTokens int
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Now == nil {
		c.Now = func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	}
	if c.MaxContext <= 0 {
		c.MaxContext = 12_000
	}
	if c.History <= 0 {
		c.History = 12
	}
	return c
}

// Service answers questions. It is safe for concurrent use.
type Service struct {
	store      Store
	search     *retrieval.Service
	generator  llm.Generator
	workspaces *workspace.Service
	opts       Options
}

// New makes a Service.
func New(store Store, search *retrieval.Service, g llm.Generator, ws *workspace.Service, o *Options) *Service {
	return &Service{store: store, search: search, generator: g, workspaces: ws, opts: o.withDefaults()}
}

// Ask answers a question. fault.Invalid on the field query when it is blank or too long, fault.Denied or fault.NotFound as in
// workspace.Service.Reading; an error of the model as it is.
func (s *Service) Ask(ctx context.Context, a identity.Actor, q Question) (Answer, error) {
	if !a.Can(identity.QueryAsk) {
		return Answer{}, fault.Denied.Errorf("you may not ask questions")
	}
	for piece, err := range s.answer(ctx, a, q) {
		if err != nil {
			return Answer{}, err
		}
		if piece.Done != nil {
			return *piece.Done, nil
		}
	}
	return Answer{}, errors.New("the answer ended too early")
}

// Stream answers a question piece by piece. Everything that can be refused is refused with the first element. Breaking out
// of the sequence cancels the model.
func (s *Service) Stream(ctx context.Context, a identity.Actor, q Question) iter.Seq2[Piece, error] {
	if !a.Can(identity.QueryStream) {
		return func(yield func(Piece, error) bool) {
			yield(Piece{}, fault.Denied.Errorf("you may not ask questions"))
		}
	}
	return s.answer(ctx, a, q)
}

func (s *Service) answer(ctx context.Context, a identity.Actor, q Question) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		t, err := s.begin(ctx, a, q)
		if err != nil {
			yield(Piece{}, err)
			return
		}
		if !yield(Piece{Sources: t.answer.Sources}, nil) {
			return
		}
		if !t.generate(ctx, yield) {
			return
		}
		if err := s.remember(ctx, t); err != nil {
			yield(Piece{}, err)
			return
		}
		yield(Piece{Done: &t.answer}, nil)
	}
}

// begin settles access, reads the conversation and finds the sources.
func (s *Service) begin(ctx context.Context, a identity.Actor, q Question) (*turn, error) {
	scope, err := s.workspaces.Reading(ctx, a, q.Workspace)
	if err != nil {
		return nil, err
	}
	if q.K == 0 {
		q.K = 5
	}
	t := &turn{Service: s, answer: Answer{ID: uuid.Must(uuid.NewV7())}, scope: scope, owner: a.String(), question: strings.TrimSpace(q.Text), began: s.opts.Now()}
	if err := t.recall(ctx, q.Conversation); err != nil {
		return nil, err
	}
	found, err := s.search.Find(ctx, scope, retrieval.Query{
		Text: t.question, K: q.K, Diverse: q.Diverse, Filter: q.Filter, Guard: q.Guard,
	})
	if err != nil {
		return nil, err
	}
	t.answer.Trace, t.answer.Model = found.Trace, s.generator.Model()
	t.answer.Sources = pack(found.Hits, s.opts.MaxContext)
	t.answer.Language = languageOf(t.question, t.answer.Sources)
	return t, nil
}

// remember stores the exchange.
func (s *Service) remember(ctx context.Context, t *turn) error {
	return s.store.Append(ctx, t.scope, Exchange{
		Conversation: t.answer.Conversation, Owner: t.owner, Title: titleOf(t.question), Documents: t.documents(),
		Messages: []Message{
			{ID: uuid.Must(uuid.NewV7()), Role: llm.RoleUser, Text: t.question, Time: t.began},
			{ID: t.answer.ID, Role: llm.RoleAssistant, Text: t.answer.Text, Time: s.opts.Now(), Citations: t.answer.Citations},
		},
	})
}

// pack keeps sources, in order, as long as they fit into the budget; one that doesn't fit is left out, smaller ones after it
// are not.
func pack(hits []retrieval.Hit, budget int) []retrieval.Hit {
	out := make([]retrieval.Hit, 0, len(hits))
	for _, h := range hits {
		if n := len([]rune(h.Text)); n <= budget {
			budget -= n
			out = append(out, h)
		}
	}
	return out
}

// languageOf is the language to answer in: the question's, or where that is open, that of the best source.
func languageOf(question string, sources []retrieval.Hit) text.Language {
	l := text.Detect(question)
	if l != text.Simple {
		return l
	}
	if len(sources) > 0 && sources[0].Language != text.Simple {
		return sources[0].Language
	}
	return text.English
}

// titleOf names a conversation after its first question.
func titleOf(question string) string {
	runes := []rune(text.Normalise(question))
	return string(runes[:min(len(runes), 80)])
}
