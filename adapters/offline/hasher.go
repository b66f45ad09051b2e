package offline

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Features of a term: itself, and the n-grams of its characters that begin at the start mark or after it.
const (
	shortestGram = 3
	longestGram  = 5
	startMark    = "<"
	wholeWeight  = 2    // of the term itself, against 1 for an n-gram
	precision    = 4096 // fixed point: the unit in which weights are summed
)

// hasher makes vectors. Sums are kept in integers and every floating-point step is one that IEEE 754 rounds the same way
// everywhere, so that no machine's fused multiply-add or logarithm can change a bit.
type hasher struct {
	sums   [dimension]int64
	counts map[string]int
	order  []string // distinct terms as they first occur
}

// vector returns the vector of a text that is not blank.
func (h *hasher) vector(s string) llm.Vector {
	h.reset()
	for _, t := range termsOf(s) {
		if h.counts[t]++; h.counts[t] == 1 {
			h.order = append(h.order, t)
		}
	}
	for _, t := range h.order {
		h.add(t, h.counts[t])
	}
	if h.sums == [dimension]int64{} { // everything collided and cancelled out
		h.feature(finish(extend(seed, s)), precision)
	}
	return h.normalised()
}

func (h *hasher) reset() {
	clear(h.sums[:])
	h.order = h.order[:0]
	if h.counts == nil {
		h.counts = make(map[string]int, 128)
	}
	clear(h.counts)
}

// add adds the features of a term. With n features each weighs n to the power of -1/4: a long word, which is likely to be
// a rare one, counts more than a short one, but less than its number of n-grams would make it.
func (h *hasher) add(term string, count int) {
	marked := startMark + term
	n := grams(marked)
	if hasDigit(term) { // 2015 and 2016 look alike and are not
		n = 0
	}
	unit := int64(precision * math.Sqrt(float64(count)) / math.Sqrt(math.Sqrt(float64(n+1))))
	h.feature(finish(extend(seed, term)), wholeWeight*unit)
	if n == 0 {
		return
	}
	for start := 0; start < len(marked); start += width(marked[start:]) {
		sum, end := seed, start
		for size := 1; size <= longestGram && end < len(marked); size++ {
			next := end + width(marked[end:])
			sum = extend(sum, marked[end:next])
			end = next
			if size >= shortestGram {
				h.feature(finish(sum^uint64(size)), unit)
			}
		}
	}
}

// feature adds a weight to the place, and with the sign, that the hash of the feature chooses.
func (h *hasher) feature(hash uint64, weight int64) {
	if hash>>63 == 1 {
		weight = -weight
	}
	h.sums[hash%dimension] += weight
}

func (h *hasher) normalised() llm.Vector {
	var squares float64
	for _, x := range h.sums {
		squares += float64(float64(x) * float64(x))
	}
	norm := math.Sqrt(squares)
	v := make(llm.Vector, dimension)
	for i, x := range h.sums {
		v[i] = float32(float64(x) / norm)
	}
	return v
}

// grams returns how many n-grams a marked term has.
func grams(marked string) int {
	runes, n := utf8.RuneCountInString(marked), 0
	for size := shortestGram; size <= longestGram; size++ {
		n += max(0, runes-size+1)
	}
	return n
}

func width(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// seed is the offset basis of FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), 64 bits.
const seed uint64 = 14695981039346656037

// extend continues an FNV-1a hash.
func extend(hash uint64, s string) uint64 {
	for i := range len(s) {
		hash = (hash ^ uint64(s[i])) * 1099511628211
	}
	return hash
}

// finish spreads a hash over all its bits, which FNV-1a does badly on short keys, by the finaliser of MurmurHash3
// (A. Appleby).
func finish(hash uint64) uint64 {
	hash ^= hash >> 33
	hash *= 0xff51afd7ed558ccd
	hash ^= hash >> 33
	hash *= 0xc4ceb9fe1a85ec53
	return hash ^ hash>>33
}
