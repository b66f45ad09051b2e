package retrieval

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Index finds chunks. Every method sees only the visible generations of live documents that the scope sees; scope and
// filter work inside the search, so that k chunks come back whenever k exist. It is safe for concurrent use.
type Index interface {
	// Languages returns the languages of the workspace's chunks, the most frequent first.
	Languages(ctx context.Context, s workspace.Scope) ([]text.Language, error)
	// Lexical returns the best chunks by BM25, best first, ties by chunk id. Statistics are those of the workspace's chunks that the
	// scope sees, so that scores tell nothing of others. Chunks without any of the terms are not returned. A word with Prefix, and
	// one with Edits that is in no chunk that the scope sees, is Respelled by all terms that Looks accepts and that are in such chunks.
	Lexical(ctx context.Context, s workspace.Scope, q LexicalQuery) (Matches, error)
	// Dense returns the chunks with the greatest inner product with the query's vector, best first, ties by chunk id.
	// ErrNotServing when another space than the query's is the one in which searches look.
	Dense(ctx context.Context, s workspace.Scope, q DenseQuery) ([]Scored, error)
	// Serving returns the name of the space in which searches look; "" when none is marked, and the model's own it is.
	Serving(ctx context.Context) (string, error)
	// Chunks returns chunks by id, in no order; those that the scope doesn't see (any more) are left out.
	Chunks(ctx context.Context, s workspace.Scope, ids []uuid.UUID) ([]Chunk, error)
	// Stretches returns parts of texts, one for each reach, in order; the zero value for one whose generation the scope doesn't
	// see (any more).
	Stretches(ctx context.Context, s workspace.Scope, reaches []Reach) ([]Stretch, error)
	// Vectors returns the vectors of chunks in a space, keyed by chunk id; left out as in Chunks.
	Vectors(ctx context.Context, s workspace.Scope, space llm.Space, ids []uuid.UUID) (map[uuid.UUID]llm.Vector, error)
}

// ErrNotServing reports that searches look in another embedding space.
var ErrNotServing error = fault.Conflict.Errorf("searches look in another embedding space").Because("not_serving")

// LexicalQuery is what to look for by words.
type LexicalQuery struct {
	Terms  []TermGroup
	BM25   BM25
	Filter Filter
	K      int // how many at most
}

// TermGroup is one word of a query. Its alternatives are the forms under which the languages of the workspace index it;
// a chunk's count for the word is the sum over them, and the word's document frequency counts chunks with any of them.
type TermGroup struct {
	Alternatives []string // distinct
	Weight       float64  // how often the word stands in the query, less where its spelling is a guess
	Edits        int      // how many typing errors the word may have when no chunk has it as it is spelled, see text.Edits
	Prefix       string   // unless empty, the word also stands for all terms that begin so
}

// Matches is what was found by words.
type Matches struct {
	Scored []Scored
	Words  []TermGroup // the query's, in order, as they were looked up
}

// DenseQuery is what to look for by meaning.
type DenseQuery struct {
	Space  llm.Space
	Vector llm.Vector // of unit length
	Filter Filter
	K      int // how many at most
}

// Filter narrows a search. Its zero value lets everything pass; a filter that nothing matches gives an empty result.
type Filter struct {
	Documents  []document.ID     // any of these
	Tags       []string          // all of these
	MediaTypes []string          // any of these
	Sources    []string          // any of these, exactly
	Languages  []text.Language   // any of these
	Metadata   map[string]string // all of these top-level members, as strings
	From, To   time.Time         // created at or after, before
}

// Scored is a chunk as an arm of the search found it.
type Scored struct {
	Chunk uuid.UUID
	Score float64 // on the arm's own scale
}

// Chunk is a chunk with what is needed to show and cite it.
type Chunk struct {
	ID         uuid.UUID
	Document   document.ID
	Title      string // of the document
	Source     string // of the document
	Generation int64
	Ordinal    int
	Span       text.Span // bytes of the generation's normalised text
	Text       string
	PageFrom   int // 0 where the format has no pages
	PageTo     int
	RowFrom    int // row of a sheet or record of a file; 0 where there are none
	RowTo      int
	Headings   []string
	Section    text.Span // the section of the last of Headings, with those within it; zero where there is none, or it isn't known
	Language   text.Language
	Pages      []text.Page // the pages that the chunk touches, with spans of the normalised text
	Context    string      // what a model wrote to place the chunk in its document, by which it is found too; no part of the document
}

// Reach says which part of the text of a generation to read.
type Reach struct {
	Generation int64
	Ordinal    int       // of the chunk from which it goes out
	Beside     int       // how many chunks on either side it covers at most; 0 means that only Span bounds it
	Span       text.Span // bytes; what of it is outside of the text is not there
}

// Stretch is a part of the text of a generation.
type Stretch struct {
	Span  text.Span   // where it is: no character is cut at its ends
	Text  string      // byte for byte what is stored there
	Pages []text.Page // the pages that it touches, with spans of the whole text
}
