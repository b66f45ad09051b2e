package chat

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Vote is what somebody thinks of an answer.
type Vote string

// The votes.
const (
	VoteUp      Vote = "up"
	VoteDown    Vote = "down"
	VoteNeutral Vote = "neutral"
)

// Votes lists them.
func Votes() []Vote { return []Vote{VoteUp, VoteDown, VoteNeutral} }

// Feedback is what whoever asked says about an answer; there is one for each answer at most.
type Feedback struct {
	Vote      Vote
	Comment   string
	Tags      []string // in order, each once
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Place names a message of a conversation.
type Place struct {
	Workspace    workspace.ID
	Conversation uuid.UUID
	Message      uuid.UUID
}

// What feedback may hold.
const (
	maxComment = 2000 // characters
	maxTags    = 20
	maxTag     = 50 // characters
)

// Rate gives feedback on an answer to the actor's own question, in the place of what they gave before. fault.Invalid on the
// fields vote, comment and tags; fault.NotFound when the actor has no such answer; other errors as in Conversation.
func (s *Service) Rate(ctx context.Context, a identity.Actor, p Place, f Feedback) (Feedback, error) {
	scope, err := s.conversing(ctx, a, p.Workspace)
	if err != nil {
		return Feedback{}, err
	}
	if f, err = f.checked(); err != nil {
		return Feedback{}, err
	}
	now := s.opts.Now()
	f.CreatedAt, f.UpdatedAt = now, now
	e := event.New("chat.feedback", a.String(), now, map[string]any{"vote": f.Vote, "tags": f.Tags}).In(p.Workspace, p.Message.String())
	return s.store.Rate(ctx, scope, a.String(), p, f, e)
}

// Rating returns the feedback that the actor gave. fault.NotFound when there is none; other errors as in Rate.
func (s *Service) Rating(ctx context.Context, a identity.Actor, p Place) (Feedback, error) {
	scope, err := s.conversing(ctx, a, p.Workspace)
	if err != nil {
		return Feedback{}, err
	}
	return s.store.Rating(ctx, scope, a.String(), p)
}

// Unrate takes feedback back. Errors as in Rating.
func (s *Service) Unrate(ctx context.Context, a identity.Actor, p Place) error {
	scope, err := s.conversing(ctx, a, p.Workspace)
	if err != nil {
		return err
	}
	e := event.New("chat.feedback.delete", a.String(), s.opts.Now(), nil).In(p.Workspace, p.Message.String())
	return s.store.Unrate(ctx, scope, a.String(), p, e)
}

// checked returns feedback as it is stored.
func (f Feedback) checked() (Feedback, error) {
	if !slices.Contains(Votes(), f.Vote) {
		return f, fault.Field("vote", "must be up, down or neutral")
	}
	f.Comment = strings.TrimSpace(f.Comment)
	if err := checkText("comment", f.Comment, maxComment); err != nil {
		return f, err
	}
	tags := []string{}
	for _, t := range f.Tags {
		if t = strings.TrimSpace(t); t == "" {
			return f, fault.Field("tags", "must not be blank")
		}
		if err := checkText("tags", t, maxTag); err != nil {
			return f, err
		}
		tags = append(tags, t)
	}
	slices.Sort(tags)
	if f.Tags = slices.Compact(tags); len(f.Tags) > maxTags {
		return f, fault.Field("tags", "are too many")
	}
	return f, nil
}

func checkText(field, text string, longest int) error {
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return fault.Field(field, "must be valid text")
	case utf8.RuneCountInString(text) > longest:
		return fault.Field(field, "is too long")
	}
	return nil
}
