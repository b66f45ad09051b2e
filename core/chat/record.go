package chat

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Record is what is kept of an answer for those who answer for the answers. It outlives the conversation, until Options.KeepRecords
// is over; when the user is forgotten, it loses who asked and all words, and when a document that the answer was made from is
// purged, the words of the answer.
type Record struct {
	ID           uuid.UUID // of the message
	Time         time.Time
	Workspace    workspace.ID
	Conversation uuid.UUID // zero when that is deleted
	Actor        string    // as in events; "anonymous" when the user is forgotten
	Query        string
	Searched     string // what was searched for
	Preview      string // the beginning of the answer
	Erased       bool   // words are gone
	Language     text.Language

	Evidence   bool
	Grounded   bool
	Suspicious bool // the question looks like prompt injection
	Refused    bool
	Sources    int // passages that the model read
	Citations  int
	Documents  []document.ID // that the passages are from, in order of their ids
	Confidence

	Model  string
	Prompt string
	Policy workspace.AnswerPolicy
	Usage  *llm.Usage // nil when the model reports none
	Timings

	Rating   Vote      // empty while nobody has rated the answer
	Feedback *Feedback // nil when there is none, or none any more
}

// Timings say where the time went.
type Timings struct {
	Rewriting, Searching, Generating, Took time.Duration
}

// Level is a degree of confidence.
type Level string

// The levels, of confidence from 0.8, from 0.5 and below that.
const (
	High   Level = "high"
	Medium Level = "medium"
	Low    Level = "low"
)

// Confidence says how much of an answer stands in the documents: the mean, over its sentences, of how much of each is covered
// by what it cites, where sentences that are not supported count for nothing.
type Confidence struct {
	Value    float64 // 0 to 1, in thousandths
	Level    Level
	Verify   bool // below 0.7, or made from fewer than two passages: somebody should look at it
	HighRisk bool // it claims something, and Level is Low or fewer than two passages were read, or the question looks like prompt injection
}

func confidence(a Answer, sentences []Sentence) Confidence {
	var c Confidence
	for _, s := range sentences {
		if s.Supported {
			c.Value += s.Score / float64(len(sentences))
		}
	}
	c.Value = float64(int(1000*c.Value+0.5)) / 1000
	switch {
	case c.Value >= 0.8:
		c.Level = High
	case c.Value >= 0.5:
		c.Level = Medium
	default:
		c.Level = Low
	}
	few := len(a.Sources) < 2
	c.Verify = c.Value < 0.7 || few
	c.HighRisk = a.Evidence && (c.Level == Low || few || a.Suspicious)
	return c
}

// previewLength is how much of an answer a Record shows, in characters.
const previewLength = 200

// record is what is kept of the answer.
func (t *turn) record(now time.Time) Record {
	a := t.answer
	preview := a.Text
	if short := shortened(preview, previewLength); short != preview {
		preview = short + "..."
	}
	return Record{
		ID: a.ID, Time: now, Workspace: t.scope.Workspace(), Conversation: a.Conversation, Actor: t.owner, Query: t.question,
		Searched: a.Rewrite.Query, Preview: preview, Language: a.Language, Evidence: a.Evidence, Grounded: a.Grounded, Refused: a.Refused, Suspicious: a.Suspicious,
		Sources: len(a.Sources), Citations: len(a.Citations), Documents: t.documents(), Confidence: confidence(a, t.sentences),
		Model: a.Model, Prompt: a.Prompt, Policy: a.Policy, Usage: a.Usage,
		Timings: Timings{Rewriting: a.Rewrite.Took, Searching: a.Trace.Took, Generating: a.Generating, Took: a.Took},
	}
}

// shortened is the beginning of a text, at most so many characters.
func shortened(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// RecordSearch chooses records; every condition that is set must hold. Its zero value means everything.
type RecordSearch struct {
	Workspace  workspace.ID // zero means any
	Actors     []string     // any of these, as in events; empty means anybody
	Level      Level        // empty means any
	Rating     Vote         // empty means any
	HighRisk   bool         // only those
	Verify     bool         // only those that somebody should look at
	Unanswered bool         // only those without evidence
	Start, End time.Time    // not before and not after; zero means no such limit
	After      Position     // only what comes after this place, by Record.Time
	Limit      int          // at most this many; Records returns none when it is 0
}

// Records returns what the search chooses, newest first. The actor needs the permission identity.AdminConfig, without limits to
// workspaces: what people ask is nobody else's business. fault.Invalid on the fields level, rating and start_at.
func (s *Service) Records(ctx context.Context, a identity.Actor, q RecordSearch) ([]Record, error) {
	switch {
	case !a.Can(identity.AdminConfig) || len(a.Workspaces) > 0:
		return nil, fault.Denied.Errorf("you may not read what others have asked")
	case q.Level != "" && !slices.Contains([]Level{High, Medium, Low}, q.Level):
		return nil, fault.Field("level", "must be high, medium or low")
	case q.Rating != "" && !slices.Contains(Votes(), q.Rating):
		return nil, fault.Field("rating", "must be up, down or neutral")
	case !q.Start.IsZero() && !q.End.IsZero() && q.Start.After(q.End):
		return nil, fault.Field("start_at", "must not be after end_at")
	}
	for _, actor := range q.Actors {
		if err := checkText("actor_id", actor, maxTitle); err != nil {
			return nil, err
		}
	}
	found, err := s.store.Records(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read records of answers: %w", err)
	}
	return found, nil
}

// exportPage is how many records an export holds in memory at once.
const exportPage = 500

// ExportRecords yields everything that the search chooses, newest first, whatever its limit. Errors as in Records; the first one
// ends it.
func (s *Service) ExportRecords(ctx context.Context, a identity.Actor, q RecordSearch) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		q.Limit = exportPage
		for {
			page, err := s.Records(ctx, a, q)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
			}
			if len(page) < exportPage {
				return
			}
			last := page[len(page)-1]
			q.After = Position{UpdatedAt: last.Time, ID: last.ID}
		}
	}
}

// Swept says what Sweep removed.
type Swept struct {
	Conversations int
	Records       int
}

// Sweep removes conversations and records that are older than the options let them become. It may be repeated and interrupted
// at any point.
func (s *Service) Sweep(ctx context.Context) (Swept, error) {
	var out Swept
	var err error
	now := s.opts.Now()
	if s.opts.KeepConversations > 0 {
		if out.Conversations, err = s.store.PruneConversations(ctx, now.Add(-s.opts.KeepConversations)); err != nil {
			return out, fmt.Errorf("remove old conversations: %w", err)
		}
	}
	if s.opts.KeepRecords > 0 {
		if out.Records, err = s.store.PruneRecords(ctx, now.Add(-s.opts.KeepRecords)); err != nil {
			return out, fmt.Errorf("remove old records of answers: %w", err)
		}
	}
	return out, nil
}
