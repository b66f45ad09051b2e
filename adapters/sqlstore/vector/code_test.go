package vector

import (
	"encoding/binary"
	"math"
	"math/big"
	"testing"
)

func FuzzTheScoreLiesInItsInterval(f *testing.F) {
	for _, fam := range families() {
		vectors := fam.make(random("seed", fam.name), 8, 13)
		for i := range 4 {
			f.Add(bytesOf(vectors[i]), bytesOf(vectors[7-i]))
		}
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		q, v := floatsOf(a), floatsOf(b)
		dim := min(len(q), len(v), MaxDim)
		if dim > 0 {
			contained(t, q[:dim], v[:dim])
		}
	})
}

func TestTheScoreLiesInItsIntervalForEveryFamilyOfVectors(t *testing.T) {
	t.Parallel()
	for _, fam := range families() {
		for _, dim := range []int{1, 2, 17, 100, 768, MaxDim} {
			vectors := fam.make(random("interval", fam.name), min(20, 1+200000/dim), dim)
			for i, v := range vectors {
				contained(t, vectors[0], v)
				contained(t, v, vectors[i/2])
			}
		}
	}
}

// contained checks that the interval for q and v holds their score.
func contained(t *testing.T, qv, v []float32) {
	t.Helper()
	s := NewSegment(len(v))
	s.Append(v)
	q, err := newQuery(qv, s.dim, s.stride)
	if err != nil {
		return
	}
	low, high := q.interval(dotRow(s.blocks[0].codes, q.wide), s.blocks[0].bounds[0])
	if _, finite := largest(v); !finite {
		if low == low || high == high {
			t.Fatalf("interval of a vector that is not finite = %v..%v, want NaN", low, high)
		}
		return
	}
	if score := Dot(qv, v); !(low <= score && score <= high) {
		t.Fatalf("score %v is not in %v..%v (%d components)", score, low, high, len(v))
	}
}

// The worst query for a vector is the one that points along what its code lost: there the inequality of Cauchy and
// Schwarz is an equation, and an error that is only slightly too small shows.
func TestTheScoreLiesInItsIntervalWhereTheBoundIsTight(t *testing.T) {
	t.Parallel()
	for _, dim := range []int{1, 5, 64, 768, 1536} {
		r := random("tight", dim)
		for range 50 {
			v, codes := gauss(r, dim), make([]int8, dim)
			b := encode(codes, v)
			along, against := make([]float32, dim), make([]float32, dim)
			for i, x := range v {
				along[i] = x - b.scale*float32(codes[i])
				against[i] = -along[i]
			}
			contained(t, along, v)
			contained(t, against, v)
		}
	}
}

func TestTheIntervalIsNarrow(t *testing.T) {
	t.Parallel()
	r := random("narrow")
	for _, dim := range []int{64, 384, 768, 3072} {
		s := NewSegment(dim)
		s.Append(unit(gauss(r, dim)))
		q, err := newQuery(unit(gauss(r, dim)), dim, s.stride)
		if err != nil {
			t.Fatal(err)
		}
		low, high := q.interval(dotRow(s.blocks[0].codes, q.wide), s.blocks[0].bounds[0])
		if width := high - low; width > 0.025 {
			t.Errorf("%d components: width %v", dim, width)
		}
	}
}

func TestTheCodeOfAQuerySplitsIntoBytes(t *testing.T) {
	t.Parallel()
	q := &query{wide: make([]int16, 1), high: make([]int8, 1), low: make([]int8, 1)}
	limit := int16(queryLimit(1))
	for d := -limit; d <= limit; d++ {
		q.set(0, d)
		if got := 256*int(q.high[0]) + int(q.low[0]); got != int(d) {
			t.Fatalf("256·%d + %d = %d, want %d", q.high[0], q.low[0], got, d)
		}
	}
}

func TestNoSumOverflows(t *testing.T) {
	t.Parallel()
	for dim := 1; dim <= MaxDim; dim++ {
		limit := int64(queryLimit(dim))
		if limit < maxCode || limit*maxCode*int64(dim) > math.MaxInt32 {
			t.Fatalf("%d components: limit %d", dim, limit)
		}
	}
}

func TestDotIsTheProductRoundedOnce(t *testing.T) {
	t.Parallel()
	r := random("dot")
	for dim := range 70 {
		a, b := gauss(r, dim), gauss(r, dim)
		exact := new(big.Float).SetPrec(2000)
		for i := range a {
			x, y := new(big.Float).SetPrec(2000).SetFloat64(float64(a[i])), big.NewFloat(float64(b[i]))
			exact.Add(exact, x.Mul(x, y))
		}
		if want, _ := exact.Float32(); Dot(a, b) != want {
			t.Errorf("Dot of %d components = %v, want %v", dim, Dot(a, b), want)
		}
	}
}

func TestDotOfFiniteVectorsIsNeverNaN(t *testing.T) {
	t.Parallel()
	huge := []float32{math.MaxFloat32, math.MaxFloat32, -math.MaxFloat32, -math.MaxFloat32}
	if got := Dot(huge, []float32{2, 2, 2, 2}); got != 0 {
		t.Errorf("Dot = %v, want 0", got)
	}
	if got := Dot(huge[:1], huge[:1]); !math.IsInf(float64(got), 1) {
		t.Errorf("Dot = %v, want +Inf", got)
	}
}

func bytesOf(v []float32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func floatsOf(b []byte) []float32 {
	var v []float32
	for ; len(b) >= 4; b = b[4:] {
		v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return v
}
