package core_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

const batchSize = 3

// mortal is an embedder that counts what it embeds of documents, and dies in a batch: before it has an answer, or with it.
type mortal struct {
	llm.Embedder

	mu       sync.Mutex         // searches may run beside the work
	embedded map[string]int     // texts for which vectors were returned, and how often
	batches  int                // that it may answer; negative means any number
	late     bool               // the batch that kills it is still answered
	die      context.CancelFunc // ends the process, as it were
}

// Embed implements llm.Embedder.
func (m *mortal) Embed(ctx context.Context, p llm.Purpose, texts []string) ([]llm.Vector, error) {
	if p == llm.ForQuery {
		return m.Embedder.Embed(ctx, p, texts)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.batches == 0 {
		m.die()
		if !m.late {
			return nil, ctx.Err()
		}
	}
	m.batches--
	for _, s := range texts {
		m.embedded[s]++
	}
	return m.Embedder.Embed(context.WithoutCancel(ctx), p, texts)
}

// life is a process on a folder, from its start to its end.
func life(t *testing.T, folder string, m *mortal, do func(ctx context.Context, app *core.App, store *sqlstore.Store)) {
	t.Helper()
	ctx, die := context.WithCancel(t.Context())
	defer die()
	m.Embedder, m.die = offline.NewEmbedder(), die
	store, err := sqlstore.Open(ctx, "sqlite:"+filepath.Join(folder, "x.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	blobs, err := blobstore.Dir(filepath.Join(folder, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = blobs.Close() }()
	app, err := core.New(core.Ports{
		Store: store, Blobs: blobs, Parser: parse.InProcess(parse.Options{}), Embedder: m, Generator: offline.NewGenerator(),
	}, &core.Options{Documents: document.Options{EmbedBatch: batchSize, Chunks: text.Options{Size: 300, Overlap: 30}}})
	if err != nil {
		t.Fatal(err)
	}
	do(ctx, app, store)
}

// manual is a document with n sections, each of which makes a chunk of its own; the section with the number of change reads
// differently.
func manual(n, change int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "# Section %d\n\nPump %d is opened with key %d and closed by hand.\n\n", i, i, i*7919%1000)
		if i == change {
			b.WriteString("This section was changed.\n\n")
		}
	}
	return b.String()
}

func TestEveryEmbeddingComputedBeforeACrashIsReused(t *testing.T) {
	t.Parallel()
	const sections = 20
	for _, late := range []bool{false, true} {
		for batches := range sections/batchSize + 1 {
			t.Run(fmt.Sprintf("after %d batches, late %v", batches, late), func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				first := &mortal{embedded: map[string]int{}, batches: batches, late: late}
				var ws workspace.ID
				var id document.ID
				life(t, folder, first, func(ctx context.Context, app *core.App, _ *sqlstore.Store) {
					ws, id = bring(t, app, manual(sections, -1))
					if err := app.Drain(ctx); !errors.Is(err, context.Canceled) {
						t.Fatalf("Drain = %v, want it broken off", err)
					}
				})
				second := &mortal{embedded: map[string]int{}, batches: -1}
				life(t, folder, second, func(ctx context.Context, app *core.App, _ *sqlstore.Store) {
					if err := app.Drain(ctx); err != nil {
						t.Fatal(err)
					}
					d, err := app.Documents.Get(ctx, identity.System, ws, id)
					if err != nil || d.Status != document.Ready || d.Chunks != sections {
						t.Fatalf("the document is %+v, %v, want it ready with %d chunks", d, err, sections)
					}
				})
				kept := batches * batchSize
				if len(first.embedded) != kept && !late {
					t.Errorf("the first life embedded %d texts, want %d", len(first.embedded), kept)
				}
				if want := sections - kept; len(second.embedded) != want {
					t.Errorf("the second life embedded %d texts, want the %d that were missing", len(second.embedded), want)
				}
				if again := repeated(first, second); !late && len(again) > 0 || len(again) > batchSize {
					t.Errorf("embedded again: %q", again)
				}
			})
		}
	}
}

// repeated are the texts that were embedded more than once.
func repeated(ms ...*mortal) []string {
	count, out := map[string]int{}, []string(nil)
	for _, m := range ms {
		for s, n := range m.embedded {
			if count[s] += n; count[s] == 2 {
				out = append(out, s)
			}
		}
	}
	return out
}

// bring uploads a document into a new workspace.
func bring(t *testing.T, app *core.App, body string) (workspace.ID, document.ID) {
	t.Helper()
	ws, err := app.Workspaces.Create(t.Context(), identity.System, workspace.Draft{Name: "Pumps"})
	if err != nil {
		t.Fatal(err)
	}
	return ws.ID, upload(t, app, ws.ID, body)
}

func upload(t *testing.T, app *core.App, ws workspace.ID, body string) document.ID {
	t.Helper()
	d, _, err := app.Documents.Upload(t.Context(), identity.System, ws,
		document.Incoming{Name: "pumps.md", Body: strings.NewReader(body)}, document.Details{})
	if err != nil {
		t.Fatal(err)
	}
	return d.ID
}

func TestAChangedDocumentEmbedsOnlyWhatHasChanged(t *testing.T) {
	t.Parallel()
	m := &mortal{embedded: map[string]int{}, batches: -1}
	life(t, t.TempDir(), m, func(ctx context.Context, app *core.App, store *sqlstore.Store) {
		ws, id := bring(t, app, manual(20, -1))
		drain(ctx, t, app)
		if got := embeddedSince(m); len(got) != 20 {
			t.Errorf("the document embedded %d texts, want 20", len(got))
		}
		if _, err := app.Documents.Reprocess(ctx, identity.System, ws, id); err != nil {
			t.Fatal(err)
		}
		drain(ctx, t, app)
		if got := embeddedSince(m); len(got) != 0 {
			t.Errorf("processed again, the document embedded %q, want nothing", got)
		}
		upload(t, app, ws, manual(20, 7))
		drain(ctx, t, app)
		if got := embeddedSince(m); len(got) != 1 || !strings.Contains(got[0], "This section was changed.") {
			t.Errorf("with one section changed, the document embedded %q, want that section", got)
		}
		if waiting, err := store.Backlog().Stats(ctx); err != nil || len(waiting) != 0 {
			t.Errorf("in the end there wait %+v, %v", waiting, err)
		}
	})
}

func drain(ctx context.Context, t *testing.T, app *core.App) {
	t.Helper()
	if err := app.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

// embeddedSince returns what was embedded since the last call.
func embeddedSince(m *mortal) []string {
	out := make([]string, 0, len(m.embedded))
	for s := range m.embedded {
		out = append(out, s)
	}
	clear(m.embedded)
	return out
}
