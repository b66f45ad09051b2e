package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// world is a segment beside the vectors that were appended to it.
type world struct {
	segment *Segment
	vectors [][]float32
	asked   int // how many vectors had to be rescored
}

func newWorld(dim int, vectors [][]float32) *world {
	w := &world{segment: NewSegment(dim), vectors: vectors}
	for _, v := range vectors {
		w.segment.Append(v)
	}
	return w
}

// search is Search with true scores from memory.
func (w *world) search(t testing.TB, q []float32, k int, allow *Bitmap) []Candidate {
	t.Helper()
	got, err := w.segment.Search(q, k, allow, w.rescorer(q))
	if err != nil {
		t.Fatalf("Search: %v", err)
	}
	return got
}

func (w *world) rescorer(q []float32) func([]int, []float32) error {
	return func(indexes []int, out []float32) error {
		w.asked += len(indexes)
		for i, index := range indexes {
			out[i] = Dot(q, w.vectors[index])
		}
		return nil
	}
}

// loop is the reference: the score of every vector that may be found, sorted.
func (w *world) loop(q []float32, k int, allow *Bitmap) []Candidate {
	var all []Candidate
	for i, v := range w.vectors {
		if _, finite := largest(v); finite && (allow == nil || allow.Get(i)) {
			all = append(all, Candidate{Index: i, Score: Dot(q, v)})
		}
	}
	slices.SortFunc(all, compare)
	return all[:min(k, len(all))]
}

// family makes sets of vectors of one kind.
type family struct {
	name string
	make func(r *rand.Rand, n, dim int) [][]float32
}

func families() []family {
	return []family{
		{"random", func(r *rand.Rand, n, dim int) [][]float32 {
			return fill(n, func(int) []float32 { return unit(gauss(r, dim)) })
		}},
		{"clustered", clustered},
		{"duplicate", func(r *rand.Rand, n, dim int) [][]float32 {
			few := fill(5, func(int) []float32 { return unit(gauss(r, dim)) })
			return fill(n, func(int) []float32 { return few[r.IntN(len(few))] })
		}},
		{"zero", func(r *rand.Rand, n, dim int) [][]float32 {
			return fill(n, func(i int) []float32 {
				if i%3 > 0 {
					return make([]float32, dim)
				}
				return unit(gauss(r, dim))
			})
		}},
		{"all zero", func(_ *rand.Rand, n, dim int) [][]float32 {
			return fill(n, func(int) []float32 { return make([]float32, dim) })
		}},
		{"tiny", scaled(func(r *rand.Rand) float64 { return math.Exp2(-149 + 20*r.Float64()) })},
		{"huge", scaled(func(r *rand.Rand) float64 { return math.Exp2(125 - 3*r.Float64()) })},
		{"any magnitude", scaled(func(r *rand.Rand) float64 { return math.Exp2(-140 + 265*r.Float64()) })},
		{"one spike", func(r *rand.Rand, n, dim int) [][]float32 {
			return fill(n, func(int) []float32 {
				v := gauss(r, dim)
				v[r.IntN(dim)] *= 1000
				return unit(v)
			})
		}},
		{"not finite", func(r *rand.Rand, n, dim int) [][]float32 {
			odd := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
			return fill(n, func(i int) []float32 {
				v := unit(gauss(r, dim))
				if i%4 < len(odd) {
					v[r.IntN(dim)] = odd[i%4]
				}
				return v
			})
		}},
		{"rising", func(r *rand.Rand, n, dim int) [][]float32 {
			v := gauss(r, dim)
			return fill(n, func(i int) []float32 {
				w := slices.Clone(v)
				for j := range w {
					w[j] *= 1 + float32(i)*1e-4
				}
				return w
			})
		}},
	}
}

func clustered(r *rand.Rand, n, dim int) [][]float32 {
	centres := fill(max(1, n/100), func(int) []float32 { return unit(gauss(r, dim)) })
	return fill(n, func(int) []float32 {
		v, noise := slices.Clone(centres[r.IntN(len(centres))]), unit(gauss(r, dim))
		for i := range v {
			v[i] += 0.1 * noise[i]
		}
		return unit(v)
	})
}

func scaled(factor func(*rand.Rand) float64) func(*rand.Rand, int, int) [][]float32 {
	return func(r *rand.Rand, n, dim int) [][]float32 {
		return fill(n, func(int) []float32 {
			v, f := gauss(r, dim), factor(r)
			for i := range v {
				v[i] = float32(float64(v[i]) * f)
				v[i] = max(-math.MaxFloat32, min(math.MaxFloat32, v[i]))
			}
			return v
		})
	}
}

func fill(n int, one func(i int) []float32) [][]float32 {
	all := make([][]float32, n)
	for i := range all {
		all[i] = one(i)
	}
	return all
}

func gauss(r *rand.Rand, dim int) []float32 {
	v := make([]float32, dim)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

func unit(v []float32) []float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(sum))
	}
	return v
}

func random(parts ...any) *rand.Rand {
	seed := uint64(14695981039346656037)
	for _, b := range []byte(fmt.Sprint(parts...)) {
		seed = (seed ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, 1))
}
