package document

import (
	"context"
	"io"
	"time"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Store keeps documents for people: what they put in and what they see. It is safe for concurrent use.
type Store interface {
	// Create adds a document and writes the events with it. When the workspace has it already, nothing is written and the live
	// document that is there is returned with created false, whoever may see it. That is the one with the same ExternalID; if
	// there is none, or d has no ExternalID, it is one with the same Hash, for a d with an ExternalID only among those without.
	Create(ctx context.Context, d Document, events ...event.Event) (stored Document, created bool, err error)
	// Document returns one live document. fault.NotFound when the workspace has none with that id, fault.Denied when it has
	// and the scope doesn't see it.
	Document(ctx context.Context, s workspace.Scope, id ID) (Document, error)
	// List returns the live documents that the query chooses and the scope sees.
	List(ctx context.Context, s workspace.Scope, q Query) ([]Document, error)
	// Update reads a live document, lets change decide, and writes document and events in one transaction. An error of
	// change is returned as it is and leaves no trace. change must not call any port. Setting DeletedAt deletes: from the
	// commit on, no arm of retrieval finds the document. Outcome is not written. Errors as in Document.
	Update(ctx context.Context, s workspace.Scope, id ID, change func(d *Document) ([]event.Event, error)) (Document, error)
	// UpdateTree is Update for a document and, in the same transaction, for what came out of its file, however deep: also for what
	// is deleted and can be restored. change is called for the document first, and for every other after the one around it; the
	// scope must see the first alone. Of the others, those for which change returns no event are not written.
	UpdateTree(ctx context.Context, s workspace.Scope, id ID, change func(d *Document) ([]event.Event, error)) (Document, error)
	// Restore is Update for a document that is deleted and whose bytes are still there; it lives again, with its visible
	// generation, from the commit on. fault.NotFound when there is none such, fault.Denied when the scope doesn't see it,
	// fault.Conflict when a live document of the workspace has the same Hash.
	Restore(ctx context.Context, s workspace.Scope, id ID, change func(d *Document) ([]event.Event, error)) (Document, error)
	// Text returns the normalised text of the visible generation. fault.NotFound when there is none; errors as in Document.
	Text(ctx context.Context, s workspace.Scope, id ID) (text.Text, error)
}

// Query chooses documents for a list.
type Query struct {
	Text   string // case-insensitive substring of title, source, file name or metadata; empty means any
	Status Status // empty means any
	Tag    string // empty means any
	Parent ID     // only what came out of this document's file; zero means any
	Source string // exactly this one; empty means any
	// ExternalID is the client's name for a document, exactly; empty means any.
	ExternalID string
	// Deleted chooses the deleted documents that can be restored instead of the live ones.
	Deleted bool
	Sort    Sort
	After   Cursor // only what comes after this place
	Offset  int    // how many to pass over, for clients that count pages
	Limit   int    // at most this many
}

// Sort is an order of a list of documents. Ties break by id, in the same direction.
type Sort string

// The orders.
const (
	NewestFirst Sort = "created_at_desc"
	OldestFirst Sort = "created_at_asc"
	TitleUp     Sort = "title_asc"
	TitleDown   Sort = "title_desc"
)

// Cursor is a place in an ordered list: the last document of the page before. Its zero value is the start. Titles
// compare in lower case.
type Cursor struct {
	CreatedAt time.Time
	Title     string
	ID        ID
}

// Pipeline is what a worker needs to process documents. Every method that writes takes the lease under which the worker
// works and, in the same transaction, checks that it is still held: event.ErrLeaseLost otherwise. Methods that take a run
// also check that it is still the document's newest and neither cancelled nor deleted: ErrStopped otherwise. A failed check
// changes nothing. It is safe for concurrent use.
type Pipeline interface {
	// Start marks the document as Processing and returns it. ErrStopped also when the run is already Ready, or Failed for
	// another reason than ReasonExhausted.
	Start(ctx context.Context, l event.Lease, r Run, now time.Time) (Document, error)
	// Report stores progress.
	Report(ctx context.Context, l event.Lease, r Run, p Progress, now time.Time) error
	// Attach makes or changes the document of a file that was found at a path inside of the run's document: the live one with
	// this Parent and Path, or else a new one, which change finds without an ID. change sees the run's document as it is at that
	// moment, and decides as in Store.Update; where it returns no event, nothing is written.
	Attach(ctx context.Context, l event.Lease, r Run, path string, change func(around Document, d *Document) ([]event.Event, error)) error
	// Missing returns those of the hashes that have no embedding in the space, in order, each once.
	Missing(ctx context.Context, space llm.Space, hashes []Hash) ([]Hash, error)
	// SaveEmbeddings stores vectors; one that is there already is left alone. They are a checkpoint: no document shows them.
	// Embeddings that no chunk uses are removed some time later.
	SaveEmbeddings(ctx context.Context, space llm.Space, es []Embedding, now time.Time) error
	// Contexts returns the contexts that were written for chunks of the document: those of its visible generation, and those that
	// were saved since.
	Contexts(ctx context.Context, id ID) (map[Hash]string, error)
	// SaveContexts stores contexts for the run's document; one that is there already is left alone. They are a checkpoint: no
	// document shows them. They go at the next Switch, which stores those of its generation's chunks, or with the document.
	SaveContexts(ctx context.Context, l event.Lease, r Run, cs []Context, now time.Time) error
	// Switch stores a generation, makes it the visible one, retires the one before, marks the document as Ready and settles
	// the delivery, all at once. ErrNotEmbedded when a chunk has no embedding in one of the generation's spaces.
	Switch(ctx context.Context, l event.Lease, r Run, g Generation, now time.Time, events ...event.Event) error
	// Fail marks the document as Failed and settles the delivery, all at once. A generation that was visible stays so.
	Fail(ctx context.Context, l event.Lease, r Run, f Failure, now time.Time, events ...event.Event) error
	// GiveUp is Fail, but makes the delivery dead, with the failure's cause for operators.
	GiveUp(ctx context.Context, l event.Lease, r Run, f Failure, now time.Time, events ...event.Event) error
}

// Run names one run of the pipeline over one document.
type Run struct {
	Document  ID
	Workspace workspace.ID
	Number    int
}

// TermsOf analyses a chunk, of which Ordinal, Headings, Lead, Context and Text are set, of a document with this title.
type TermsOf func(title string, l text.Language, c Chunk) []Term

// Janitor removes what is no longer needed. Every method may be repeated and interrupted at any point. It is safe for
// concurrent use.
type Janitor interface {
	// Purge removes for good what is left of a deleted document: text, chunks, contexts, index entries and the embeddings that no
	// other chunk uses, and the words of all answers that were made from it; the row itself stays, stripped of its blob key,
	// which is returned ("" when there is none). fault.NotFound when there is no document of that id that was deleted at the
	// given time or before.
	Purge(ctx context.Context, ws workspace.ID, id ID, deletedBy time.Time) (blob string, err error)
	// Compact merges small parts of the workspace's index into larger ones and forgets what was retired. Results of searches don't change.
	Compact(ctx context.Context, ws workspace.ID) error
	// Reindex makes the workspace's index anew from what is stored of its documents, part by part while searches go on, and
	// says how many chunks it holds.
	Reindex(ctx context.Context, ws workspace.ID, terms TermsOf) (chunks int, err error)
	// Sweep removes embeddings that no chunk uses and that are older than before, and says how many.
	Sweep(ctx context.Context, before time.Time) (int, error)
	// BlobInUse reports whether a live or not yet purged document uses the blob.
	BlobInUse(ctx context.Context, key string) (bool, error)
}

// Spaces keeps the vectors of several models side by side, each model's in a space of its own. Chunks are all that are stored:
// also those of deleted documents that can be restored. It is safe for concurrent use.
type Spaces interface {
	// List returns the spaces by name.
	List(ctx context.Context) ([]SpaceState, error)
	// Lacking counts the chunks without a vector in the space, by workspace; one without any is left out.
	Lacking(ctx context.Context, space llm.Space) (map[workspace.ID]int, error)
	// Bare returns up to n chunks of a workspace without a vector in the space, in the order of their numbers, of those with a
	// greater number than after.
	Bare(ctx context.Context, ws workspace.ID, space llm.Space, after int64, n int) ([]BareChunk, error)
	// Use makes this space the one in which searches look, and writes the events with it. fault.Conflict, and nothing is changed,
	// when a chunk has no vector in it.
	Use(ctx context.Context, space llm.Space, events ...event.Event) error
	// Remove removes a space with its vectors, part by part while others write, and says how many there were. It may be interrupted
	// and repeated. fault.NotFound when there is none of that name, fault.Conflict when searches look in it.
	Remove(ctx context.Context, name string) (vectors int, err error)
}

// SpaceState is an embedding space and what is in it.
type SpaceState struct {
	Name      string
	Dimension int  // numbers per vector
	Serving   bool // whether it is marked as the one in which searches look
	Chunks    int  // stored ones, with a vector in the space or without
	Lacking   int  // of them, those without
}

// BareChunk is a chunk that has no vector in some space.
type BareChunk struct {
	Number  int64  // ascends with the age of generations
	Title   string // of its document, as it was embedded; empty when that isn't known
	Current string // the document's title now
	Chunk          // Headings, Lead, Context, Text and Embedded are set
}

// Blobs keeps the bytes of files. Keys are made by this package; they consist of lower-case letters, digits, '-' and '/'.
// It is safe for concurrent use.
type Blobs interface {
	// Put stores everything that r yields under the key and returns how many bytes that were. When it fails, or ctx ends,
	// nothing stays under the key. An error of r is returned as it is.
	Put(ctx context.Context, key, mediaType string, r io.Reader) (int64, error)
	// Open reads a blob. fault.NotFound when there is none. The caller closes it.
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete removes a blob; removing one that isn't there is no error.
	Delete(ctx context.Context, key string) error
	// Stale calls yield with the keys of blobs last written before the given time, until yield returns an error, which it returns.
	Stale(ctx context.Context, before time.Time, yield func(key string) error) error
}

// Linker is an optional ability of Blobs: to let clients fetch a blob from where it is kept, past this program.
type Linker interface {
	// Link returns an address under which whoever knows it may read the blob for a while, whether or not there is one; ""
	// when clients can't reach the store.
	Link(ctx context.Context, key string, l Link) (string, error)
}

// Link says how a blob is to be served under an address of its own.
type Link struct {
	Life        time.Duration // how long the address works
	MediaType   string
	Disposition string // the header Content-Disposition
}

// File is a file that is to be parsed.
type File struct {
	Name      string // as the user called it; a hint only
	MediaType string // as Sniff decided it
	Size      int64  // bytes
	Body      io.Reader
	Progress  func(done, total int) // pages read so far and pages in all (0: not known); may be nil
	// Attached takes a file that was found inside of this one, while Parse runs; an error of it ends Parse, which returns it as it
	// is. nil leaves such files out.
	Attached func(Attachment) error
}

// Attachment is a file inside of another, such as an entry of an archive or an attachment of a message.
type Attachment struct {
	Path      string // inside of the file around it; data, never a path to be opened
	MediaType string // what the file around it says, if anything; a hint only
	Data      []byte
}

// Parsed is the content of a file, in reading order.
type Parsed struct {
	Title      string            // from the file's own metadata; may be empty
	Metadata   map[string]string // author, created, language and the like; small and clean
	Pages      int               // 0 where the format has none
	EmptyPages []int             // pages without any text, such as scans
	Blocks     []text.Block
}

// Parser turns files into text. It is safe for concurrent use.
type Parser interface {
	// Sniff decides the media type of a file by its first bytes (up to 64 KiB), then its name; declared is the client's word,
	// a last hint. fault.Unsupported when the type isn't handled; the text lists those that are.
	Sniff(head []byte, name, declared string) (mediaType string, err error)
	// Parse reads a file. An error of kind Invalid, Unsupported or TooLarge is about the file and final; its Reason is one of the
	// Reason constants and its text tells a person what to do. Any other error is worth a retry.
	Parse(ctx context.Context, f File) (Parsed, error)
}

// Reasons for which a file can't be processed. A parser may add others.
const (
	ReasonCorrupt      = "corrupt"           // it can't be read as what it is
	ReasonEncrypted    = "encrypted"         // it needs a password
	ReasonNoText       = "no_text"           // there is nothing to read in it, such as in a scan
	ReasonTooManyPages = "too_many_pages"    // a limit
	ReasonTooLarge     = "too_large"         // a limit on bytes, packed or unpacked
	ReasonTimeout      = "timeout"           // reading took too long
	ReasonMemory       = "out_of_memory"     // reading took too much memory
	ReasonCrashed      = "crashed"           // the reader broke on it
	ReasonUnsupported  = "unsupported"       // it is of a type that isn't handled
	ReasonExhausted    = "retries_exhausted" // something that processing needs kept failing
)
