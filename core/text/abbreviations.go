package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Abbreviations that never end a sentence: titles before names, and words that announce what follows.
const goesOn = ` dr dra drs sr sra sres srta d dña dª don prof profa mr mrs ms st sto sta lic ing arq gral cnel tte cmdte
 gen col sgt capt lt rev hon mons pbro mme mlle mm dott sig avv frau hr av avda ee e.g i.e eg ie ej viz cf vs ca aprox
 approx bzw z.b d.h vgl p.ej p.ex p.es ex es. incl esp excmo ilmo ud uds vd vds `

// Abbreviations that don't end a sentence before a number.
const numbered = ` no nº n.º núm num nr art arts artt fig figs p pp pg pág págs pag pags vol vols cap caps ch sec secc eq
 ec ed tab nos núms lib parr párr apdo inc ley par § `

// Abbreviations beyond initials that end a sentence only when the next word begins one.
const mayEnd = ` uu jr inc ltd co corp ltda cía cia bros `

// abbreviated reports whether a full stop belongs to the word before it rather than to the sentence: word is the last one
// with its stop, next the one after it.
func abbreviated(word, next string) bool {
	word = strings.TrimSuffix(word, ".")
	lower := " " + strings.ToLower(word) + " "
	switch {
	case word == "":
		return false
	case strings.Contains(goesOn, lower):
		return true
	case strings.Contains(numbered, lower) && next != "" && next[0] >= '0' && next[0] <= '9':
		return true
	case isInitials(word) || strings.Contains(mayEnd, lower):
		return next != "" && (strings.HasSuffix(next, ".") || !isFunctionWord(strings.ToLower(next)))
	}
	return false
}

// isInitials reports whether word is a letter, or letters with full stops between them, such as J or U.S.
func isInitials(word string) bool {
	letter := false
	for _, r := range word {
		switch {
		case r == '.' && letter:
			letter = false
		case unicode.IsLetter(r) && !letter:
			letter = true
		default:
			return false
		}
	}
	return letter
}

// lastWord returns the last word of s with its punctuation, but without brackets and quotes before it. It is empty when
// the word is longer than any abbreviation.
func lastWord(s string) string {
	const longest = 16
	i := len(s)
	for i > 0 {
		r, width := utf8.DecodeLastRuneInString(s[:i])
		if unicode.IsSpace(r) || strings.ContainsRune(`("'“‘«[¿¡-–—/`, r) {
			break
		}
		if i -= width; len(s)-i > longest {
			return ""
		}
	}
	return s[i:]
}

// nextWord returns the word or number that s begins with after quotes and brackets, with a full stop that follows when
// the word is a single letter, for it is an initial then.
func nextWord(s string) string {
	s = strings.TrimLeft(s[:min(len(s), 64)], `("'“‘«[¿¡`)
	end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		return s
	}
	if s[end] == '.' && utf8.RuneCountInString(s[:end]) == 1 {
		end++
	}
	return s[:end]
}
