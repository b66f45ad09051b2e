package parse

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

// isRightToLeft reports whether more letters of a line are written from right to left than the other way.
func isRightToLeft(s string) bool {
	n := 0
	for _, r := range s {
		if r < 0x590 {
			if unicode.IsLetter(r) {
				n--
			}
			continue
		}
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.R, bidi.AL:
			n++
		case bidi.L:
			n--
		default: // neither
		}
	}
	return n > 0
}

// placedWord is a word and the place of each of its characters.
type placedWord struct {
	runes       []placedRune
	left, right float64
	ltr         bool
}

type placedRune struct {
	r           rune
	left, right float64
}

func (w *placedWord) add(r rune, b charBox) {
	if len(w.runes) == 0 {
		w.left, w.right = b.left, b.right
	}
	w.runes = append(w.runes, placedRune{r, b.left, b.right})
	w.left, w.right = min(w.left, b.left), max(w.right, b.right)
}

// inReadingOrder puts the characters of a line that is written from right to left into the order in which they are read. Programs
// write such lines in either order, some in both within one line, so only the places on the page tell. Characters that share a
// place are a ligature, and stand in order. It also tells how far the line reaches.
func (t textPage) inReadingOrder(s string, unit int) (ordered string, left, right float64, ok bool) {
	var words []placedWord
	var w placedWord
	size := 0.0
	flush := func() {
		if len(w.runes) > 0 {
			words = append(words, w)
		}
		w = placedWord{}
	}
	for _, r := range s {
		n := utf16Len(string(r))
		if isBlank(r) {
			flush()
		} else {
			b, ok := t.box(unit)
			if !ok {
				return s, 0, 0, false // without places there is no better order
			}
			w.add(r, b)
			size = b.size
		}
		unit += n
	}
	flush()
	slices.SortStableFunc(words, func(a, b placedWord) int { return rightFirst(a.right, b.right) })
	for i := range words {
		words[i].order()
	}
	words = joinTorn(words, 0.05*size)
	reverseRuns(words)
	left, right = words[0].left, words[0].right
	parts := make([]string, len(words))
	for i, w := range words {
		var b strings.Builder
		for _, r := range w.runes {
			b.WriteRune(r.r)
		}
		parts[i] = b.String()
		left, right = min(left, w.left), max(right, w.right)
	}
	return strings.Join(parts, " "), left, right, true
}

func rightFirst(a, b float64) int {
	switch {
	case a > b+0.05:
		return -1
	case b > a+0.05:
		return 1
	}
	return 0
}

// order sorts the characters of a word from right to left, unless it is one of those that are written the other way, as numbers are.
func (w *placedWord) order() {
	letters := 0
	for _, r := range w.runes {
		if p, _ := bidi.LookupRune(r.r); p.Class() == bidi.R || p.Class() == bidi.AL {
			letters++
		}
	}
	if w.ltr = letters == 0; w.ltr {
		slices.SortStableFunc(w.runes, func(a, b placedRune) int { return rightFirst(b.right, a.right) })
		return
	}
	slices.SortStableFunc(w.runes, func(a, b placedRune) int { return rightFirst(a.right, b.right) })
	// Nothing joins an alif to the letter behind it, so where one shares a place with a lam, it is the lam's ligature written backwards.
	for i := 1; i < len(w.runes); i++ {
		a, b := &w.runes[i-1], &w.runes[i]
		if b.r == 'ل' && strings.ContainsRune("اأإآى", a.r) && math.Abs(a.right-b.right) < 0.05 && math.Abs(a.left-b.left) < 0.05 {
			a.r, b.r = b.r, a.r
		}
	}
}

// joinTorn puts words together that are written from left to right and touch: within a line of the other direction, the engine tears
// letters and digits of one word apart.
func joinTorn(words []placedWord, gap float64) []placedWord {
	joined := words[:0]
	for _, w := range words {
		if n := len(joined); n > 0 && w.ltr && joined[n-1].ltr && len(joined[n-1].runes) < 64 && math.Abs(joined[n-1].left-w.right) < gap {
			w.runes = append(w.runes, joined[n-1].runes...)
			w.right = joined[n-1].right
			joined[n-1] = w
			continue
		}
		joined = append(joined, w)
	}
	return joined
}

// reverseRuns turns neighbouring words that are written from left to right back into their order.
func reverseRuns(words []placedWord) {
	for i := 0; i < len(words); {
		j := i
		for j < len(words) && words[j].ltr {
			j++
		}
		slices.Reverse(words[i:j])
		if j > i {
			turnEnds(&words[i], &words[j-1])
		}
		i = max(j, i+1)
	}
}

// turnEnds puts the punctuation at both ends of what is written from left to right, from first to last, where the line around it has
// it: the full stop behind "1" stands left of it.
func turnEnds(first, last *placedWord) {
	mark := func(r placedRune) bool { return strings.ContainsRune(".,:;!?", r.r) }
	var before, after []placedRune
	for len(first.runes) > 1 && mark(first.runes[0]) {
		after = append([]placedRune{first.runes[0]}, after...)
		first.runes = first.runes[1:]
	}
	for len(last.runes) > 1 && mark(last.runes[len(last.runes)-1]) {
		before = append(before, last.runes[len(last.runes)-1])
		last.runes = last.runes[:len(last.runes)-1]
	}
	last.runes = append(last.runes, after...)
	first.runes = append(before, first.runes...)
}

// isShaped reports whether a line has letters of Hebrew, Arabic, an Indic script or Thai and its neighbours. Of some of these the engine
// knows the shape alone, and not how high the font is.
func isShaped(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return 0x590 <= r && r < 0x1100 }) >= 0
}

// tallest returns the highest box of a line with such letters, or among the first signs of one of East Asia; ok is false for other lines.
func (t textPage) tallest(s string, unit int) (best charBox, ok bool) {
	limit := 1000
	if !isShaped(s) {
		if limit = 72; strings.IndexFunc(s, isUnspaced) < 0 {
			return best, false
		}
	}
	for _, r := range s[:min(len(s), limit)] {
		if b, known := t.box(unit); known && !isBlank(r) && b.size > 1.05*best.size {
			best, ok = b, true
		}
		unit += utf16Len(string(r))
	}
	return best, ok
}
