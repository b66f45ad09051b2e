package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/retrieval"
)

// BenchmarkIndex measures searches, loading, adding and deleting in workspaces of several sizes. The large ones take a
// while to make and need an explicit -bench.
func BenchmarkIndex(b *testing.B) {
	for _, size := range []struct{ documents, chunks int }{{1000, 1}, {10_000, 1}, {500, 20}, {100_000, 1}, {5000, 20}} {
		total := size.documents * size.chunks
		if total > 10_000 && testing.Short() {
			continue
		}
		b.Run(fmt.Sprintf("%dx%d", size.documents, size.chunks), func(b *testing.B) {
			w := newIndexWorld(b, nil)
			w.space.Dimension = 768
			w.fill(size.documents, size.chunks, 90)
			b.Run("size", func(b *testing.B) { reportSize(b, w, total) })
			b.Run("lexical", func(b *testing.B) { benchLexical(b, w, retrieval.Filter{}) })
			b.Run("filtered", func(b *testing.B) { benchLexical(b, w, retrieval.Filter{MediaTypes: []string{"text/plain"}}) })
			b.Run("narrow", func(b *testing.B) { benchLexical(b, w, retrieval.Filter{Tags: []string{"none"}}) })
			b.Run("load", func(b *testing.B) { benchLoad(b, w) })
			b.Run("dense", func(b *testing.B) { benchDense(b, w) })
			b.Run("scan", func(b *testing.B) { benchScan(b, w) })
			b.Run("add", func(b *testing.B) { benchAdd(b, w, false) })
			b.Run("addremove", func(b *testing.B) { benchAdd(b, w, true) })
		})
	}
}

func reportSize(b *testing.B, w *indexWorld, chunks int) {
	for b.Loop() {
		index := w.number(`SELECT sum(pgsize) FROM dbstat WHERE name IN ('index_blocks', 'index_blocks_term_uq', 'index_segments')`)
		b.ReportMetric(float64(index)/float64(chunks), "index-B/chunk")
		all := w.number("SELECT sum(pgsize) FROM dbstat")
		b.ReportMetric(float64(all)/float64(chunks), "all-B/chunk")
		b.ReportMetric(float64(w.number("SELECT count(*) FROM index_segments")), "segments")
	}
}

// timed runs a search again and again and reports how long it takes at the median and at the 95th percentile.
func timed(b *testing.B, run func() error) {
	if err := run(); err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if err := run(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.95), "p95-ms")
}

func benchLexical(b *testing.B, w *indexWorld, f retrieval.Filter) {
	timed(b, func() error {
		q := retrieval.LexicalQuery{BM25: retrieval.DefaultBM25(), K: 50, Filter: f}
		for range 5 {
			q.Terms = append(q.Terms, retrieval.TermGroup{Alternatives: []string{w.term()}, Weight: 1})
		}
		_, err := w.Index().Lexical(b.Context(), w.scope, q)
		return err
	})
}

func benchDense(b *testing.B, w *indexWorld) {
	timed(b, func() error {
		hits, err := w.Index().Dense(b.Context(), w.scope, retrieval.DenseQuery{Space: w.space, Vector: w.vector(), K: 50})
		if len(hits) != 50 {
			b.Fatalf("%d hits", len(hits))
		}
		return err
	})
}

func benchScan(b *testing.B, w *indexWorld) {
	was := memoryOf(w.Store).budget
	memoryOf(w.Store).budget = 1
	defer func() { memoryOf(w.Store).budget = was }()
	benchDense(b, w)
}

func benchLoad(b *testing.B, w *indexWorld) {
	for b.Loop() {
		clear(memoryOf(w.Store).sets)
		_, err := w.Index().Dense(b.Context(), w.scope, retrieval.DenseQuery{Space: w.space, Vector: w.vector(), K: 1})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// benchAdd adds a document with one chunk, and deletes it again on demand; each time the index is compacted.
func benchAdd(b *testing.B, w *indexWorld, remove bool) {
	compacting := time.Duration(0)
	for b.Loop() {
		m, es := w.prepare(1, 90)
		if err := w.write(b.Context(), func(ctx context.Context, tx bun.Tx) error { return w.store(ctx, tx, &m, es) }); err != nil {
			b.Fatal(err)
		}
		if remove {
			w.remove(m)
		}
		start := time.Now()
		w.must(w.compactIndex(b.Context(), w.ws.ID))
		compacting += time.Since(start)
	}
	b.ReportMetric(float64(compacting.Microseconds())/1000/float64(b.N), "compact-ms")
}
