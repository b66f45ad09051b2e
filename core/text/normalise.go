package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalise brings running text into the one form that is stored, hashed and cut: valid UTF-8 (invalid bytes become
// U+FFFD) in Unicode normal form C, lines ended by LF, runs of white space as one space, none around line ends or at
// either end of the text, and at most one blank line between paragraphs. Control characters, byte order marks, soft
// hyphens and zero-width spaces are dropped; form feeds, vertical tabs and Unicode's line separators end a line, because
// what they part must not grow together. It is idempotent and takes linear time.
func Normalise(s string) string {
	s = canonical(s)
	if isTidy(s) {
		return s
	}
	t := tidier{out: make([]byte, 0, len(s))}
	for i := range len(s) {
		switch c := s[i]; c {
		case ' ', '\t':
			t.inline = " "
		case '\n':
			t.newline()
		default:
			t.write(c)
		}
	}
	return string(t.out)
}

// NormaliseCode is Normalise for preformatted text: indentation and the white space inside a line stay as they are, and
// only white space at the ends of lines goes. No-break spaces become plain ones. It is idempotent and takes linear time.
func NormaliseCode(s string) string {
	s = canonical(s)
	t := tidier{out: make([]byte, 0, len(s)), indents: true}
	white := 0 // where the run of spaces and tabs that ends at i begins
	for i := range len(s) {
		switch c := s[i]; c {
		case ' ', '\t':
			t.inline = s[white : i+1]
			continue
		case '\n':
			t.newline()
		default:
			t.write(c)
		}
		white = i + 1
	}
	return string(t.out)
}

// tidier writes text and holds white space back until it knows what follows.
type tidier struct {
	out      []byte
	inline   string // spaces and tabs since the last character or line end
	newlines int    // line ends since the last character
	indents  bool   // whether white space at the beginning of a line counts
}

func (t *tidier) newline() {
	t.newlines++
	t.inline = ""
}

func (t *tidier) write(c byte) {
	lineStart := len(t.out) == 0 || t.newlines > 0
	if len(t.out) > 0 {
		t.out = append(t.out, "\n\n"[:min(t.newlines, 2)]...)
	}
	if t.indents || !lineStart {
		t.out = append(t.out, t.inline...)
	}
	t.out = append(t.out, c)
	t.inline, t.newlines = "", 0
}

// isTidy reports whether there is no white space in s that Normalise would change. Most text is tidy, and then it needs
// no copy.
func isTidy(s string) bool {
	last, before := byte('\n'), byte('\n') // as if the text followed a blank line
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '\t',
			c == ' ' && (last == ' ' || last == '\n'),
			c == '\n' && (last == ' ' || last == '\n' && before == '\n'):
			return false
		}
		last, before = c, last
	}
	return s == "" || last != ' ' && last != '\n'
}

// canonical returns s as valid UTF-8 in normal form C whose only white space and control characters are space, tab and
// LF. What goes, goes before composition, so that letters and marks which it parted can meet.
func canonical(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return norm.NFC.String(strings.Map(plain, s))
}

// plain maps a character to what stands for it in normalised text, -1 for nothing.
func plain(r rune) rune {
	switch {
	case r == '\n' || r == '\t' || ' ' <= r && r < 0x7f:
		return r
	case r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
		return '\n'
	case r < 0xa0, r == '\u00ad', r == '\u200b', r == '\u2060', r == '\ufeff':
		return -1
	case unicode.Is(unicode.Zs, r):
		return ' '
	}
	return r
}
