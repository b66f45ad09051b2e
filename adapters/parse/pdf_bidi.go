package parse

import (
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
	runes []placedRune
	right float64
	ltr   bool
}

type placedRune struct {
	r     rune
	right float64
}

// inReadingOrder puts the characters of a line that is written from right to left into the order in which they are read. Programs
// write such lines in either order, some in both within one line, so only the places on the page tell. Characters that share a
// place are a ligature, and stand in order.
func (t textPage) inReadingOrder(s string, unit int) string {
	var words []placedWord
	var w placedWord
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
				return s // without places there is no better order
			}
			w.runes = append(w.runes, placedRune{r, b.right})
			w.right = max(w.right, b.right)
		}
		unit += n
	}
	flush()
	slices.SortStableFunc(words, func(a, b placedWord) int { return rightFirst(a.right, b.right) })
	for i := range words {
		words[i].order()
	}
	reverseRuns(words)
	parts := make([]string, len(words))
	for i, w := range words {
		var b strings.Builder
		for _, r := range w.runes {
			b.WriteRune(r.r)
		}
		parts[i] = b.String()
	}
	return strings.Join(parts, " ")
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
	if w.ltr = letters == 0; !w.ltr {
		slices.SortStableFunc(w.runes, func(a, b placedRune) int { return rightFirst(a.right, b.right) })
	}
}

// reverseRuns turns neighbouring words that are written from left to right back into their order.
func reverseRuns(words []placedWord) {
	for i := 0; i < len(words); {
		j := i
		for j < len(words) && words[j].ltr {
			j++
		}
		slices.Reverse(words[i:j])
		i = max(j, i+1)
	}
}
