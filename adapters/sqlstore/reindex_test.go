package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// What was lost, broken or miscounted in the index comes back from the rows of documents.
func TestReindexingHealsABrokenIndex(t *testing.T) {
	t.Parallel()
	for what, damage := range map[string]string{
		"a segment that can't be read": "UPDATE index_segments SET generations = x'ff'",
		"segments that are gone":       "DELETE FROM index_segments",
		"blocks that are broken":       "UPDATE index_blocks SET data = x'ff'",
		"wrong statistics":             "UPDATE index_stats SET chunks = chunks + 7, terms = terms * 3",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			path := filepath.Join(t.TempDir(), "a.db")
			store, err := sqlstore.Open(ctx, "sqlite:"+path, &sqlstore.Options{Relaxed: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			app, err := core.New(core.Ports{
				Store: store, Blobs: bucket.Memory(), Parser: parse.InProcess(parse.Options{}),
				Embedder: offline.NewEmbedder(), Generator: offline.NewGenerator(),
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			ws, err := app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: "w"})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 12 {
				body := strings.NewReader(fmt.Sprintf("Train number %d is booked by the travel desk.", i))
				in := document.Incoming{Name: "a.txt", Body: body}
				if _, _, err := app.Documents.Upload(ctx, identity.System, ws.ID, in, document.Details{}); err != nil {
					t.Fatal(err)
				}
			}
			if err := app.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			find := func() string {
				var stats string // scores of a search are relative, and searches don't read all of a segment
				if err := db.QueryRowContext(ctx, `SELECT sum(chunks) || ' ' || sum(terms) ||
					(SELECT ' ' || count(*) FROM index_segments WHERE generations = x'ff') FROM index_stats`).Scan(&stats); err != nil {
					t.Fatal(err)
				}
				r, err := app.Search.Search(ctx, identity.System, ws.ID, retrieval.Query{Text: "train travel 7", K: 20, Arms: retrieval.LexicalArm})
				out := fmt.Sprint(stats, err)
				for _, h := range r.Hits {
					out += fmt.Sprintf("\n%s %.6f", h.ID, h.Score)
				}
				return out
			}
			want := find()
			if _, err := db.ExecContext(ctx, damage); err != nil {
				t.Fatal(err)
			}
			if got := find(); got == want {
				t.Fatalf("the damage changed nothing: %s", got)
			}
			if n, err := app.Documents.Reindex(ctx, identity.System, ws.ID); err != nil || n != 12 {
				t.Fatalf("Reindex() = %d, %v, want 12 chunks", n, err)
			}
			if got := find(); got != want {
				t.Errorf("the search finds\n%s\nwant\n%s", got, want)
			}
		})
	}
}
