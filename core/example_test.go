package core_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// handbook is the whole product in one folder and no service: put a document in, ask, and see exactly where the answer comes
// from.
func handbook(ctx context.Context, dir string) {
	store, err := sqlstore.Open(ctx, "sqlite:"+filepath.Join(dir, "handbook.db"), nil)
	check(err)
	defer func() { check(store.Close()) }()
	blobs, err := blobstore.Dir(filepath.Join(dir, "blobs"))
	check(err)
	app, err := core.New(core.Ports{
		Store: store, Blobs: blobs, Parser: parse.InProcess(parse.Options{}),
		Embedder: offline.NewEmbedder(), Generator: offline.NewGenerator(),
	}, nil)
	check(err)
	ws, err := app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: "Handbook"})
	check(err)
	file := strings.NewReader("# Travel\n\nTrains are booked by the travel desk. Flights need the approval of a director.\n")
	_, _, err = app.Documents.Upload(ctx, identity.System, ws.ID, document.Incoming{Name: "travel.md", Body: file}, document.Details{})
	check(err)
	check(app.Drain(ctx)) // parse, chunk, embed, index
	answer, err := app.Chat.Ask(ctx, identity.System, chat.Question{Workspace: ws.ID, Text: "Who books trains?"})
	check(err)
	fmt.Println(answer.Text)
	for _, c := range answer.Citations {
		fmt.Printf("[%d] %s, bytes %d to %d: %q\n", c.Marker, c.Title, c.Span.Start, c.Span.End, c.Quote)
	}
}

func Example() {
	dir, err := os.MkdirTemp("", "handbook")
	check(err)
	defer func() { check(os.RemoveAll(dir)) }()
	handbook(context.Background(), dir)
	// Output:
	// Trains are booked by the travel desk. [1]
	// [1] travel, bytes 8 to 45: "Trains are booked by the travel desk."
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
