package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns a text in the form in which words are compared: compatibility forms such as ligatures and full-width letters as
// plain ones, in lower case, and letters without their accents. It is what Analyse does to words before it stems them.
func Fold(s string) string { return fold(s) }

// fold returns a word in the form in which words are compared: compatibility forms such as ligatures and full-width
// letters as plain ones, in lower case, and letters without their accents. Marks that are more than an accent, such as
// the vowel signs of Indic scripts or the voicing marks of kana, stay.
func fold(word string) string {
	if isPlain(word) {
		return word
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(norm.NFKC.String(word))) {
		if isAccent(r) {
			continue
		}
		if plain := unaccented(r); plain != "" {
			b.WriteString(plain)
			continue
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return norm.NFC.String(b.String())
}

// isPlain reports whether word is nothing but ASCII without capitals, which fold leaves as it is.
func isPlain(word string) bool {
	for i := range len(word) {
		if c := word[i]; c >= 0x80 || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// isAccent reports whether r is a mark that people leave out: the general diacritics, and the points of Hebrew and Arabic.
func isAccent(r rune) bool {
	return 0x0300 <= r && r <= 0x036f || 0x0591 <= r && r <= 0x05c7 && unicode.Is(unicode.Mn, r) ||
		0x064b <= r && r <= 0x065f || r == 0x0670 || 0x1dc0 <= r && r <= 0x1dff || 0x20d0 <= r && r <= 0x20ff
}

// unaccented returns what people write for letters that Unicode doesn't take apart, "" for any other.
func unaccented(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'đ', 'ð':
		return "d"
	case 'ł':
		return "l"
	case 'þ':
		return "th"
	case 'ħ':
		return "h"
	case 'ı':
		return "i"
	case 'ς':
		return "σ"
	}
	return ""
}
