// Package document takes documents in, keeps them, and turns them into chunks that can be searched and cited.
//
// A document has a state and generations. A generation is the outcome of one run of the pipeline: normalised text, its
// chunks and their vectors. It becomes visible in one transaction that also retires the one before, so a reader sees the
// old document or the new one, never a mixture and never nothing.
package document

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// ID identifies a document.
type ID = uuid.UUID

// Status is where a document stands.
type Status string

// The states of a document.
const (
	Pending    Status = "PENDING"    // accepted, waiting for a worker
	Processing Status = "PROCESSING" // a worker is at it
	Ready      Status = "READY"      // its newest run is visible
	Failed     Status = "FAILED"     // its newest run failed for good; Failure says why
	Cancelled  Status = "CANCELLED"  // somebody stopped its newest run
)

// Statuses lists every status.
func Statuses() []Status { return []Status{Pending, Processing, Ready, Failed, Cancelled} }

// Document is what people put into a workspace. A document whose newest run failed or was cancelled keeps answering from
// the generation before, if there was one.
type Document struct {
	ID           ID
	Workspace    workspace.ID
	Title        string
	Source       string         // where it comes from, such as a URL; may be empty
	ExternalID   string         // the client's own name for it, unique among the live documents of the workspace; may be empty
	Metadata     map[string]any // a JSON object of the client's; never nil
	Tags         []string       // from Metadata["tags"]
	AllowedRoles []identity.Role
	Uploader     uuid.UUID // the user who brought it; zero when it was no user
	Parent       ID        // the document in whose file this one was, such as a message or an archive; zero for none
	Path         string    // where in the parent's file; with Parent, the name by which new content finds the document

	Original Original // the bytes
	Hash     string   // of the content, in the workspace; see ContentHash
	Run      int      // number of the newest run of the pipeline, from 1; a fencing token together with the lease
	Status   Status
	Failure  Failure // set while Status is Failed
	Progress
	Outcome

	CreatedAt time.Time
	UpdatedAt time.Time
	DeletedAt time.Time // zero while it lives
}

// Original is where a document's bytes are and what they are.
type Original struct {
	Name      string // as the client called it; data, never a path
	MediaType string // decided by content
	Key       string // of the blob
	Size      int64  // bytes
}

// Failure is why a run failed.
type Failure struct {
	Code string // stable, such as "encrypted" or "no_text"
	Text string // a sentence for the person who uploaded it, saying what to do

	Cause string // what went wrong, for operators; only a delivery that is given up keeps it
}

// Stage is a step of the pipeline.
type Stage string

// The stages, in their order.
const (
	StageQueued    Stage = "queued"
	StageParsing   Stage = "parsing"
	StageChunking  Stage = "chunking"
	StageContext   Stage = "context" // only where contexts are written
	StageEmbedding Stage = "embedding"
	StageIndexing  Stage = "indexing"
	StageDone      Stage = "done"
)

// Progress says how far the newest run is. Done and Total count pages while parsing, and chunks while contexts are written and
// while embedding; Total is 0 while it isn't known.
type Progress struct {
	Stage Stage
	Done  int
	Total int
}

// Outcome describes the visible generation. Its zero value says that there is none.
type Outcome struct {
	Generation int64 // number of the generation; 0 when none is visible
	Language   text.Language
	Pages      int // 0 where the format has none
	Chunks     int
	Properties map[string]string // what the file says about itself, and what reading it could not do; see Parsed
}

// Generation is what one run of the pipeline made of a document.
type Generation struct {
	Language text.Language
	Body     string // the normalised text
	Pages    []text.Page
	Chunks   []Chunk
	About    map[string]string // becomes the document's Properties
	Spaces   []llm.Space       // in each of which every chunk has an embedding
	Title    string            // the document's, as it was embedded with the chunks
}

// Chunk is a stretch of a generation's text that is searched and cited as one.
type Chunk struct {
	ID       uuid.UUID // the same for the same text in the same document; see ChunkID
	Ordinal  int       // place in the document, from 0
	Span     text.Span // bytes of the generation's Body
	Text     string    // Body[Start:End]
	PageFrom int       // 0 where the format has no pages
	PageTo   int
	RowFrom  int // row of a sheet or record of a file, from 1; 0 where there are none
	RowTo    int
	Headings []string  // path of section titles, the topmost first
	Section  text.Span // the section of the last of Headings, with those within it; zero where there is none
	Lead     string    // header of the table that the chunk begins inside; it is embedded and indexed with the chunk
	Context  string    // what a model wrote to place the chunk in its document; embedded and indexed with it, never shown as its text
	Embedded Hash      // key of its vector: hash of the text that was embedded
	Terms    []Term    // for lexical search

	ContextKey Hash // of what Context was asked for, see Context; zero where it wasn't
}

// Term is an analysed term of a chunk, with how often it occurs.
type Term struct {
	Text  string
	Count int
}

// Length is the number of terms in the chunk, repeated ones counted each time.
func (c Chunk) Length() int {
	n := 0
	for _, t := range c.Terms {
		n += t.Count
	}
	return n
}

// Hash is the SHA-256 of a text that was embedded.
type Hash [sha256.Size]byte

// HashText returns the key under which the vector of an embedded text is kept.
func HashText(s string) Hash { return sha256.Sum256([]byte(s)) }

// Embedding is a vector, keyed by the text it was made of.
type Embedding struct {
	Hash   Hash
	Vector llm.Vector
}

// Context is what a model wrote to place a chunk in its document, keyed by what it was asked for; "" when that was nothing that
// could be used.
type Context struct {
	Key  Hash
	Text string
}

// ChunkID returns the id of the n-th chunk (from 0) with this very text in a document. It depends on nothing else, so an
// unchanged chunk keeps its id from generation to generation.
func ChunkID(doc ID, chunkText string, n int) uuid.UUID {
	h := sha256.New()
	h.Write([]byte(chunkText))
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n)) //nolint:gosec // n counts chunks, never negative
	h.Write(b[:])
	return uuid.NewHash(sha256.New(), doc, h.Sum(nil), 8)
}
