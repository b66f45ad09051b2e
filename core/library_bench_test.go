package core_test

import (
	"context"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// wide makes vectors of 768 numbers, as real models do, in a moment and without meaning: each is near one of a thousand centres.
type wide struct{}

const wideNumbers = 768

func (wide) Space() llm.Space { return llm.Space{Name: "wide", Dimension: wideNumbers} }

func (wide) Embed(_ context.Context, _ llm.Purpose, texts []string) ([]llm.Vector, error) {
	const centres = 1000
	out := make([]llm.Vector, len(texts))
	for i, s := range texts {
		h := fnv.New64a()
		_, _ = h.Write([]byte(s))                                                                       // never fails
		centre, own := rand.New(rand.NewPCG(h.Sum64()%centres, 1)), rand.New(rand.NewPCG(h.Sum64(), 2)) //nolint:gosec // no secrecy
		v, sum := make(llm.Vector, wideNumbers), 0.0
		for j := range v {
			v[j] = float32(centre.NormFloat64() + own.NormFloat64())
			sum += float64(v[j]) * float64(v[j])
		}
		for j := range v {
			v[j] /= float32(math.Sqrt(sum))
		}
		out[i] = v
	}
	return out, nil
}

// library is a workspace in which there are documents of about 20 chunks.
type library struct {
	app    *core.App
	ws     workspace.ID
	chunks int
}

// appOn makes an app on a database; deleted documents go for good at once.
func appOn(b *testing.B, database string) *core.App {
	b.Helper()
	store, err := sqlstore.Open(b.Context(), database, &sqlstore.Options{Relaxed: true})
	fatal(b, err)
	b.Cleanup(func() { _ = store.Close() })
	blobs, err := blobstore.UnsyncedDir(filepath.Join(b.TempDir(), "blobs"))
	fatal(b, err)
	app, err := core.New(core.Ports{
		Store: store, Blobs: blobs, Parser: parse.InProcess(parse.Options{}), Embedder: wide{}, Generator: offline.NewGenerator(),
	}, &core.Options{Documents: document.Options{RestoreWindow: -1}})
	fatal(b, err)
	return app
}

func newLibrary(b *testing.B, database string, documents int) library {
	b.Helper()
	l := library{app: appOn(b, database)}
	ws, err := l.app.Workspaces.Create(b.Context(), identity.System, workspace.Draft{Name: "w"})
	fatal(b, err)
	l.ws = ws.ID
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secrecy
	var loaders errgroup.Group
	loaders.SetLimit(4)
	var chunks atomic.Int64
	for range documents {
		text := prose(rng, 2350)
		loaders.Go(func() error {
			d, err := l.ingest(b.Context(), text)
			chunks.Add(int64(d.Chunks))
			return err
		})
	}
	fatal(b, loaders.Wait())
	l.chunks = int(chunks.Load())
	fatal(b, l.app.Drain(b.Context()))
	return l
}

func (l library) ingest(ctx context.Context, text string) (document.Document, error) {
	d, _, err := l.app.Documents.IngestText(ctx, identity.System, l.ws,
		document.TextDraft{Text: strings.TrimSpace(text), Details: document.Details{Title: "document"}})
	return d, err
}

// benchDocuments is BENCH_DOCUMENTS, or else a number that doesn't take long.
func benchDocuments(b *testing.B, otherwise int) int {
	b.Helper()
	if os.Getenv("BENCH_DOCUMENTS") == "" {
		return otherwise
	}
	n, err := strconv.Atoi(os.Getenv("BENCH_DOCUMENTS"))
	fatal(b, err)
	return n
}

// times are durations of the same thing.
type times []time.Duration

func (t times) at(share float64) float64 {
	slices.Sort(t)
	return milliseconds(t[int(share*float64(len(t)-1))])
}

func (t times) mean() float64 {
	sum := time.Duration(0)
	for _, d := range t {
		sum += d
	}
	return milliseconds(sum) / float64(len(t))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// report reports the median and the 95th percentile.
func (t times) report(b *testing.B, name string) {
	b.Helper()
	b.ReportMetric(t.at(0.5), name+"-p50-ms")
	b.ReportMetric(t.at(0.95), name+"-p95-ms")
}
