package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
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
	// Rewriting says what becomes of questions that lean on the conversation before they are searched for. Defaults to
	// RewriteWords; RewriteModel is for generators that are language models.
	Rewriting Rewriting
	// PromptVersion is one of PromptVersions. Defaults to the first.
	PromptVersion string
	// ResumeWindow is how long an answer that was begun goes on while nobody listens to it, so that whoever lost the connection
	// can come back. Defaults to half a second; negative means that it ends at once.
	ResumeWindow time.Duration
	// ResumeKeep is how long an answer that is complete can be listened to. Defaults to one minute.
	ResumeKeep time.Duration
	// ResumeBuffer is how much of an answer is kept for those who come back, in bytes. Defaults to 1 MiB.
	ResumeBuffer int
	// KeepConversations is how long a conversation is kept that nobody goes on with. Defaults to for ever.
	KeepConversations time.Duration
	// KeepRecords is how long the record of an answer is kept. Defaults to for ever.
	KeepRecords time.Duration
	// MaxTokens bounds the length of an answer. Defaults to what the model allows.
	MaxTokens int
	// Observe is told every answer, and whether it was asked for piece by piece; it must be quick, and safe for concurrent use.
	// Defaults to nobody.
	Observe func(a Answer, streamed bool)
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
	c.ResumeWindow = cmp.Or(c.ResumeWindow, 500*time.Millisecond)
	if c.ResumeKeep <= 0 {
		c.ResumeKeep = time.Minute
	}
	if c.ResumeBuffer <= 0 {
		c.ResumeBuffer = 1 << 20
	}
	c.Rewriting = cmp.Or(c.Rewriting, RewriteWords)
	c.PromptVersion = cmp.Or(c.PromptVersion, PromptVersions()[0])
	return c
}

// Service answers questions. It is safe for concurrent use.
type Service struct {
	store      Store
	search     *retrieval.Service
	generator  llm.Generator
	workspaces *workspace.Service
	opts       Options
	runs       runs
}

// New makes a Service. An error means that the options name a prompt or a way of rewriting that doesn't exist.
func New(store Store, search *retrieval.Service, g llm.Generator, ws *workspace.Service, o *Options) (*Service, error) {
	opts := o.withDefaults()
	if !slices.Contains(PromptVersions(), opts.PromptVersion) {
		return nil, fmt.Errorf("there is no prompt %q; there are %s", opts.PromptVersion, strings.Join(PromptVersions(), ", "))
	}
	if !slices.Contains([]Rewriting{RewriteWords, RewriteModel, RewriteOff}, opts.Rewriting) {
		return nil, fmt.Errorf("there is no way %q of rewriting questions", opts.Rewriting)
	}
	return &Service{
		store: store, search: search, generator: g, workspaces: ws, opts: opts,
		runs: runs{window: opts.ResumeWindow, keep: opts.ResumeKeep, buffer: opts.ResumeBuffer, most: mostKept},
	}, nil
}

// Ask answers a question. What the search did without since a model is away, Trace.Degraded says. fault.Invalid on the field query
// when it is blank or too long, fault.Denied or fault.NotFound as in workspace.Service.Reading; an error of the model that answers
// as it is.
func (s *Service) Ask(ctx context.Context, a identity.Actor, q Question) (Answer, error) {
	if !a.Can(identity.QueryAsk) {
		return Answer{}, fault.Denied.Errorf("you may not ask questions")
	}
	for piece, err := range s.answer(ctx, a, q) {
		if err != nil {
			return Answer{}, err
		}
		if piece.Done != nil {
			s.told(*piece.Done, false)
			return *piece.Done, nil
		}
	}
	return Answer{}, errors.New("the answer ended too early")
}

// Stream answers a question piece by piece. Everything that can be refused is refused with the first element. Breaking out
// of the sequence cancels the model. What the actor may read is settled at the beginning; MayRead settles it again.
func (s *Service) Stream(ctx context.Context, a identity.Actor, q Question) iter.Seq2[Piece, error] {
	if !a.Can(identity.QueryStream) {
		return func(yield func(Piece, error) bool) {
			yield(Piece{}, fault.Denied.Errorf("you may not ask questions"))
		}
	}
	return func(yield func(Piece, error) bool) {
		for piece, err := range s.answer(ctx, a, q) {
			if piece.Done != nil {
				s.told(*piece.Done, true)
			}
			if !yield(piece, err) {
				return
			}
		}
	}
}

// told tells whoever observes.
func (s *Service) told(a Answer, streamed bool) {
	if s.opts.Observe != nil {
		s.opts.Observe(a, streamed)
	}
}

func (s *Service) answer(ctx context.Context, a identity.Actor, q Question) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		t, err := s.begin(ctx, a, q)
		if err != nil {
			yield(Piece{}, err)
			return
		}
		t.run(ctx, yield)
	}
}

// run makes the answer and yields its pieces.
func (t *turn) run(ctx context.Context, yield func(Piece, error) bool) {
	if !t.found {
		if err := t.find(ctx); err != nil {
			yield(Piece{}, err)
			return
		}
	}
	if !yield(Piece{Sources: t.answer.Sources, Degraded: t.answer.Trace.Degraded}, nil) || !t.generate(ctx, yield) {
		return
	}
	t.answer.Took = t.opts.Now().Sub(t.began)
	if err := t.remember(ctx); err != nil {
		yield(Piece{}, err)
		return
	}
	yield(Piece{Done: &t.answer}, nil)
}

// begin settles access and reads the conversation.
func (s *Service) begin(ctx context.Context, a identity.Actor, q Question) (*turn, error) {
	w, err := s.workspaces.Get(ctx, a, q.Workspace)
	if err != nil {
		return nil, err
	}
	scope, err := workspace.Reading(w, a)
	if err != nil {
		return nil, err
	}
	t := &turn{Service: s, scope: scope, settings: w.Retrieval, owner: a.String(), asked: q, question: strings.TrimSpace(q.Text), began: s.opts.Now()}
	t.answer = Answer{
		ID: uuid.Must(uuid.NewV7()), Model: s.generator.Model(), Prompt: s.opts.PromptVersion, Policy: w.Answers,
	}
	t.asked.Wishes = shortened(strings.TrimSpace(q.Wishes), mostWishes)
	return t, t.recall(ctx, q)
}

// find looks for the sources of the answer.
func (t *turn) find(ctx context.Context) error {
	if err := t.check(); err != nil {
		return err // before a model is asked to rewrite what can't be searched for
	}
	q := t.asked
	t.rewrite(ctx)
	found, err := t.search.Find(ctx, t.scope, retrieval.Query{
		Text: t.answer.Rewrite.Query, K: q.K, Diverse: q.Diverse, Rerank: q.Rerank, Filter: q.Filter, Guard: q.Guard, Workspace: t.settings,
		Expand: q.Expand, Room: q.Room,
	})
	if err != nil {
		return err
	}
	t.answer.Suspicious = t.search.Suspects(t.question) || t.search.Suspects(q.Wishes)
	t.answer.Trace = found.Trace
	t.answer.Sources = pack(sourcesOf(found), t.opts.MaxContext)
	t.answer.Language = t.languageOfAnswer()
	t.found = true
	return nil
}

// check returns the error with which the search would refuse the question.
func (t *turn) check() error {
	q := t.asked
	return t.search.Check(retrieval.Query{Text: t.question, K: q.K, Filter: q.Filter, Guard: q.Guard, Expand: q.Expand, Room: q.Room})
}

// rememberWithin is how long storing an answer may take when whoever asked has left already.
const rememberWithin = 10 * time.Second

// remember stores the exchange, or where the caller keeps the conversation its record alone, also when whoever asked leaves at this
// very moment: the answer is complete. Of somebody who was deleted or disabled meanwhile, and in a workspace that was archived,
// nothing is stored; of an answer in a conversation that was deleted, the record, as if it had been deleted a moment later.
func (t *turn) remember(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rememberWithin)
	defer cancel()
	record := t.record(t.opts.Now())
	err := t.keep(ctx, record)
	if t.goesOn && errors.Is(err, fault.NotFound) {
		err = t.store.Note(ctx, t.scope, record)
	}
	if errors.Is(err, ErrLeft) {
		return nil
	}
	return err
}

// keep stores the exchange, or its record alone.
func (t *turn) keep(ctx context.Context, record Record) error {
	if t.apart {
		return t.store.Note(ctx, t.scope, record)
	}
	return t.store.Append(ctx, t.scope, Exchange{
		Record:       &record,
		Conversation: t.answer.Conversation, Owner: t.owner, Title: titleOf(t.question), Continues: t.goesOn, Documents: t.documents(),
		Messages: []Message{
			{ID: uuid.Must(uuid.NewV7()), Role: llm.RoleUser, Text: t.question, Time: t.began},
			{ID: t.answer.ID, Role: llm.RoleAssistant, Text: t.answer.Text, Time: record.Time, Citations: t.answer.Citations},
		},
	})
}

// sourcesOf are the hits, or where the text around them was asked for the passages, each as its best hit. Spans and texts fit
// together either way, so that citations are exact.
func sourcesOf(found retrieval.Result) []retrieval.Hit {
	if found.Passages == nil {
		return found.Hits
	}
	out := make([]retrieval.Hit, len(found.Passages))
	for i, p := range found.Passages {
		h := found.Hits[p.Hits[0]]
		h.Span, h.Text, h.Pages, h.Verdict, h.Suspicious = p.Span, p.Text, p.Pages, p.Verdict, p.Suspicious
		if n := len(p.Pages); n > 0 {
			h.PageFrom, h.PageTo = p.Pages[0].Number, p.Pages[n-1].Number
		}
		out[i] = h
	}
	return out
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

// languageOfAnswer is the language to answer in: the question's, or where that is open, that of the questions before it, or
// else of the best source.
func (t *turn) languageOfAnswer() text.Language {
	for _, q := range append([]string{t.question}, t.questionsBefore()...) {
		if l := text.Detect(q); l != text.Simple {
			return l
		}
	}
	if len(t.answer.Sources) > 0 && t.answer.Sources[0].Language != text.Simple {
		return t.answer.Sources[0].Language
	}
	return text.English
}

// titleOf names a conversation after its first question.
func titleOf(question string) string {
	runes := []rune(text.Normalise(question))
	return string(runes[:min(len(runes), 80)])
}
