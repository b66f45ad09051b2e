package vector

import (
	"errors"
	"fmt"
	"math"
)

// How a score is bounded.
//
// A stored vector v of n components is coded as v = s·c + r: integers c with |c| <= 127, one scale s, and what is
// left, r. A query q is coded as q = t·d + u in the same way, but with 16-bit integers d, since there is only one
// query. The scan computes the integer c·d without any error and takes t·s·(c·d) for the score. Then
//
//	q·v - (t·d)·(s·c) = q·r + u·(s·c)
//
// and with the inequality of Cauchy and Schwarz, R >= |r| and W = 127·√n·s >= |s·c|:
//
//	|q·v - t·s·(c·d)| <= |q|·R + |u|·W
//
// R is measured on the code that was stored, not derived from how rounding should have gone, so the bound holds for
// any choice of s, underflow included.
//
// Float arithmetic adds to this. Dot sums n products that are exact in float64, so its sum is off by at most
// n·2⁻⁵³·|q|·|v| with |v| <= W + R; each of the few float64 operations here is off by 2⁻⁵³ of its result, and the norms
// |q| and |u| by n·2⁻⁵³. All of that is less than ρ·|q|·(R + W) + ρ·|u|·W for ρ = (n + 64)·2⁻⁵², twice what is needed:
//
//	error = |q|·(1 + ρ)·R + (|u|·(1 + ρ) + |q|·ρ)·W
//
// Dot rounds its sum to float32. Rounding is monotone, so the score lies between the rounded ends of the interval:
// that step costs nothing, and sums that overflow to an infinity are ordered rightly as well.

// maxCode is the largest integer in the code of a stored vector.
const maxCode = 127

// bound says what the integers in the code of a vector are worth.
type bound struct {
	scale    float32 // value of the integer 1
	residual float32 // upper bound of the norm of what the code lost; NaN for a vector that must not be found
}

// encode writes the code of v to codes, which has the length of v and holds zeros.
func encode(codes []int8, v []float32) bound {
	peak, finite := largest(v)
	if !finite {
		return bound{residual: float32(math.NaN())}
	}
	// A scale of 24 bits makes scale·code and the difference below exact in float64.
	scale := float32(peak / maxCode)
	var inverse, sum float64
	if scale > 0 {
		inverse = 1 / float64(scale)
	}
	for i, x := range v {
		c := math.RoundToEven(float64(x) * inverse)
		c = max(-maxCode, min(maxCode, c)) // a subnormal scale may be far too small
		codes[i] = int8(c)
		r := float64(x) - float64(scale)*c
		sum += r * r
	}
	return bound{scale: scale, residual: roundUp(math.Sqrt(sum))}
}

// roundUp converts a norm to a float32 that is larger by more than the error of computing the norm.
func roundUp(norm float64) float32 {
	if norm == 0 {
		return 0
	}
	return math.Nextafter32(float32(norm), float32(math.Inf(1)))
}

// largest returns the largest magnitude in v, and whether all components are finite.
func largest(v []float32) (peak float64, finite bool) {
	for _, x := range v {
		a := math.Abs(float64(x))
		if !(a <= math.MaxFloat32) {
			return 0, false
		}
		peak = max(peak, a)
	}
	return peak, true
}

// query is a coded query.
type query struct {
	wide      []int16 // the code, padded to the stride of the segment
	high, low []int8  // the same code as 256·high + low, for kernels that multiply bytes

	step        float64 // value of the integer 1
	perResidual float64 // error for each unit of bound.residual
	perScale    float64 // error for each unit of bound.scale
}

// errNotFinite tells of a query that no vector can be compared with.
var errNotFinite = errors.New("query vector has a component that is not finite")

// newQuery codes v for rows of stride bytes.
func newQuery(v []float32, dim, stride int) (*query, error) {
	if len(v) != dim {
		return nil, fmt.Errorf("query vector has %d components, want %d", len(v), dim)
	}
	peak, finite := largest(v)
	if !finite {
		return nil, errNotFinite
	}
	q := &query{wide: make([]int16, stride), high: make([]int8, stride), low: make([]int8, stride)}
	var inverse float64
	limit := queryLimit(dim)
	if peak > 0 {
		q.step = peak / limit
		inverse = 1 / q.step
	}
	var norm, lost float64
	for i, x := range v {
		d := max(-limit, min(limit, math.RoundToEven(float64(x)*inverse)))
		u := float64(x) - q.step*d
		norm += float64(x) * float64(x)
		lost += u * u
		q.set(i, int16(d))
	}
	q.certify(dim, math.Sqrt(norm), math.Sqrt(lost))
	return q, nil
}

// queryLimit is the largest integer in the code of a query: no sum of dim products overflows an int32, and the integer
// still splits into two signed bytes.
func queryLimit(dim int) float64 {
	const twoBytes = 127*256 + 127
	return float64(min(twoBytes, math.MaxInt32/(maxCode*dim)))
}

// set stores one component in both forms.
func (q *query) set(i int, d int16) {
	q.wide[i] = d
	q.low[i] = int8(d)
	q.high[i] = int8((d - int16(q.low[i])) >> 8)
}

// certify derives the two factors of the error from the norms of the query and of what its code lost.
func (q *query) certify(dim int, norm, lost float64) {
	rho := float64(dim+64) * 0x1p-52
	q.perResidual = norm * (1 + rho)
	q.perScale = (lost*(1+rho) + norm*rho) * maxCode * math.Sqrt(float64(dim))
}

// interval returns two scores between which the result of Dot lies, ends included. Both are NaN for a vector that must
// not be found.
func (q *query) interval(dot int32, b bound) (low, high float32) {
	scale := float64(b.scale)
	score := float64(dot) * (q.step * scale)
	margin := q.perResidual*float64(b.residual) + q.perScale*scale
	return float32(score - margin), float32(score + margin)
}
