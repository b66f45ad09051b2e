package openai_test

import (
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/adapters/openai"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

func TestADocumentIsIngestedAndAskedAboutOverTheWire(t *testing.T) {
	t.Parallel()
	ctx, me, s := t.Context(), identity.System, serve(t, answer(500, "text/html", page), nil) // the first request fails
	store, err := sqlstore.Open(ctx, "sqlite::memory:", nil)
	check(t, err)
	t.Cleanup(func() { _ = store.Close() })
	blobs := bucket.Memory()
	t.Cleanup(func() { _ = blobs.Close() })
	waits := patient(nil)
	waits.Sleep = nil
	waits.Backoff = 1
	app, err := core.New(core.Ports{
		Store: store, Blobs: blobs, Parser: parse.InProcess(parse.Options{}),
		Embedder:  resilient.NewEmbedder(s.embedder(t, &openai.Options{Dimension: dimension}), waits),
		Generator: resilient.NewGenerator(s.generator(t, nil), waits),
	}, nil)
	check(t, err)
	ws, err := app.Workspaces.Create(ctx, me, workspace.Draft{Name: "Handbook"})
	check(t, err)
	text := strings.NewReader("# Travel\n\nTrains are booked by the travel desk. Flights need the approval of a director.\n")
	doc, _, err := app.Documents.Upload(ctx, me, ws.ID, document.Incoming{Name: "travel.md", Body: text}, document.Details{})
	check(t, err)
	check(t, app.Drain(ctx))
	if n := s.calls(); n != 2 {
		t.Errorf("ingesting took %d calls, want 2: one that failed and one for its only batch", n)
	}
	a, err := app.Chat.Ask(ctx, me, chat.Question{Workspace: ws.ID, Text: "Who books trains?"})
	check(t, err)
	if !strings.Contains(a.Text, "[1]") || len(a.Citations) != 1 || a.Citations[0].Document != doc.ID {
		t.Errorf("answer %q cites %+v, want the document", a.Text, a.Citations)
	}
	if a.Usage == nil || a.Usage.InputTokens != 120 || s.calls() != 4 {
		t.Errorf("usage %+v after %d calls, want what the server counted, after 4", a.Usage, s.calls())
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
