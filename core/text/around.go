package text

import (
	"sort"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// Around widens a span of s to at most size characters (code points), half of what is added on either side where both have as
// much. It then begins and ends with a sentence, or inside a longer one at a space or else between two grapheme clusters. The
// span itself is never cut, however long it is.
func Around(s string, hit Span, size int) Span {
	spare := size - utf8.RuneCountInString(s[hit.Start:hit.End])
	if spare <= 0 {
		return hit
	}
	before, after := back(s, hit.Start, spare), ahead(s, hit.End, spare)
	left, right := utf8.RuneCountInString(s[before:hit.Start]), utf8.RuneCountInString(s[hit.End:after])
	right = min(right, spare-min(left, spare/2))
	left = min(left, spare-right)
	w := widening{s: s, hit: hit, sentences: Sentences(s)}
	return Span{Start: w.start(back(s, hit.Start, left)), End: w.end(ahead(s, hit.End, right))}
}

// back returns the index n characters before i, or 0.
func back(s string, i, n int) int {
	for ; n > 0 && i > 0; n-- {
		_, width := utf8.DecodeLastRuneInString(s[:i])
		i -= width
	}
	return i
}

// ahead returns the index n characters after i, or the length of s.
func ahead(s string, i, n int) int {
	for ; n > 0 && i < len(s); n-- {
		_, width := utf8.DecodeRuneInString(s[i:])
		i += width
	}
	return i
}

// widening looks for good ends of a wider span.
type widening struct {
	s         string
	hit       Span
	sentences []Span
}

// start returns where the wider span begins, at low at the earliest.
func (w *widening) start(low int) int {
	k := sort.Search(len(w.sentences), func(k int) bool { return w.sentences[k].Start >= low })
	if k < len(w.sentences) && w.sentences[k].Start <= w.hit.Start {
		return w.sentences[k].Start
	}
	if k == 0 || w.sentences[k-1].End <= w.hit.Start {
		return w.hit.Start // only white space is between them
	}
	best := w.hit.Start
	for at, afterSpace := range w.clusters(w.sentences[k-1]) {
		if at < low || at > w.hit.Start {
			continue
		}
		best = min(best, at)
		if afterSpace {
			return at
		}
	}
	return best
}

// end returns where the wider span ends, at high at the latest.
func (w *widening) end(high int) int {
	k := sort.Search(len(w.sentences), func(k int) bool { return w.sentences[k].End > high })
	if k > 0 && w.sentences[k-1].End >= w.hit.End {
		return w.sentences[k-1].End
	}
	if k == len(w.sentences) || w.sentences[k].Start >= w.hit.End {
		return w.hit.End
	}
	best, spaced := w.hit.End, false
	for at := range w.clusters(w.sentences[k]) {
		if at <= w.hit.End || at > high {
			continue
		}
		next, _ := utf8.DecodeRuneInString(w.s[at:])
		if space := unicode.IsSpace(next); space || !spaced {
			best, spaced = at, space
		}
	}
	return best
}

// clusters yields the ends of the grapheme clusters of a span, and whether the cluster is white space.
func (w *widening) clusters(span Span) func(yield func(at int, space bool) bool) {
	return func(yield func(int, bool) bool) {
		it := graphemes.FromString(w.s[span.Start:span.End])
		for it.Next() {
			first, _ := utf8.DecodeRuneInString(it.Value())
			if !yield(span.Start+it.End(), unicode.IsSpace(first)) {
				return
			}
		}
	}
}
