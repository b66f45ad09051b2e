package core_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// cut is a database whose connection breaks once, right after the next commit: what was written stays, but nobody hears of it.
type cut struct {
	core.Store

	armed bool
	later time.Duration // how much time has passed besides
}

func (c *cut) lose(err error) error {
	if err != nil || !c.armed {
		return err
	}
	c.armed = false
	return fault.Unavailable.Errorf("the connection is cut")
}

func (c *cut) Documents() document.Store   { return cutDocuments{c.Store.Documents(), c} }
func (c *cut) Pipeline() document.Pipeline { return cutPipeline{c.Store.Pipeline(), c} }

type cutDocuments struct {
	document.Store

	c *cut
}

func (d cutDocuments) Create(ctx context.Context, doc document.Document, events ...event.Event) (document.Document, bool, error) {
	doc, created, err := d.Store.Create(ctx, doc, events...)
	return doc, created, d.c.lose(err)
}

func (d cutDocuments) UpdateTree(
	ctx context.Context, s workspace.Scope, id document.ID, change func(d *document.Document) ([]event.Event, error),
) (document.Document, error) {
	doc, err := d.Store.UpdateTree(ctx, s, id, change)
	return doc, d.c.lose(err)
}

func (d cutDocuments) Update(
	ctx context.Context, s workspace.Scope, id document.ID, change func(d *document.Document) ([]event.Event, error),
) (document.Document, error) {
	doc, err := d.Store.Update(ctx, s, id, change)
	return doc, d.c.lose(err)
}

type cutPipeline struct {
	document.Pipeline

	c *cut
}

func (p cutPipeline) Attach(
	ctx context.Context, l event.Lease, r document.Run, path string,
	change func(around document.Document, d *document.Document) ([]event.Event, error),
) error {
	return p.c.lose(p.Pipeline.Attach(ctx, l, r, path, change))
}

// A commit whose answer is lost looks like a failure, and is none: the document needs its bytes.
func TestACommitWhoseAnswerIsLostLosesNoFile(t *testing.T) {
	t.Parallel()
	archive := zipped(t, "notes.txt", "The tide table hangs by the door.")
	upload := func(name, content, externalID string) func(w cutWorld) error {
		return func(w cutWorld) error {
			in := document.Incoming{Name: name, Body: strings.NewReader(content)}
			_, _, err := w.app.Documents.Upload(w.ctx, identity.System, w.ws, in, document.Details{ExternalID: externalID})
			return err
		}
	}
	for name, c := range map[string]struct {
		before, do func(w cutWorld) error // do is what loses its answer, and what the client then tries again
		want       int                    // documents, in the end
	}{
		"a new document": {nil, upload("a.txt", "The lamp is lit at dusk.", ""), 1},
		"new content":    {upload("a.txt", "The lamp was lit at dusk.", "a"), upload("a.txt", "The lamp is lit at dusk.", "a"), 1},
		"a text": {nil, func(w cutWorld) error {
			_, _, err := w.app.Documents.IngestText(w.ctx, identity.System, w.ws, document.TextDraft{
				Text: "The lamp is lit at dusk.", Details: document.Details{Title: "Lamp"},
			})
			return err
		}, 1},
		"a file inside of another": {upload("all.zip", string(archive), ""), func(w cutWorld) error { return w.app.Drain(w.ctx) }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inCutWorld(t, func(w cutWorld) {
				if c.before != nil {
					if err := c.before(w); err != nil {
						t.Fatal(err)
					}
				}
				w.store.armed = true
				if err := c.do(w); w.store.armed || err != nil && !errors.Is(err, fault.Unavailable) {
					t.Fatalf("the answer was not lost: %v", err)
				}
				if err := c.do(w); err != nil {
					t.Fatal(err)
				}
				w.expectWhole(t, c.want)
			})
		})
	}
}

// What was not committed after all leaves bytes that nobody needs, until they are swept away; what is refused leaves none.
func TestBytesThatNoDocumentUsesGo(t *testing.T) {
	t.Parallel()
	inCutWorld(t, func(w cutWorld) {
		gone, stop := context.WithCancel(w.ctx)
		r, err := w.app.Documents.Receive(gone, identity.System, w.ws, document.Incoming{Name: "a.txt", Body: strings.NewReader("x")})
		stop()
		if err == nil {
			_, _, err = w.app.Documents.Accept(gone, identity.System, r, document.Details{})
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("Accept() for a client that has left = %v", err)
		}
		in := document.Incoming{Name: "a.txt", Body: bytes.NewReader([]byte("y"))}
		_, _, err = w.app.Documents.Upload(w.ctx, identity.System, w.ws, in, document.Details{Replace: "everything"})
		if !errors.Is(err, fault.Invalid) {
			t.Fatalf("Upload() with a wrong detail = %v", err)
		}
		for _, want := range []int{1, 0} {
			if swept, err := w.app.Documents.Sweep(w.ctx, 0); err != nil || swept.Blobs != want {
				t.Errorf("Sweep() = %+v, %v, want %d files", swept, err, want)
			}
		}
	})
}

// cutWorld is a workspace on such a database.
type cutWorld struct {
	ctx   context.Context //nolint:containedctx // of the one test that it belongs to
	app   *core.App
	store *cut
	ws    workspace.ID
}

func inCutWorld(t *testing.T, do func(w cutWorld)) {
	t.Helper()
	opened, err := sqlstore.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "x.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	blobs, err := blobstore.Dir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = blobs.Close() }()
	store := &cut{Store: opened}
	app, err := core.New(core.Ports{
		Store: store, Blobs: blobs, Parser: parse.InProcess(parse.Options{}), Embedder: offline.NewEmbedder(), Generator: offline.NewGenerator(),
	}, &core.Options{Now: func() time.Time { return time.Now().Add(store.later) }})
	if err != nil {
		t.Fatal(err)
	}
	ws, err := app.Workspaces.Create(t.Context(), identity.System, workspace.Draft{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	do(cutWorld{t.Context(), app, store, ws.ID})
}

// expectWhole checks that there are so many documents, each of them processed, and with its file.
func (w cutWorld) expectWhole(t *testing.T, n int) {
	t.Helper()
	w.store.later = time.Hour // past leases, and what comes before another attempt
	if err := w.app.Drain(w.ctx); err != nil {
		t.Fatal(err)
	}
	ds, _, err := w.app.Documents.List(w.ctx, identity.System, w.ws, document.Query{Limit: 10})
	if err != nil || len(ds) != n {
		t.Fatalf("there are %d documents, %v, want %d", len(ds), err, n)
	}
	for _, d := range ds {
		if d.Status != document.Ready {
			t.Errorf("%s is %s: %+v", d.Title, d.Status, d.Failure)
		}
		_, body, err := w.app.Documents.Open(w.ctx, identity.System, w.ws, d.ID)
		if err != nil {
			t.Errorf("the file of %s: %v", d.Title, err)
			continue
		}
		_ = body.Close()
	}
}
