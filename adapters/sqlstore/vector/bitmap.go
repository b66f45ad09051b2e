package vector

import "math/bits"

// Bitmap is a set of indexes. The zero value is empty and ready to use; it grows as needed. It is not safe for
// concurrent use while one of the users changes it.
type Bitmap struct {
	words []uint64
}

// Set adds index i, which must not be negative.
func (b *Bitmap) Set(i int) {
	if need := i/64 + 1; need > len(b.words) {
		b.words = append(b.words, make([]uint64, need-len(b.words))...)
	}
	b.words[i/64] |= 1 << (i % 64)
}

// Clear removes index i. It does nothing when i is not in the set.
func (b *Bitmap) Clear(i int) {
	if b.Get(i) {
		b.words[i/64] &^= 1 << (i % 64)
	}
}

// Get reports whether index i is in the set.
func (b *Bitmap) Get(i int) bool {
	return i >= 0 && b.word(i/64)>>(i%64)&1 == 1
}

// Count returns how many indexes are in the set.
func (b *Bitmap) Count() int {
	n := 0
	for _, w := range b.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// word returns the bits of the indexes 64·w to 64·w+63. A nil bitmap is the set of all indexes.
func (b *Bitmap) word(w int) uint64 {
	if b == nil {
		return ^uint64(0)
	}
	if w >= len(b.words) {
		return 0
	}
	return b.words[w]
}
