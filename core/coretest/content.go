package coretest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/idempotency"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Content is the part of a store that the suites of workspaces, documents and conversations look at. core.Store has it.
type Content interface {
	Keys() identity.Keys
	Users() identity.Users
	Workspaces() workspace.Store
	Documents() document.Store
	Pipeline() document.Pipeline
	Janitor() document.Janitor
	Spaces() document.Spaces
	Index() retrieval.Index
	Conversations() chat.Store
	Requests() idempotency.Store
	Events() event.Log
	Backlog() event.Backlog
}

// contentCheck is one case of a suite.
type contentCheck struct {
	name  string
	check func(t *testing.T, w *contentWorld)
}

// runContent runs the cases, each in its own world.
func runContent[S Content](t *testing.T, open func(*testing.T) S, checks []contentCheck) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, newContentWorld(t, open(t)))
		})
	}
}

// contentWorld is a store with one user and their workspace.
type contentWorld struct {
	Content
	t     *testing.T
	now   time.Time
	owner identity.User
	ws    workspace.Workspace
	all   workspace.Scope // of the workspace, with everything in it
}

func newContentWorld(t *testing.T, store Content) *contentWorld {
	t.Helper()
	w := &contentWorld{Content: store, t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)}
	w.owner = w.user("owner@example.com", identity.Employee)
	w.ws = w.workspace("Home", w.owner)
	w.all = w.scope(w.ws, identity.System)
	return w
}

// must ends the test when something that the case takes for granted did not work.
func (w *contentWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// is checks for an error.
func (w *contentWorld) is(what string, err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

func (w *contentWorld) ctx() context.Context { return w.t.Context() }

func (w *contentWorld) user(email string, role identity.Role) identity.User {
	w.t.Helper()
	u := identity.User{ID: uuid.Must(uuid.NewV7()), Email: email, Role: role, Active: true, CreatedAt: w.now}
	w.must(w.Users().Create(w.ctx(), u))
	return u
}

// draftWorkspace makes a workspace without storing it.
func (w *contentWorld) draftWorkspace(name string, owner identity.User) workspace.Workspace {
	return workspace.Workspace{
		ID: uuid.Must(uuid.NewV7()), Name: name, Description: "about " + name, Visibility: workspace.Private,
		Answers: workspace.AnswersStrict, Owner: owner.ID, CreatedAt: w.now, UpdatedAt: w.now,
	}
}

func (w *contentWorld) workspace(name string, owner identity.User) workspace.Workspace {
	w.t.Helper()
	ws := w.draftWorkspace(name, owner)
	w.must(w.Workspaces().Create(w.ctx(), ws))
	return ws
}

func (w *contentWorld) scope(ws workspace.Workspace, a identity.Actor) workspace.Scope {
	w.t.Helper()
	s, err := workspace.Reading(ws, a)
	w.must(err)
	return s
}

// reader is the scope in which a user reads the world's workspace, as if it were published.
func (w *contentWorld) reader(u identity.User) workspace.Scope {
	w.t.Helper()
	ws := w.ws
	ws.Visibility = workspace.OrgRead
	return w.scope(ws, identity.Actor{Kind: identity.Person, User: u.ID, Role: u.Role})
}

// draft makes a document of the world's workspace without storing it.
func (w *contentWorld) draft(title string) document.Document {
	id := uuid.Must(uuid.NewV7())
	hash := document.HashText(id.String())
	return document.Document{
		ID: id, Workspace: w.ws.ID, Title: title, Source: "https://example.com/" + title,
		Metadata: map[string]any{}, Uploader: w.owner.ID,
		Original: document.Original{Name: title + ".txt", MediaType: "text/plain", Key: "documents/" + id.String(), Size: 42},
		Hash:     hex.EncodeToString(hash[:]), Run: 1, Status: document.Pending,
		Progress:  document.Progress{Stage: document.StageQueued},
		CreatedAt: w.now, UpdatedAt: w.now,
	}
}

// put stores a document.
func (w *contentWorld) put(d document.Document) document.Document {
	w.t.Helper()
	stored, created, err := w.Documents().Create(w.ctx(), d)
	w.must(err)
	if !created {
		w.t.Fatalf("Create(%q): there was one already", d.Title)
	}
	return stored
}

// get reads a document that must be there.
func (w *contentWorld) get(id document.ID) document.Document {
	w.t.Helper()
	d, err := w.Documents().Document(w.ctx(), w.all, id)
	w.must(err)
	return d
}

// change updates a document.
func (w *contentWorld) change(id document.ID, fn func(d *document.Document)) document.Document {
	w.t.Helper()
	d, err := w.Documents().Update(w.ctx(), w.all, id, func(d *document.Document) ([]event.Event, error) {
		fn(d)
		return nil, nil
	})
	w.must(err)
	return d
}

// remove deletes a document.
func (w *contentWorld) remove(id document.ID) {
	w.t.Helper()
	w.change(id, func(d *document.Document) { d.DeletedAt = w.now })
}

// again asks for a new run of a document.
func (w *contentWorld) again(id document.ID) document.Document {
	w.t.Helper()
	return w.change(id, func(d *document.Document) { d.Run, d.Status = d.Run+1, document.Pending })
}

// event makes an event on which something must react, so that a test can see that it was written.
func (w *contentWorld) event(topic string) event.Event {
	return event.New("test."+topic, "system", w.now, nil).In(w.ws.ID, "").For(topic)
}

// count says how many deliveries there are on a topic in a state.
func (w *contentWorld) count(topic string, state event.State) int {
	w.t.Helper()
	ds, err := w.Backlog().Deliveries(w.ctx(), event.Filter{Topic: topic, State: state})
	w.must(err)
	return len(ds)
}

// lease makes a delivery and claims it.
func (w *contentWorld) lease() event.Lease {
	w.t.Helper()
	e := w.event("ingest-" + uuid.NewString())
	w.must(w.Events().Append(w.ctx(), e))
	return w.claim(e.Topic, w.now)
}

func (w *contentWorld) claim(topic string, now time.Time) event.Lease {
	w.t.Helper()
	ds, err := w.Events().Claim(w.ctx(), event.Claim{Topics: []string{topic}, Max: 1, Lease: time.Minute, Now: now})
	w.must(err)
	if len(ds) != 1 {
		w.t.Fatalf("Claim(%q) returned %d deliveries, want 1", topic, len(ds))
	}
	return ds[0].Lease
}

// takeOver claims the delivery of a lease that ran out.
func (w *contentWorld) takeOver(l event.Lease) event.Lease {
	w.t.Helper()
	return w.claim(w.delivery(l).Event.Topic, w.now.Add(time.Hour))
}

// state is where the delivery of a lease stands.
func (w *contentWorld) state(l event.Lease) event.State {
	w.t.Helper()
	return w.delivery(l).State
}

func (w *contentWorld) delivery(l event.Lease) event.Delivery {
	w.t.Helper()
	ds, err := w.Backlog().Deliveries(w.ctx(), event.Filter{IDs: []uuid.UUID{l.Delivery}})
	w.must(err)
	if len(ds) != 1 {
		w.t.Fatalf("there are %d deliveries of one event", len(ds))
	}
	return ds[0]
}

func contentSpace() llm.Space { return llm.Space{Name: "test-1", Dimension: 4} }

// contentVector is a vector that depends on the hash alone.
func contentVector(h document.Hash) llm.Vector {
	v := make(llm.Vector, 4)
	for i := range v {
		v[i] = float32(int(h[i])-128) / 128
	}
	return v
}

// generation cuts paragraphs into chunks, one for each.
func (w *contentWorld) generation(id document.ID, paragraphs ...string) document.Generation {
	g := document.Generation{Language: text.English, Spaces: []llm.Space{contentSpace()}, About: map[string]string{"author": `Zoë "Z"`}}
	seen := map[string]int{}
	for i, p := range paragraphs {
		start := len(g.Body)
		g.Body += p + "\n"
		span := text.Span{Start: start, End: start + len(p)}
		g.Pages = append(g.Pages, text.Page{Number: i + 1, Span: text.Span{Start: start, End: len(g.Body)}})
		g.Chunks = append(g.Chunks, document.Chunk{
			ID: document.ChunkID(id, p, seen[p]), Ordinal: i, Span: span, Text: p, PageFrom: i + 1, PageTo: i + 1, RowFrom: 10 * i, RowTo: 10*i + 5,
			Headings: []string{`Part "one"`, "Größe"}, Section: text.Span{Start: start / 2, End: span.End}, Embedded: document.HashText(p),
			Terms: []document.Term{{Text: "term", Count: 2}, {Text: fmt.Sprintf("n%d", i), Count: 1}},
		})
		seen[p]++
	}
	return g
}

// embed stores the embeddings of a generation.
func (w *contentWorld) embed(g document.Generation) document.Generation {
	w.t.Helper()
	var es []document.Embedding
	for _, c := range g.Chunks {
		es = append(es, document.Embedding{Hash: c.Embedded, Vector: contentVector(c.Embedded)})
	}
	w.must(w.Pipeline().SaveEmbeddings(w.ctx(), g.Spaces[0], es, w.now))
	return g
}

// start begins the newest run of a document under a new lease.
func (w *contentWorld) start(d document.Document) (event.Lease, document.Run) {
	w.t.Helper()
	l, r := w.lease(), document.Run{Document: d.ID, Workspace: d.Workspace, Number: d.Run}
	_, err := w.Pipeline().Start(w.ctx(), l, r, w.now)
	w.must(err)
	return l, r
}

// ready runs a document through the pipeline.
func (w *contentWorld) ready(d document.Document, paragraphs ...string) document.Generation {
	w.t.Helper()
	l, r := w.start(d)
	g := w.embed(w.generation(d.ID, paragraphs...))
	w.must(w.Pipeline().Switch(w.ctx(), l, r, g, w.now))
	return g
}

// found says how many chunks of a generation retrieval finds.
func (w *contentWorld) found(g document.Generation) int {
	w.t.Helper()
	ids := make([]uuid.UUID, len(g.Chunks))
	for i, c := range g.Chunks {
		ids[i] = c.ID
	}
	chunks, err := w.Index().Chunks(w.ctx(), w.all, ids)
	w.must(err)
	return len(chunks)
}

// missing says how many embeddings of a generation are missing.
func (w *contentWorld) missing(g document.Generation) int {
	w.t.Helper()
	hashes := make([]document.Hash, len(g.Chunks))
	for i, c := range g.Chunks {
		hashes[i] = c.Embedded
	}
	missing, err := w.Pipeline().Missing(w.ctx(), g.Spaces[0], hashes)
	w.must(err)
	return len(missing)
}

// atOnce calls fn n times at once and returns what it returned.
func atOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errs
}
