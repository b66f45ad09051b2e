package chat

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
)

// Rewriting says how a question that leans on the conversation before it becomes one that can be searched for.
type Rewriting string

// The ways of rewriting.
const (
	// RewriteWords adds what the questions before it were about: no model is called.
	RewriteWords Rewriting = "words"
	// RewriteModel asks the model, and does as RewriteWords where that fails.
	RewriteModel Rewriting = "model"
	// RewriteOff searches for the question as it is.
	RewriteOff Rewriting = "off"
)

// Rewrite is what became of a question before it was searched for.
type Rewrite struct {
	Query   string    // what was searched for
	Applied bool      // whether Query is another than the question
	By      Rewriting // who made Query; empty when nobody did
	Reason  string    // stable code of why; see the constants
	Took    time.Duration
}

// Reasons of a Rewrite.
const (
	ReasonDisabled      = "feature_disabled"
	ReasonNoHistory     = "insufficient_history"
	ReasonSelfContained = "no_context_needed"
	ReasonUnchanged     = "no_change_needed"
	ReasonExpanded      = "context_expanded"
	ReasonInvalid       = "invalid_rewrite" // the model gave something that is no query; words were used
	ReasonModelFailed   = "model_failed"    // the model gave nothing; words were used
)

const (
	rewriteWindow  = 6               // messages that the model is shown
	rewriteCut     = 200             // characters of each
	rewriteTokens  = 150             // that the model may use
	rewriteLongest = 500             // characters of a query that the model may make
	rewriteTimeout = 5 * time.Second // after which nobody waits for the model any longer
	clearLength    = 50              // characters from which a question without signs of leaning is clear
	questionsBack  = 3               // questions whose words may be carried along
)

// rewrite makes the query to search for.
func (t *turn) rewrite(ctx context.Context) {
	from := t.opts.Now()
	r := &t.answer.Rewrite
	r.Query = t.question
	switch {
	case t.opts.Rewriting == RewriteOff:
		r.Reason = ReasonDisabled
	case len(t.history) == 0:
		r.Reason = ReasonNoHistory
	case t.mayAskModel():
		t.rewriteByModel(ctx)
	default:
		r.Reason = t.rewriteByWords()
	}
	r.Took = t.opts.Now().Sub(from)
}

// mayAskModel reports whether the model is there to rewrite and the question may need it.
func (t *turn) mayAskModel() bool {
	return t.opts.Rewriting == RewriteModel && len(t.history) > 0 &&
		(utf8.RuneCountInString(t.question) < clearLength || leans(t.question, t.languageBefore()))
}

// rewriteByModel asks the model for a query that needs no conversation.
func (t *turn) rewriteByModel(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, rewriteTimeout)
	defer cancel()
	var said strings.Builder
	var failed bool
	for piece, err := range t.generator.Generate(ctx, t.rewriteRequest()) {
		if err != nil {
			failed = true
			break
		}
		t.used(piece.Usage)
		if said.WriteString(piece.Text); said.Len() > 8*rewriteLongest {
			break
		}
	}
	query := strings.Trim(strings.TrimSpace(said.String()), `"«»“”`)
	r := &t.answer.Rewrite
	switch {
	case failed:
		t.rewriteByWords()
		r.Reason = ReasonModelFailed
	case query == "" || strings.ContainsAny(query, "\n\x00") || !utf8.ValidString(query) || utf8.RuneCountInString(query) > rewriteLongest:
		t.rewriteByWords()
		r.Reason = ReasonInvalid
	case strings.EqualFold(query, t.question):
		r.Reason = ReasonUnchanged
	default:
		r.Query, r.Applied, r.By, r.Reason = query, true, RewriteModel, ReasonExpanded
	}
}

func (t *turn) rewriteRequest() llm.Request {
	l := t.languageBefore()
	var b strings.Builder
	for _, m := range t.history[max(0, len(t.history)-rewriteWindow):] {
		line := []rune(oneLine(m.Text))
		b.WriteString(string(m.Role) + ": " + string(line[:min(len(line), rewriteCut)]) + "\n")
	}
	b.WriteString("\n" + t.question)
	return llm.Request{
		MaxTokens: rewriteTokens, Question: t.question, Language: string(l),
		Messages: []llm.Message{{Role: llm.RoleSystem, Text: promptFile("rewrite_"+rewriteVersion, l)}, {Role: llm.RoleUser, Text: b.String()}},
	}
}

// rewriteByWords adds to a question that leans on the conversation what the questions before it were about, and returns the
// reason. A question leans when it goes on with a connective ("And in Norway?"), stands in words for something that was
// named before ("When do they expire?"), or says too little to be searched for ("How much?"). What it goes on from is the
// question before; where that leans itself, also the one before it. Of "… in London?", "And in Norway?" replaces London,
// because both stand after the same preposition.
func (t *turn) rewriteByWords() (reason string) {
	l := t.languageBefore()
	if !leans(t.question, l) {
		return ReasonSelfContained
	}
	have := termSet(t.question, l)
	query := t.question
	for i, question := range t.questionsBefore() {
		if i > 0 && !leans(t.questionsBefore()[i-1], l) {
			break
		}
		for _, word := range carried(question, t.question, l) {
			if !have[word.Term] {
				have[word.Term] = true
				query += " " + question[word.Start:word.End]
			}
		}
	}
	r := &t.answer.Rewrite
	if query == t.question {
		return ReasonUnchanged
	}
	r.Query, r.Applied, r.By = query, true, RewriteWords
	return ReasonExpanded
}

// questionsBefore are the last questions of the conversation, the newest first.
func (t *turn) questionsBefore() []string {
	var out []string
	for _, m := range slices.Backward(t.history) {
		if m.Role == llm.RoleUser && len(out) < questionsBack {
			out = append(out, m.Text)
		}
	}
	return out
}

// languageBefore is the language of the question; where that is too short to tell, of the ones before it.
func (t *turn) languageBefore() text.Language {
	for _, q := range append([]string{t.question}, t.questionsBefore()...) {
		if l := text.Detect(q); l != text.Simple {
			return l
		}
	}
	return text.English
}
