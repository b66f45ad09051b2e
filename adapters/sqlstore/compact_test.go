package sqlstore

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/retrieval"
)

// everything finds every chunk that has one of the most frequent words.
func (w *indexWorld) everything() []retrieval.Scored {
	w.tb.Helper()
	q := retrieval.LexicalQuery{BM25: retrieval.DefaultBM25(), K: 1 << 20}
	for _, term := range []string{"t0", "t1", "t2", "t3", "t4"} {
		q.Terms = append(q.Terms, retrieval.TermGroup{Alternatives: []string{term}, Weight: 1})
	}
	hits, err := w.Index().Lexical(w.tb.Context(), w.scope, q)
	w.must(err)
	return hits.Scored
}

// near finds every chunk by its vector.
func (w *indexWorld) near() []retrieval.Scored {
	w.tb.Helper()
	v := make([]float32, w.space.Dimension)
	v[0] = 1
	hits, err := w.Index().Dense(w.tb.Context(), w.scope, retrieval.DenseQuery{Space: w.space, Vector: v, K: 1 << 20})
	w.must(err)
	return hits
}

func (w *indexWorld) compact() {
	w.tb.Helper()
	w.must(w.compactIndex(w.tb.Context(), w.ws.ID))
}

func TestCompactionBoundsSegmentsAndForgetsTheDead(t *testing.T) {
	t.Parallel()
	w := newIndexWorld(t, &Options{Relaxed: true})
	var all []made
	for range 200 {
		all = append(all, w.add(1, 20))
		w.compact()
	}
	if n := w.number("SELECT count(*) FROM index_segments"); n > 3*(fanIn-1) {
		t.Errorf("200 documents are in %d segments", n)
	}
	for i, m := range all {
		if i%2 == 0 {
			w.remove(m)
		}
	}
	want := w.everything()
	w.compact()
	if diff := cmp.Diff(want, w.everything()); diff != "" {
		t.Errorf("compacting changed results (-before +after):\n%s", diff)
	}
	if n := w.number("SELECT count(*) FROM index_tombstones"); n != 0 {
		t.Errorf("%d tombstones are left", n)
	}
	if n := w.number("SELECT sum(chunks) FROM index_segments"); n > 100*deadShare/(deadShare-1) {
		t.Errorf("segments still have %d chunks, of which 100 live", n)
	}
	for _, m := range all {
		if n := w.number("SELECT count(*) FROM generations WHERE id = ?", m.generation); n > 0 {
			w.remove(m)
		}
	}
	w.compact()
	for _, table := range []string{"index_tombstones", "index_segments", "index_blocks"} {
		if n := w.number("SELECT count(*) FROM " + table); n != 0 {
			t.Errorf("%d rows of %s are left of nothing", n, table)
		}
	}
	if n := w.number("SELECT sum(chunks) + sum(terms) FROM index_stats"); n != 0 {
		t.Errorf("the statistics of nothing add up to %d", n)
	}
}

func TestARetiredGenerationThatMayComeBackSurvivesCompaction(t *testing.T) {
	t.Parallel()
	w := newIndexWorld(t, &Options{Relaxed: true})
	var all []made
	for range 30 {
		all = append(all, w.add(2, 20))
	}
	lexical, dense := w.everything(), w.near()
	for _, m := range all[5:] {
		w.retire(m)
		w.retire(m)
	}
	if got := w.near(); len(got) != 10 {
		t.Errorf("%d chunks are found, want 10", len(got))
	}
	w.compact()
	for _, m := range all {
		w.restore(m)
		w.restore(m)
	}
	if diff := cmp.Diff(lexical, w.everything()); diff != "" {
		t.Errorf("words find something else after restoring (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(dense, w.near()); diff != "" {
		t.Errorf("vectors find something else after restoring (-before +after):\n%s", diff)
	}
}

func TestCompactionThatIsCutOffChangesNothing(t *testing.T) {
	t.Parallel()
	w := newIndexWorld(t, &Options{Relaxed: true})
	for range 20 {
		w.add(1, 20)
		w.remove(w.add(1, 20))
	}
	want := w.everything()
	for looks := int64(1); ; looks += 1 + looks/10 {
		ctx, stop := context.WithCancel(t.Context())
		counting := &countdown{Context: ctx, stop: stop}
		counting.left.Store(looks)
		err := w.compactIndex(counting, w.ws.ID)
		stop()
		if diff := cmp.Diff(want, w.everything()); diff != "" {
			t.Fatalf("results differ after %d looks (-want +got):\n%s", looks, diff)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("compactIndex() = %v", err)
		}
	}
}

// countdown is a context that ends when it was asked so many times whether it has.
type countdown struct {
	context.Context
	stop context.CancelFunc
	left atomic.Int64
}

func (c *countdown) Done() <-chan struct{} {
	if c.left.Add(-1) == 0 {
		c.stop()
	}
	return c.Context.Done()
}

func TestVectorsInMemoryFollowOtherProcesses(t *testing.T) {
	t.Parallel()
	w := newIndexWorld(t, &Options{Relaxed: true})
	var file string
	w.must(w.reader.DB.QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list").Scan(&file))
	other, err := Open(t.Context(), "sqlite:"+file, nil)
	w.must(err)
	t.Cleanup(func() { _ = other.Close() })
	here := *w
	there := *w
	there.Store = other
	var all []made
	for range 40 {
		all = append(all, there.add(1, 20))
	}
	if a, b := here.near(), there.near(); len(a) != 40 || len(b) != 40 {
		t.Fatalf("%d and %d chunks are found, want 40", len(a), len(b))
	}
	for i, m := range all {
		if i%3 != 0 {
			there.remove(m)
		}
		if i%10 == 9 {
			there.compact() // forgets tombstones that the first process never saw
			there.add(1, 20)
		}
		if i%7 == 0 {
			if diff := cmp.Diff(there.near(), here.near()); diff != "" {
				t.Fatalf("two processes differ after %d (-there +here):\n%s", i, diff)
			}
		}
	}
	for i, m := range all {
		if i%3 == 0 && i%2 == 0 {
			there.remove(m)
		}
	}
	there.compact()
	if got := here.near(); len(got) != 7+4 {
		t.Errorf("%d chunks are found, want 11", len(got))
	}
	set := memoryOf(here.Store).set(vectorKey{w.ws.ID, 1}, w.space.Dimension)
	if set.chunks != 7+4 {
		t.Errorf("memory holds %d chunks as live, want 11", set.chunks)
	}
}

func TestASearchInAnOldTransactionNoticesThatMemoryIsAhead(t *testing.T) {
	t.Parallel()
	w := newIndexWorld(t, &Options{Relaxed: true})
	gone := w.add(3, 20)
	w.add(1, 20)
	before := w.near()
	err := w.read(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		v, err := look(ctx, tx, w.scope, "")
		w.must(err)
		set := memoryOf(w.Store).set(vectorKey{w.ws.ID, 1}, w.space.Dimension)
		w.remove(gone)
		w.add(1, 20)
		w.compact()
		if got := w.near(); len(got) != 2 {
			t.Errorf("%d chunks are found, want 2", len(got))
		}
		if _, err := set.update(ctx, tx, v); !errors.Is(err, errBehind) {
			t.Errorf("update() = %v, want %v", err, errBehind)
		}
		q := retrieval.DenseQuery{Space: w.space, Vector: make([]float32, w.space.Dimension), K: 10}
		q.Vector[0] = 1
		got, err := w.Index().(index).dense(ctx, tx, w.scope, denseSearch{DenseQuery: q, scan: true})
		if diff := cmp.Diff(before, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the old transaction sees something else (-before +now):\n%s", diff)
		}
		return err
	})
	w.must(err)
}

func TestTheVectorCacheKeepsToItsBudget(t *testing.T) {
	t.Parallel()
	c := &vectorCache{}
	sets := make([]*vectorSet, 5)
	for i := range sets {
		sets[i] = c.set(vectorKey{space: int64(i)}, 8)
		sets[i].codes.Append(make([]float32, 8))
		c.set(vectorKey{space: 0}, 8)
		c.budget = 3 * sets[i].size()
		c.shrink(sets[i])
	}
	for i, want := range []bool{true, false, false, true, true} {
		if _, ok := c.sets[vectorKey{space: int64(i)}]; ok != want {
			t.Errorf("set %d is there: %v, want %v", i, ok, want)
		}
	}
}
