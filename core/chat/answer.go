package chat

import (
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Question is what an actor wants to know from a workspace.
type Question struct {
	Workspace    workspace.ID
	Text         string
	K            int       // how many chunks to read at most; 0 means what the workspace says, or else the search
	Conversation uuid.UUID // zero begins a new one; so does one that isn't the actor's
	Diverse      *bool     // prefer chunks that differ from each other; nil as above, and so in what follows
	Rerank       *bool     // let the reranker order the chunks
	Filter       retrieval.Filter
	History      []Message           // earlier messages that the caller keeps; 4,000 characters of each count; unless nil, Conversation has no effect and nothing is stored
	Guard        retrieval.Guard     // what becomes of sources that look like prompt injection; "" means the default
	Expand       retrieval.Expansion // what the model reads of the text around the chunks that were found; "" is retrieval.ExpandNone
	Room         int                 // with Expand, as in retrieval.Query
	MaxTokens    int                 // bounds the length of the answer, beside Options.MaxTokens; 0 means no further bound
	Wishes       string              // what the caller's program wants of tone, length and form; never above the rules, and cut at 4,000 characters
}

// Answer is what came out.
type Answer struct {
	ID           uuid.UUID // of its message in the conversation
	Text         string    // with markers such as [1] that Citations explains
	Language     text.Language
	Evidence     bool // false when the documents don't answer; Text says so, and there are no citations
	Grounded     bool // whether at least one citation supports the answer
	Suspicious   bool // the question, or the wishes with it, look like prompt injection; it is answered all the same
	Refused      bool // the model answered, but nothing of that could be shown under the policy; then there is no Evidence
	Citations    []Citation
	Sentences    []Sentence // of Text, each with what supports it; none under the policy workspace.AnswersUnchecked
	Policy       workspace.AnswerPolicy
	Sources      []retrieval.Hit // what the answer was made from; marker n is Sources[n-1]
	Conversation uuid.UUID
	Model        string
	Usage        *llm.Usage // nil when the model reports none
	Cut          bool       // the model stopped before the end, since the answer must not be longer
	Prompt       string     // version of the prompt
	Rewrite      Rewrite    // of the question, before it was searched for
	Trace        retrieval.Trace
	Generating   time.Duration // how long the model took, from the question to its last word
	Took         time.Duration // all of it
}

// Citation points at the text that supports a claim. Quote is, byte for byte, the stored text of the document at Span. In an old
// message it may be Withheld, because the document is deleted or its reader may not read it any more; then only Marker and
// Document are left.
type Citation struct {
	Marker   int
	Document document.ID
	Title    string
	Chunk    uuid.UUID // the best one of the source; with Question.Expand the quote may stand beside it
	Page     int       // on which the quote begins; 0 where the format has no pages
	Span     text.Span // bytes of the document's normalised text
	Quote    string
	Score    float64 // how much of the claim the quote covers, 0 to 1; 1 when the claim is the quote
	Withheld bool
}

// Sentence is a sentence of an answer. The sentences hold all of its text but for white space between them.
type Sentence struct {
	Span      text.Span // bytes of Answer.Text, with the markers that belong to the sentence
	Supported bool      // a citation covers at least half of its words, and the passages cited have all of its numbers
	Score     float64   // of its best citation; 0 without any
}

// Piece is a part of an answer as it streams: first one with Sources, then some with Text, then one with Done. Exactly one
// field is set, except that Sources may be empty in the first, and that Degraded comes with it.
type Piece struct {
	Sources  []retrieval.Hit
	Degraded []retrieval.Lack // what the search did without; usually nothing
	Text     string
	Done     *Answer
}
