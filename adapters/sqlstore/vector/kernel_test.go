package vector

import (
	"slices"
	"testing"
)

func TestEveryKernelGivesTheResultsOfThePortableOne(t *testing.T) {
	t.Parallel()
	for _, k := range kernels() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			r := random("kernels")
			for _, dim := range []int{64, 128, 192, 384, 768, 1536, 4096} {
				for _, rows := range []int{0, 1, 2, 3, 4, 5, 7, 8, 11, 64} {
					codes := make([]int8, rows*dim)
					for i := range codes {
						codes[i] = int8(r.IntN(2*maxCode+1) - maxCode)
					}
					q := randomQuery(dim, func() int { return r.IntN(2*int(queryLimit(dim))+1) - int(queryLimit(dim)) })
					compareKernels(t, k, q, codes, rows)
				}
			}
		})
	}
}

func TestEveryKernelComputesTheLargestSums(t *testing.T) {
	t.Parallel()
	for _, k := range kernels() {
		for _, dim := range []int{64, 768, MaxDim} {
			limit := int(queryLimit(dim))
			for _, d := range []int{limit, -limit} {
				q := randomQuery(dim, func() int { return d })
				codes := slices.Repeat([]int8{maxCode}, 5*dim)
				compareKernels(t, k, q, codes, 5)
				out := make([]int32, 5)
				k.run(codes, q, out)
				if want := int32(maxCode * d * dim); out[4] != want {
					t.Errorf("%s: %d, want %d", k.name, out[4], want)
				}
			}
		}
	}
}

func TestKernelsWriteNothingBeyondTheirResults(t *testing.T) {
	t.Parallel()
	for _, k := range kernels() {
		q := randomQuery(64, func() int { return 1 })
		for rows := range 10 {
			out := slices.Repeat([]int32{-1}, rows+8)
			k.run(slices.Repeat([]int8{1}, rows*64), q, out[:rows])
			want := append(slices.Repeat([]int32{64}, rows), slices.Repeat([]int32{-1}, 8)...)
			if !slices.Equal(out, want) {
				t.Errorf("%s of %d rows: %v, want %v", k.name, rows, out, want)
			}
		}
	}
}

func randomQuery(dim int, component func() int) *query {
	q := &query{wide: make([]int16, dim), high: make([]int8, dim), low: make([]int8, dim)}
	for i := range dim {
		q.set(i, int16(component()))
	}
	return q
}

func compareKernels(t *testing.T, k namedKernel, q *query, codes []int8, rows int) {
	t.Helper()
	got, want := make([]int32, rows), make([]int32, rows)
	k.run(codes, q, got)
	portable().run(codes, q, want)
	if !slices.Equal(got, want) {
		t.Errorf("%s of %d rows of %d: %v, want %v", k.name, rows, len(q.wide), got, want)
	}
}

func BenchmarkKernel(b *testing.B) {
	const dim, rows = 768, 64
	for _, k := range kernels() {
		b.Run(k.name, func(b *testing.B) {
			q := randomQuery(dim, func() int { return 7 })
			codes, out := slices.Repeat([]int8{3}, rows*dim), make([]int32, rows)
			b.SetBytes(int64(len(codes)))
			for b.Loop() {
				k.run(codes, q, out)
			}
		})
	}
}
