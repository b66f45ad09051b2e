package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"
)

// Sentences returns the spans of the sentences of s in order, without white space at their ends. Together they hold
// every character that isn't white space.
//
// The boundaries are those of Unicode's Annex 29, with two repairs. A line end inside a paragraph is a boundary only
// where the line is a heading, an item of a list, a row of a table or a sentence's end; a blank line always is one. And
// abbreviations, initials and numbers with a full stop ("Dr. Pérez", "p. ej.", "EE. UU.", "No. 5") don't end a sentence
// when what follows goes on with it.
func Sentences(s string) []Span {
	var out []Span
	it := sentences.FromString(s)
	for it.Next() {
		piece := trimSpan(s, Span{Start: it.Start(), End: it.End()})
		if piece.Start == piece.End {
			continue
		}
		if n := len(out); n > 0 {
			if piece = takeOver(s, &out[n-1], piece); piece.Start == piece.End {
				continue
			}
		}
		if n := len(out); n > 0 && continues(s, out[n-1], piece) {
			out[n-1].End = piece.End
			continue
		}
		out = append(out, piece)
	}
	return out
}

// reference matches references such as [3] at the beginning of a text.
var reference = regexp.MustCompile(`^(?:\[ ?\d+(?:[,;–-] ?\d+)*\])+`)

// takeOver gives piece the brackets that open right before it, at the end of a sentence, and the sentence a reference in them: the
// annex takes "so.[" for a sentence of "It is so.[3] And (see below) it stays."
func takeOver(s string, sentence *Span, piece Span) Span {
	before := s[sentence.Start:sentence.End]
	kept := strings.TrimRightFunc(before, func(r rune) bool { return unicode.Is(unicode.Ps, r) })
	if strings.Trim(s[sentence.End:piece.Start], " ") != "" || kept == "" || len(kept) == len(before) {
		return piece
	}
	piece.Start = sentence.Start + len(kept)
	sentence.End = piece.Start + len(reference.FindString(s[piece.Start:piece.End]))
	return trimSpan(s, Span{Start: sentence.End, End: piece.End})
}

// trimSpan returns span without white space at its ends.
func trimSpan(s string, span Span) Span {
	part := strings.TrimRightFunc(s[span.Start:span.End], unicode.IsSpace)
	span.End = span.Start + len(part)
	span.Start = span.End - len(strings.TrimLeftFunc(part, unicode.IsSpace))
	return span
}

// listNumber matches the number of an item in a list.
var listNumber = regexp.MustCompile(`^\d{1,3}[.)]$`)

// startsLine reports whether what follows before is the first on its line.
func startsLine(before string) bool {
	before = strings.TrimRight(before[max(0, len(before)-256):], " \t>*-")
	return before == "" || before[len(before)-1] == '\n'
}

// continues reports whether piece goes on with the sentence that ends where the white space before piece begins.
func continues(s string, sentence, piece Span) bool {
	gap := s[sentence.End:piece.Start]
	before, after := s[sentence.Start:sentence.End], s[piece.Start:]
	if gap == "" {
		return false
	}
	newlines := strings.Count(gap[:min(len(gap), 256)], "\n")
	if newlines > 1 || newlines == 1 && (endsLine(before, after) || beginsLine(after)) {
		return false
	}
	if newlines == 0 && listNumber.MatchString(before) && startsLine(s[:sentence.Start]) {
		return true
	}
	stop := strings.TrimRight(before, `"'”’»)]`)
	last, _ := utf8.DecodeLastRuneInString(stop)
	switch {
	case last == '.':
		return len(stop) == len(before) && abbreviated(lastWord(stop), nextWord(after))
	case strings.ContainsRune("!?…。！？:", last):
		return false
	}
	return newlines == 1
}
