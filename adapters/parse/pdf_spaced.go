package parse

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Letters that are set this far apart, in sizes, are no words of their own; a gap that is so many times wider than usual parts words.
const (
	widestSpacing = 0.8
	wordGap       = 1.5
)

// withoutSpacing puts words together that are set with space between their letters, as titles are now and then. The engine takes each
// letter for a word.
func (t textPage) withoutSpacing(s string, unit int) string {
	if !isSpacedOut(s) {
		return s
	}
	type letter struct {
		text string
		gap  float64 // to the one before
	}
	var letters []letter
	var gaps []float64
	right := 0.0
	for _, r := range s {
		n := utf16Len(string(r))
		if !isBlank(r) {
			b, ok := t.box(unit)
			if !ok {
				return s
			}
			gap := (b.left - right) / b.size
			if len(letters) > 0 {
				gaps = append(gaps, gap)
			}
			letters, right = append(letters, letter{string(r), gap}), b.right
		}
		unit += n
	}
	slices.Sort(gaps)
	usual := gaps[len(gaps)/2]
	if usual <= 0 || usual > widestSpacing {
		return s
	}
	var b strings.Builder
	for i, l := range letters {
		if i > 0 && l.gap > wordGap*usual {
			b.WriteByte(' ')
		}
		b.WriteString(l.text)
	}
	return b.String()
}

// isSpacedOut reports whether nearly all words of a line are single letters, and not those of the alphabet in order.
func isSpacedOut(s string) bool {
	if len(s) > 1000 || strings.Count(s, " ") < 7 {
		return false
	}
	words, single, ascending := 0, 0, 0
	last := rune(0)
	for w := range strings.FieldsSeq(s) {
		words++
		if r, size := utf8.DecodeRuneInString(w); size == len(w) && unicode.IsLetter(r) {
			single++
			if r > last {
				ascending++
			}
			last = r
		}
	}
	return single*10 >= words*8 && ascending*10 < single*9
}

// withoutEchoes drops syllables of Thai that the engine writes twice: programs that draw a letter and the signs above it one by one
// say each time what the syllable is. The second one stands back in the line.
func (t textPage) withoutEchoes(s string, unit int) string {
	if len(s) > 10_000 || strings.IndexFunc(s, func(r rune) bool { return unicode.Is(unicode.Thai, r) }) < 0 {
		return s
	}
	var b strings.Builder
	reach, space, after := 0.0, false, false // how far the text reaches; whether a space is due, and whether the engine made it for an echo
	for rest := s; rest != ""; {
		syllable := firstSyllable(rest)
		rest = rest[len(syllable):]
		at := unit
		unit += utf16Len(syllable)
		box, ok := t.box(at)
		switch {
		case syllable == " ":
			space = true
			continue
		case !ok:
			return s
		case utf8.RuneCountInString(syllable) > 1 && box.left < reach-0.2*box.size && strings.Contains(b.String(), syllable):
			after = true
			continue
		}
		if space && (!after || box.left > reach+0.15*box.size) {
			b.WriteByte(' ')
		}
		reach, space, after = max(reach, box.right), false, false
		b.WriteString(syllable)
	}
	return b.String()
}

// firstSyllable is the first character of a text with the marks that belong to it.
func firstSyllable(s string) string {
	for i, r := range s {
		if i > 0 && !unicode.Is(unicode.Mn, r) {
			return s[:i]
		}
	}
	return s
}
