package document

import (
	"context"
	"io"
	"time"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/guard"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Topics of the events that documents need something to react to.
const (
	TopicIngest = "document.ingest" // run the pipeline: Service.Ingest
	TopicPurge  = "document.purge"  // remove what is left of a deleted document: Service.Purge
	TopicFill   = "space.fill"      // embed stored texts with another model: Service.Fill
)

// Ports is what a Service needs.
type Ports struct {
	Store    Store
	Pipeline Pipeline
	Janitor  Janitor
	Blobs    Blobs
	Parser   Parser
	Spaces   Spaces
	Models   []llm.Embedder // every document is embedded with each; at least one
	Events   event.Log
	Backlog  event.Backlog

	ContextWriter ContextWriter // nil: chunks get no contexts
}

// Options are the settings of a Service; nil means defaults.
type Options struct {
	// Now tells the time. Defaults to time.Now in UTC.
	Now func() time.Time
	// Chunks says how documents are cut. Defaults to 900 characters with an overlap of 120.
	Chunks text.Options
	// TitleWeight is how many times a word in the title or a heading counts as one in the text does, when documents are found by
	// words; negative: not at all. Defaults to 1. It works on what is indexed from then on, see Service.Reindex.
	TitleWeight int
	// MaxUpload is the largest file, in bytes. Defaults to 25 MiB.
	MaxUpload int64
	// MaxText is the longest text to ingest, in characters. Defaults to 100,000.
	MaxText int
	// MaxTitle is the longest title, in characters. Defaults to 200.
	MaxTitle int
	// MaxSource is the longest source, in characters. Defaults to 500.
	MaxSource int
	// EmbedBatch is how many texts go to the embedder at once. Defaults to 64.
	EmbedBatch int
	// Contexts are the settings of writing contexts of chunks, which takes Ports.ContextWriter.
	Contexts ContextOptions
	// LinkLife is how long the addresses work that Service.Link returns. Defaults to 0: there are none.
	LinkLife time.Duration
	// RestoreWindow is for how long a deleted document can be restored before it is removed for good; negative: not at all.
	// Defaults to 24 hours.
	RestoreWindow time.Duration
	// Chunked is told how long it took to cut a document into chunks and to analyse them. Defaults to nobody.
	Chunked func(took time.Duration)
	// InlineLease is how long a text may take to be processed while its client waits. Defaults to one minute.
	InlineLease time.Duration
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Now == nil {
		c.Now = func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	}
	if c.MaxUpload <= 0 {
		c.MaxUpload = 25 << 20
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&c.MaxText, 100_000}, {&c.MaxTitle, 200}, {&c.MaxSource, 500}, {&c.EmbedBatch, 64}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if c.TitleWeight == 0 {
		c.TitleWeight = 1
	}
	c.TitleWeight = max(c.TitleWeight, 0)
	c.Contexts = c.Contexts.withDefaults()
	if c.RestoreWindow == 0 {
		c.RestoreWindow = 24 * time.Hour
	}
	if c.Chunked == nil {
		c.Chunked = func(time.Duration) {}
	}
	if c.InlineLease <= 0 {
		c.InlineLease = time.Minute
	}
	return c
}

// Service holds the use cases of documents. It is safe for concurrent use.
type Service struct {
	ports      Ports
	workspaces *workspace.Service
	opts       Options
	detector   *guard.Detector // of what contexts must not contain; nil where none are written
}

// New makes a Service. fault.Invalid when the options contradict each other.
func New(p Ports, workspaces *workspace.Service, o *Options) (*Service, error) {
	s := &Service{ports: p, workspaces: workspaces, opts: o.withDefaults()}
	if p.ContextWriter != nil {
		s.detector = guard.New()
	}
	return s, s.opts.Chunks.Validate()
}

// reading and writing settle who may do what, and in which scope.
func (s *Service) reading(ctx context.Context, a identity.Actor, ws workspace.ID) (workspace.Scope, error) {
	if !a.Can(identity.DocumentsRead) {
		return workspace.Scope{}, fault.Denied.Errorf("you may not read documents")
	}
	return s.workspaces.Reading(ctx, a, ws)
}

func (s *Service) writing(ctx context.Context, a identity.Actor, ws workspace.ID, p identity.Permission) (workspace.Scope, error) {
	if !a.Can(p) {
		return workspace.Scope{}, fault.Denied.Errorf("you may not change documents")
	}
	return s.workspaces.Writing(ctx, a, ws)
}

// Get returns a document. fault.NotFound when there is none, fault.Denied when the actor may not see it.
func (s *Service) Get(ctx context.Context, a identity.Actor, ws workspace.ID, id ID) (Document, error) {
	scope, err := s.reading(ctx, a, ws)
	if err != nil {
		return Document{}, err
	}
	return s.ports.Store.Document(ctx, scope, id)
}

// List returns the documents that the query chooses, and whether there are more after them. fault.Invalid on the fields q, tag
// and cursor when they are no valid text. Deleted documents are shown to those who may delete.
func (s *Service) List(ctx context.Context, a identity.Actor, ws workspace.ID, q Query) (docs []Document, more bool, err error) {
	scope, err := s.reading(ctx, a, ws)
	if err == nil && q.Deleted {
		scope, err = s.writing(ctx, a, ws, identity.DocumentsDelete)
	}
	if err != nil {
		return nil, false, err
	}
	if err := q.check(); err != nil {
		return nil, false, err
	}
	limit := q.Limit
	q.Limit++
	docs, err = s.ports.Store.List(ctx, scope, q)
	if err != nil || len(docs) <= limit {
		return docs, false, err
	}
	return docs[:limit], true, nil
}

// Text returns the normalised text in which citations are spans. Errors as in Get; fault.NotFound also when nothing of the
// document is visible yet.
func (s *Service) Text(ctx context.Context, a identity.Actor, ws workspace.ID, id ID) (text.Text, error) {
	scope, err := s.reading(ctx, a, ws)
	if err != nil {
		return text.Text{}, err
	}
	return s.ports.Store.Text(ctx, scope, id)
}

// Open returns a document with its original bytes. The caller closes them. Errors as in Get.
func (s *Service) Open(ctx context.Context, a identity.Actor, ws workspace.ID, id ID) (Document, io.ReadCloser, error) {
	d, err := s.Get(ctx, a, ws, id)
	if err != nil {
		return Document{}, nil, err
	}
	r, err := s.ports.Blobs.Open(ctx, d.Original.Key)
	return d, r, err
}

// Link returns an address under which whoever knows it may fetch the original for Options.LinkLife, as a file to save under
// the Content-Disposition that disposition returns. It is "" when the blob store has no such addresses or they are switched
// off: then Open is the way. Errors as in Get.
func (s *Service) Link(
	ctx context.Context, a identity.Actor, ws workspace.ID, id ID, disposition func(Document) string,
) (string, error) {
	linker, ok := s.ports.Blobs.(Linker)
	if !ok || s.opts.LinkLife <= 0 {
		return "", nil
	}
	d, err := s.Get(ctx, a, ws, id)
	if err != nil {
		return "", err
	}
	return linker.Link(ctx, d.Original.Key, Link{
		Life: s.opts.LinkLife, MediaType: d.Original.MediaType, Disposition: disposition(d),
	})
}

// Describe changes what a client said about a document. Metadata, and with it who may see the document, is handed down to what
// came out of its file, all at once; see inherit.
func (s *Service) Describe(ctx context.Context, a identity.Actor, ws workspace.ID, id ID, p DetailsPatch) (Document, error) {
	t := target{workspace: ws, document: id, permission: identity.DocumentsCreate, tree: p.Metadata != nil}
	return s.change(ctx, a, t, func(d *Document, now time.Time) ([]event.Event, error) {
		changed, err := p.apply(s, d)
		if err != nil {
			return nil, err
		}
		return []event.Event{a.Event("document.update", now, map[string]any{"changed": changed})}, nil
	})
}

// Delete deletes a document with all that came out of its file: from now on they answer nothing. They can be restored for a
// while; then deliveries remove what is left of them. fault.NotFound when it is deleted already.
func (s *Service) Delete(ctx context.Context, a identity.Actor, ws workspace.ID, id ID) error {
	scope, err := s.writing(ctx, a, ws, identity.DocumentsDelete)
	if err != nil {
		return err
	}
	return s.deleteTree(ctx, a, scope, id)
}

// deleted marks d as deleted and returns the news of it. All that goes at once has the same time.
func (s *Service) deleted(a identity.Actor, d *Document, now time.Time) []event.Event {
	d.DeletedAt, d.UpdatedAt = now, now
	e := a.Event("document.delete", now, purgeData{Blob: d.Original.Key})
	e = e.For(TopicPurge)
	if s.opts.RestoreWindow > 0 {
		e = e.After(now.Add(s.opts.RestoreWindow))
	}
	return []event.Event{recorded(e, *d)}
}

// Restore takes a deleted document back as it was, and what came out of its file with it: it answers again at once. What was
// being processed is processed anew. fault.NotFound when there is no such deleted document, or it is gone for good;
// fault.Conflict when the workspace has the same content again.
func (s *Service) Restore(ctx context.Context, a identity.Actor, ws workspace.ID, id ID) (Document, error) {
	scope, err := s.writing(ctx, a, ws, identity.DocumentsDelete)
	if err != nil {
		return Document{}, err
	}
	var deletedAt time.Time
	back, err := s.ports.Store.Restore(ctx, scope, id, func(d *Document) ([]event.Event, error) {
		deletedAt = d.DeletedAt
		return s.restored(a, d), nil
	})
	if err == nil {
		err = s.restoreInsides(ctx, a, ws, id, deletedAt)
	}
	return back, err
}

// restored returns the news that d lives again.
func (s *Service) restored(a identity.Actor, d *Document) []event.Event {
	now := s.opts.Now()
	e := a.Event("document.restore", now, nil)
	if d.Status == Pending || d.Status == Processing { // the deletion has ended that run
		e = d.again("document.restore", a, now)
	}
	d.UpdatedAt = now
	return []event.Event{recorded(e, *d)}
}

// Reprocess runs the pipeline again. The visible generation stays until the new one is ready. A document that still waits is
// left as it is; fault.Conflict while a worker is at it.
func (s *Service) Reprocess(ctx context.Context, a identity.Actor, ws workspace.ID, id ID) (Document, error) {
	return s.change(ctx, a, target{workspace: ws, document: id, permission: identity.DocumentsCreate}, func(d *Document, now time.Time) ([]event.Event, error) {
		switch d.Status {
		case Processing:
			return nil, fault.Conflict.Errorf("the document is being processed; wait, or cancel it first")
		case Pending:
			return nil, nil
		case Ready, Failed, Cancelled:
		}
		return []event.Event{d.again("document.reprocess", a, now)}, nil
	})
}

// Cancel stops the newest run of a document that waits or is being processed; fault.Conflict otherwise. A worker finds out
// with its next step.
func (s *Service) Cancel(ctx context.Context, a identity.Actor, ws workspace.ID, id ID) (Document, error) {
	return s.change(ctx, a, target{workspace: ws, document: id, permission: identity.DocumentsCreate}, func(d *Document, now time.Time) ([]event.Event, error) {
		if d.Status != Pending && d.Status != Processing {
			return nil, fault.Conflict.Errorf("the document is not being processed")
		}
		d.Status, d.Progress = Cancelled, Progress{Stage: StageDone}
		return []event.Event{a.Event("document.cancel", now, nil)}, nil
	})
}

// target is a document that an actor wants to change, and the permission that this takes.
type target struct {
	workspace  workspace.ID
	document   ID
	permission identity.Permission
	tree       bool // whether the change is handed down
}

func (s *Service) change(
	ctx context.Context, a identity.Actor, t target, fn func(d *Document, now time.Time) ([]event.Event, error),
) (Document, error) {
	scope, err := s.writing(ctx, a, t.workspace, t.permission)
	if err != nil {
		return Document{}, err
	}
	return s.updater(a, t.tree)(ctx, scope, t.document, func(d *Document) ([]event.Event, error) {
		now := s.opts.Now()
		events, err := fn(d, now)
		if err != nil || len(events) == 0 {
			return nil, err
		}
		d.UpdatedAt = now
		for i := range events {
			events[i] = recorded(events[i], *d)
		}
		return events, nil
	})
}

// again begins a new run of d and returns the event that makes a worker do it.
func (d *Document) again(name string, a identity.Actor, now time.Time) event.Event {
	d.Run++
	d.Status, d.Failure, d.Progress, d.UpdatedAt = Pending, Failure{}, Progress{Stage: StageQueued}, now
	return a.Event(name, now, ingestData{Run: d.Run}).For(TopicIngest)
}
