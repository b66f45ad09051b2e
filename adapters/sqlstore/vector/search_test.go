package vector

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSearchReturnsWhatALoopOverAllVectorsReturns(t *testing.T) {
	t.Parallel()
	for _, f := range families() {
		for _, dim := range []int{1, 3, 31, 32, 33, 256, 384, 768, 1536} {
			t.Run(fmt.Sprint(f.name, "/", dim), func(t *testing.T) {
				t.Parallel()
				agree(t, f, dim, 1100) // more than a block, and not a whole number of groups
			})
		}
	}
}

// agree compares Search with a loop over n vectors for queries near and far, result sizes and bitmaps.
func agree(t *testing.T, f family, dim, n int) {
	r := random(f.name, dim)
	w := newWorld(dim, f.make(r, n, dim))
	queries := append(f.make(r, 2, dim), w.vectors[n/2], make([]float32, dim))
	for _, share := range []float64{-1, 0, 0.01, 0.5} {
		var allow *Bitmap
		if share >= 0 {
			allow = new(Bitmap)
		}
		for i := 0; i < n+100 && allow != nil; i++ { // bits beyond the end don't matter
			if r.Float64() < share {
				allow.Set(i)
			}
		}
		for i, q := range queries {
			if _, finite := largest(q); !finite {
				continue
			}
			all := w.loop(q, n, allow)
			for _, k := range []int{1, 10, 64, n + 1} {
				got, want := w.search(t, q, k, allow), all[:min(k, len(all))]
				if !slices.Equal(got, want) {
					t.Fatalf("query %d, k %d, share %v:\n%s", i, k, share, cmp.Diff(want, got))
				}
			}
		}
	}
}

func TestSearchDoesNotDependOnKernelOrNumberOfGoroutines(t *testing.T) {
	t.Parallel()
	r := random("workers")
	w := newWorld(48, clustered(r, 3000, 48))
	q, err := newQuery(w.vectors[17], 48, w.segment.stride)
	if err != nil {
		t.Fatal(err)
	}
	want := w.loop(w.vectors[17], 20, nil)
	for _, kernel := range kernels() {
		for _, workers := range []int{1, 2, 3, 7, 1000} {
			w.segment.dot = kernel.run
			best := top{size: 20}
			if _, err := refine(w.segment.candidates(q, nil, 20, workers), &best, w.rescorer(w.vectors[17])); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, best.sorted()); diff != "" {
				t.Errorf("%s with %d goroutines (-want +got):\n%s", kernel.name, workers, diff)
			}
		}
	}
}

func TestSearchRescoresOnlyUntilNoOtherVectorCanBeAmongTheBest(t *testing.T) {
	t.Parallel()
	const n, dim, k = 4000, 1536, 10
	r := random("few")
	w := newWorld(dim, fill(n, func(int) []float32 { return unit(gauss(r, dim)) }))
	q := unit(gauss(r, dim))
	code, err := newQuery(q, w.segment.dim, w.segment.stride)
	if err != nil {
		t.Fatal(err)
	}
	possible := len(w.segment.candidates(code, nil, k, 1))
	w.search(t, q, k, nil)
	if possible > n/20 || w.asked >= possible {
		t.Errorf("rescored %d of %d candidates of %d vectors", w.asked, possible, n)
	}
}

func TestSearchBreaksATieWithAVectorWhoseScoreIsKnownExactly(t *testing.T) {
	t.Parallel()
	vectors := [][]float32{{0, 0}} // its upper bound is 0, below that of all the others, which score 0 as well
	for i := range 3 * firstBatch {
		vectors = append(vectors, []float32{0, 1 + float32(i)/7})
	}
	w := newWorld(2, vectors)
	if diff := cmp.Diff([]Candidate{{Index: 0}}, w.search(t, []float32{1, 0}, 1, nil)); diff != "" {
		t.Errorf("Search (-want +got):\n%s", diff)
	}
}

func TestSearchOfManyEqualVectorsRescoresInBatches(t *testing.T) {
	t.Parallel()
	v := unit(gauss(random("equal"), 64))
	w := newWorld(64, fill(3000, func(int) []float32 { return v }))
	seen := map[int]bool{}
	got, err := w.segment.Search(v, 3, nil, func(indexes []int, out []float32) error {
		if len(indexes) > maxBatch {
			t.Errorf("batch of %d", len(indexes))
		}
		for _, i := range indexes {
			if seen[i] {
				t.Errorf("index %d is rescored twice", i)
			}
			seen[i] = true
		}
		return w.rescorer(v)(indexes, out)
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.loop(v, 3, nil), got); diff != "" {
		t.Errorf("Search (-want +got):\n%s", diff)
	}
}

func TestSearchFillsTheGapsOfVectorsThatAreGone(t *testing.T) {
	t.Parallel()
	const k = 10
	for _, share := range []int{1, 2, 5, 100} { // every so many of the best vectors is gone
		t.Run(fmt.Sprint("every ", share), func(t *testing.T) {
			t.Parallel()
			w := newWorld(96, clustered(random("gone"), 2000, 96))
			q := w.vectors[5]
			gone := new(Bitmap)
			for i, c := range w.loop(q, 1500, nil) {
				if i%share == 0 {
					gone.Set(c.Index)
				}
			}
			left := new(Bitmap)
			for i := range w.vectors {
				if !gone.Get(i) {
					left.Set(i)
				}
			}
			got, err := w.segment.Search(q, k, nil, func(indexes []int, out []float32) error {
				for i, index := range indexes {
					out[i] = Dot(q, w.vectors[index])
					if gone.Get(index) {
						out[i] = float32(math.NaN())
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(w.loop(q, k, left), got); diff != "" {
				t.Errorf("Search (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSearchReturnsNothingWhenEveryVectorIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(8, clustered(random("none"), 700, 8))
	calls := 0
	got, err := w.segment.Search(w.vectors[0], 5, nil, func(_ []int, out []float32) error {
		calls++
		for i := range out {
			out[i] = float32(math.NaN())
		}
		return nil
	})
	if err != nil || len(got) > 0 {
		t.Errorf("Search = %v, %v, want nothing", got, err)
	}
	if calls > 40 {
		t.Errorf("%d calls of rescore", calls)
	}
}

func TestSearchOfNothingDoesNotRescore(t *testing.T) {
	t.Parallel()
	full, empty := newWorld(2, [][]float32{{1, 0}}), newWorld(2, nil)
	for name, search := range map[string]func() []Candidate{
		"no vectors":   func() []Candidate { return empty.search(t, []float32{1, 0}, 5, nil) },
		"none wanted":  func() []Candidate { return full.search(t, []float32{1, 0}, 0, nil) },
		"negative k":   func() []Candidate { return full.search(t, []float32{1, 0}, -1, nil) },
		"none allowed": func() []Candidate { return full.search(t, []float32{1, 0}, 5, new(Bitmap)) },
	} {
		if got := search(); len(got) > 0 {
			t.Errorf("%s: Search = %v, want nothing", name, got)
		}
	}
	if full.asked+empty.asked > 0 {
		t.Errorf("rescored %d vectors", full.asked+empty.asked)
	}
}

func TestSearchRefusesQueriesThatNothingComparesWith(t *testing.T) {
	t.Parallel()
	w := newWorld(2, [][]float32{{1, 0}})
	for _, q := range [][]float32{nil, {1}, {1, 0, 0}, {float32(math.NaN()), 0}, {0, float32(math.Inf(-1))}} {
		if got, err := w.segment.Search(q, 1, nil, w.rescorer(q)); err == nil {
			t.Errorf("Search(%v) = %v, want an error", q, got)
		}
	}
}

func TestSearchEndsWithTheErrorOfRescore(t *testing.T) {
	t.Parallel()
	w := newWorld(2, [][]float32{{1, 0}})
	broken := errors.New("disk is on fire")
	_, err := w.segment.Search([]float32{1, 0}, 1, nil, func([]int, []float32) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("Search: error %v, want %v", err, broken)
	}
}

func TestSearchesRunSideBySide(t *testing.T) {
	t.Parallel()
	w := newWorld(256, clustered(random("side"), 9000, 256)) // more than one share
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			mine := &world{segment: w.segment, vectors: w.vectors}
			q := w.vectors[i]
			if diff := cmp.Diff(w.loop(q, 10, nil), mine.search(t, q, 10, nil)); diff != "" {
				t.Errorf("Search (-want +got):\n%s", diff)
			}
		})
	}
}
