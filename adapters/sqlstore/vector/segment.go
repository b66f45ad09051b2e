// Package vector finds the vectors with the largest inner product exactly, at the cost of an approximate search. It
// keeps one byte per component in memory (scalar quantisation) together with a certified bound of what that coding
// lost, so that a scan over the codes yields an interval that holds the true score of each vector. Only vectors whose
// interval reaches into the top k are looked up in full, from wherever the owner stores them. The idea is the
// approximate scan with exact refinement of the vector approximation file (Weber, Schek, Blott, VLDB 1998).
//
// The package holds no float32 vectors, reads no database and takes no locks: its owner does.
package vector

import "fmt"

// MaxDim is the largest dimension of a Segment. Up to here the norm of what a code loses fits in a float32.
const MaxDim = 32768

const (
	// stripe is what rows are padded to, in components, so that no kernel needs a loop for a tail.
	stripe = 64
	// group is how many rows one kernel call may cover: a word of a Bitmap.
	group = 64
	// blockRows is how many rows a block holds when full, a multiple of group, so that no group spans two blocks.
	blockRows = 1024
)

// Segment is an append-only set of coded vectors of one dimension. Vectors are known by their index, counted from 0
// in the order of Append. Searches may run at the same time as each other, but not at the same time as an Append: the
// owner guards a Segment with a sync.RWMutex. Make one with NewSegment.
type Segment struct {
	dim    int
	stride int // dim rounded up to a multiple of stripe: bytes per row
	count  int
	blocks []block
	dot    kernel
}

// block holds up to blockRows rows. Growing by blocks copies no more than one block, however large the segment.
type block struct {
	codes  []int8  // rows of stride bytes, padded with zeros
	bounds []bound // one for each row
}

// NewSegment makes an empty segment for vectors with dim components. It panics when dim is not in 1..MaxDim: the
// owner checks what comes from outside.
func NewSegment(dim int) *Segment {
	if dim < 1 || dim > MaxDim {
		panic(fmt.Sprintf("vector: dimension %d is not in 1..%d", dim, MaxDim))
	}
	return &Segment{
		dim:    dim,
		stride: (dim + stripe - 1) / stripe * stripe,
		dot:    kernels()[0].run,
	}
}

// Append codes v and returns its index. It keeps no reference to v. A vector with a NaN or an infinite component gets
// an index like any other, but no search returns it: it has no place in an order. It panics when the length of v is
// not Dim.
func (s *Segment) Append(v []float32) int {
	if len(v) != s.dim {
		panic(fmt.Sprintf("vector: append of %d components to a segment of dimension %d", len(v), s.dim))
	}
	if s.count%blockRows == 0 {
		s.blocks = append(s.blocks, block{})
	}
	b := &s.blocks[len(s.blocks)-1]
	row := b.extend(s.stride)
	b.bounds = append(b.bounds, encode(row[:s.dim], v))
	s.count++
	return s.count - 1
}

// extend adds a row of zeros to the block and returns it. Capacity doubles up to a full block, so a segment of a few
// vectors is small and a full block wastes nothing.
func (b *block) extend(stride int) []int8 {
	n := len(b.codes)
	if n == cap(b.codes) {
		rows := min(max(4, 2*len(b.bounds)), blockRows)
		b.codes = append(make([]int8, 0, rows*stride), b.codes...)
		b.bounds = append(make([]bound, 0, rows), b.bounds...)
	}
	b.codes = b.codes[:n+stride]
	return b.codes[n:]
}

// Len returns how many vectors were appended.
func (s *Segment) Len() int { return s.count }

// Dim returns how many components a vector has.
func (s *Segment) Dim() int { return s.dim }

// Bytes returns how much memory the segment holds, in bytes.
func (s *Segment) Bytes() int64 {
	const segmentBytes, blockBytes, boundBytes = 56, 48, 8
	total := int64(segmentBytes + cap(s.blocks)*blockBytes)
	for _, b := range s.blocks {
		total += int64(cap(b.codes) + cap(b.bounds)*boundBytes)
	}
	return total
}
