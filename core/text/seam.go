package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// seam says how good a place to cut is. Higher is better.
type seam uint8

const (
	noSeam       seam = iota // inside a word, or inside something that is to stay whole
	wordSeam                 // between words
	clauseSeam               // after a comma and its like, or under a heading
	sentenceSeam             // between sentences, or lines of a table or of code that must be cut
	blockSeam                // between paragraphs or list items
	seams                    // how many there are
)

// scan returns the best end of a chunk whose new text begins at fresh and ends at high or before: the last seam of the
// best kind in the second half; commas count only in the last quarter. Failing that it is the last seam of any kind
// in the second quarter, and 0 where there is none.
func (s *splitter) scan(fresh, high int) int {
	var last [seams]int
	quarter := (high - fresh) / 4
	early := 0
	for i := fresh; i <= high; i += max(1, s.width(i)) {
		if i <= fresh+quarter {
			continue
		}
		kind := s.seamAt(i)
		switch {
		case kind == noSeam:
		case i <= fresh+2*quarter:
			early = i
		case kind == clauseSeam && i <= high-quarter:
			last[wordSeam] = i
		default:
			last[kind] = i
		}
	}
	for kind := blockSeam; kind > noSeam; kind-- {
		if last[kind] > 0 {
			return last[kind]
		}
	}
	return early
}

// seamAt tells what kind of seam there is between body[:i] and body[i:]. White space belongs to what follows, so there
// is none after it.
func (s *splitter) seamAt(i int) seam { //nolint:cyclop // a list of cases, each a line or two; apart they would be harder to follow
	before, _ := utf8.DecodeLastRuneInString(s.body[:i])
	if unicode.IsSpace(before) {
		return noSeam
	}
	after, _ := utf8.DecodeRuneInString(s.body[i:])
	spaced := i == len(s.body) || unicode.IsSpace(after)
	if !spaced && !endsUnspaced(before) {
		return noSeam
	}
	r := s.regionAround(i)
	if r != nil && r.whole {
		return noSeam
	}
	newlines, next := s.gapAfter(i)
	switch {
	case spaced && next > i && unicode.Is(unicode.M, s.runeAt(next)):
		return noSeam // the mark stands on the space
	case r != nil && newlines > 0:
		return sentenceSeam
	case r != nil:
		return wordSeam
	case spaced && s.endsTitle(i):
		return clauseSeam
	case newlines > 1, newlines > 0 && beginsItem(s.body[next:]):
		return blockSeam
	case s.endsSentence(i):
		return sentenceSeam
	case newlines > 0, strings.ContainsRune(",;:)，、；：", before):
		return clauseSeam
	case spaced:
		return wordSeam
	}
	return noSeam
}

// endsUnspaced reports whether a sentence or clause may end after r although no white space follows, as in Chinese.
func endsUnspaced(r rune) bool {
	return r >= 0x80 && unicode.IsPunct(r)
}

// gapAfter looks at the white space at i: how many line ends it has (no more than two are counted), and where it ends.
func (s *splitter) gapAfter(i int) (newlines, end int) {
	const far = 256 // normalised text has no wider gap, and other text must not make this slow
	for end = i; end < len(s.body) && end < i+far && newlines < 2; end += s.width(end) {
		r := s.runeAt(end)
		if r == '\n' {
			newlines++
		}
		if !unicode.IsSpace(r) {
			break
		}
	}
	return newlines, end
}

func (s *splitter) runeAt(i int) rune {
	r, _ := utf8.DecodeRuneInString(s.body[i:])
	return r
}
