// Package llm declares what the product needs from language models: vectors for texts, answers to prompts and an order
// for passages. It is a leaf; adapters implement it over the wire or offline.
package llm

import (
	"context"
	"fmt"
	"iter"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Vector is an embedding. Vectors of one Space have its dimension and unit length.
type Vector []float32

// Space names a set of vectors that may be compared with each other: one model, one version, one dimension.
type Space struct {
	Name      string  // stable, such as "offline-hash-1" or "gemini:text-embedding-004"
	Dimension int     // numbers per vector
	Weight    float64 // how much its ranking counts in fusion against lexical ranking, 0 to 1; 0 means 1
	Absolute  bool    // an inner product of 0 means nothing in common and 1 the same text; else only differences count
}

// ReasonDimension is the reason of an error about vectors of another dimension than the stored ones of their space.
const ReasonDimension = "space_dimension"

// Unfit is the error for a model that gives vectors of n numbers in the space, which has another dimension: fault.Unavailable with
// ReasonDimension, since only an operator can help, and not worth a retry at once.
func (s Space) Unfit(n int) error {
	cause := fmt.Errorf("%s gives vectors of %d numbers, not of %d", s.Name, n, s.Dimension)
	return fault.Unavailable.Wrap(cause, "another model answers in the place of the embedding model, and its vectors don't fit the stored "+
		"ones; an operator must bring the right one back or move to the new one").Because(ReasonDimension)
}

// Purpose says what a text is embedded for; some models treat the two differently.
type Purpose string

// The purposes.
const (
	ForDocument Purpose = "document"
	ForQuery    Purpose = "query"
)

// Embedder turns texts into vectors. It is safe for concurrent use.
type Embedder interface {
	// Space says which space the vectors belong to. It never changes.
	Space() Space
	// Embed returns one unit-length vector per text, in order. No text is blank. Errors of kind fault.Unavailable or
	// fault.Busy are worth a retry; others are not.
	Embed(ctx context.Context, p Purpose, texts []string) ([]Vector, error)
}

// Generator writes text. It is safe for concurrent use.
type Generator interface {
	// Model names the model, for traces and audits.
	Model() string
	// Generate streams an answer. The sequence ends after the first error; breaking out of it cancels the call. The last
	// piece carries the usage.
	Generate(ctx context.Context, r Request) iter.Seq2[Piece, error]
}

// Reranker scores passages against a query. It is safe for concurrent use.
type Reranker interface {
	// Model names the model, for traces.
	Model() string
	// Rerank returns one finite score per candidate, in their order; higher is better, the scale is the model's own. Candidates
	// come best first, as far as is known without the model; equal scores keep that order. Errors as those of Embedder.Embed.
	Rerank(ctx context.Context, query string, candidates []Candidate) ([]float64, error)
}

// Candidate is a passage that is to find its place among others.
type Candidate struct {
	Title    string   // of the document
	Headings []string // of the sections that the passage is in, the topmost first
	Text     string
	Score    float64 // by which the candidates are in order, 0 to 1; 1 is the best one's, unless all have 0
}

// Request is what to answer. A model over the wire reads Messages; a generator that is no language model reads the
// material that the messages were made from.
type Request struct {
	Messages  []Message
	MaxTokens int // upper limit of the answer; 0 leaves it to the model

	Question string    // what the user wants to know, self-contained
	Language string    // code of the language to answer in, such as "en"
	Passages []Passage // the evidence, in the order of its markers
}

// Role says who speaks.
type Role string

// The roles.
const (
	RoleSystem    Role = "system"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
)

// Message is one turn of a prompt.
type Message struct {
	Role Role
	Text string

	// Shared is how many bytes of Text, from its beginning, come again in requests that begin with the same messages: a provider that
	// remembers what it has read only when it is told to is told to. 0 means that nothing is known of such requests.
	Shared int
}

// Passage is a piece of evidence. Marker is the number by which the answer cites it, as in [3].
type Passage struct {
	Marker int
	Title  string
	Text   string
}

// Piece is a part of an answer as it streams in.
type Piece struct {
	Text  string
	Usage *Usage // only on the last piece, and only when the model reports it
	Cut   bool   // only on the last piece: the answer isn't complete, since it must not be longer, or the model can't make it so
}

// Usage counts tokens.
type Usage struct {
	InputTokens  int
	OutputTokens int
}
