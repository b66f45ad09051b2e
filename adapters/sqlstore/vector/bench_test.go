package vector

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"testing"
)

const benchDim, benchTop = 768, 10

// BenchmarkSearch measures Search, with true scores from memory, and checks that it finds exactly the best.
func BenchmarkSearch(b *testing.B) {
	for _, f := range families()[:2] {
		for _, n := range []int{10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", f.name, n), func(b *testing.B) {
				w, queries := benchWorld(f, n)
				for _, q := range queries {
					if got, want := w.search(b, q, benchTop, nil), w.loop(q, benchTop, nil); !slices.Equal(got, want) {
						b.Fatalf("Search = %v, want %v", got, want)
					}
				}
				w.asked = 0
				i := 0
				for b.Loop() {
					w.search(b, queries[i%len(queries)], benchTop, nil)
					i++
				}
				b.ReportMetric(float64(w.asked)/float64(i), "candidates/op")
			})
		}
	}
}

// BenchmarkPlainLoop measures what Search stands in for: one pass over float32 vectors, one heap.
func BenchmarkPlainLoop(b *testing.B) {
	for _, f := range families()[:2] {
		for _, n := range []int{10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", f.name, n), func(b *testing.B) {
				w, queries := benchWorld(f, n)
				i := 0
				for b.Loop() {
					if got := plainLoop(w.vectors, queries[i%len(queries)]); len(got) != benchTop {
						b.Fatalf("%d results", len(got))
					}
					i++
				}
			})
		}
	}
}

// benchWorld makes n vectors in one piece of memory, as a good plain loop would have them, and queries.
func benchWorld(f family, n int) (w *world, queries [][]float32) {
	vectors := f.make(random("bench", f.name), n+8, benchDim)
	flat := slices.Concat(vectors...)
	for i := range vectors {
		vectors[i] = flat[i*benchDim : (i+1)*benchDim]
	}
	return newWorld(benchDim, vectors[:n]), vectors[n:]
}

func plainLoop(vectors [][]float32, q []float32) []Candidate {
	var best worstFirst
	for i, v := range vectors {
		var score float32
		for j := range v {
			score += v[j] * q[j]
		}
		if len(best) < benchTop {
			heap.Push(&best, Candidate{i, score})
		} else if score > best[0].Score {
			best[0] = Candidate{i, score}
			heap.Fix(&best, 0)
		}
	}
	slices.SortFunc(best, func(a, b Candidate) int { return cmp.Compare(b.Score, a.Score) })
	return best
}

// worstFirst is a heap.Interface with the lowest score at its root.
type worstFirst []Candidate

func (h worstFirst) Len() int           { return len(h) }
func (h worstFirst) Less(i, j int) bool { return h[i].Score < h[j].Score }
func (h worstFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *worstFirst) Push(x any)        { *h = append(*h, x.(Candidate)) }
func (h *worstFirst) Pop() any          { panic("nothing is taken from this heap") }
