package core_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// BenchmarkQuery measures whole queries, both arms, on workspaces of about 10,000 and 100,000 chunks. Taking the documents in
// takes minutes.
func BenchmarkQuery(b *testing.B) {
	for _, documents := range []int{500, 5000} {
		b.Run(fmt.Sprintf("%dx20", documents), func(b *testing.B) {
			app, ws, chunks := library(b, documents)
			rng := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // no secrecy
			var took []time.Duration
			ask := func() {
				q := retrieval.Query{Text: prose(rng, 10), K: 10}
				began := time.Now()
				found, err := app.Search.Search(b.Context(), identity.System, ws, q)
				fatal(b, err)
				if len(found.Hits) != q.K {
					b.Fatalf("%d hits, want %d", len(found.Hits), q.K)
				}
				took = append(took, time.Since(began))
			}
			ask() // the first one loads the vectors
			took = took[:0]
			for b.Loop() {
				ask()
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(float64(chunks), "chunks")
		})
	}
}

// library is a workspace with documents of about 20 chunks.
func library(b *testing.B, documents int) (*core.App, workspace.ID, int) {
	b.Helper()
	dir := b.TempDir()
	store, err := sqlstore.Open(b.Context(), "sqlite:"+filepath.Join(dir, "r.db"), &sqlstore.Options{Relaxed: true})
	fatal(b, err)
	b.Cleanup(func() { _ = store.Close() })
	blobs, err := blobstore.UnsyncedDir(filepath.Join(dir, "blobs"))
	fatal(b, err)
	app, err := core.New(core.Ports{
		Store: store, Blobs: blobs, Parser: parse.InProcess(parse.Options{}), Embedder: offline.NewEmbedder(), Generator: offline.NewGenerator(),
	}, nil)
	fatal(b, err)
	ws, err := app.Workspaces.Create(b.Context(), identity.System, workspace.Draft{Name: "w"})
	fatal(b, err)
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secrecy
	chunks := 0
	for range documents {
		d, _, err := app.Documents.IngestText(b.Context(), identity.System, ws.ID,
			document.TextDraft{Text: strings.TrimSpace(prose(rng, 2350)), Details: document.Details{Title: "document"}})
		fatal(b, err)
		chunks += d.Chunks
	}
	return app, ws.ID, chunks
}
