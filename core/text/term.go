package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// term returns the term for a word, empty for a stop word.
func (a *analyser) term(word string) string {
	term, known := a.terms[word]
	if !known {
		term = a.newTerm(word)
		if len(word) <= longestTerm {
			a.terms[strings.Clone(word)] = strings.Clone(term) // neither may hold on to a text
		}
	}
	return term
}

func (a *analyser) newTerm(word string) string {
	if len(word) > 4*longestTerm {
		word = cutAt(word, 4*longestTerm)
	}
	if a.stops[strings.ToLower(word)] && !a.isAcronym(word) {
		return ""
	}
	folded := clean(fold(word))
	switch {
	case !isASCIIWord(folded):
		folded = a.number(folded)
	case !hasDigit(folded):
		folded = a.stemmer.stem(folded)
	case a.language == English && len(folded) > 3 && folded[len(folded)-1] == 's' && !hasLetter(folded[:len(folded)-1]):
		folded = folded[:len(folded)-1] // the 1990s
	}
	return cutAt(folded, longestTerm)
}

// letters returns the letters and digits of span, and what is added, as a term that is neither stemmed nor stopped.
func (a *analyser) letters(span Span, added string) string {
	folded := clean(fold(a.text[span.Start:span.End]))
	return cutAt(strings.NewReplacer(".", "", ",", "").Replace(folded)+added, longestTerm)
}

// isAcronym reports whether a stop word is a name instead: the US, the WHO, IT. In text without small letters nobody
// can tell.
func (a *analyser) isAcronym(word string) bool {
	if a.language != English || word != "US" && word != "WHO" && word != "IT" {
		return false
	}
	if a.mixed == 0 {
		a.mixed = -1
		if strings.IndexFunc(a.text, unicode.IsLower) >= 0 {
			a.mixed = 1
		}
	}
	return a.mixed > 0
}

// number writes a number without separators of thousands and with its decimals after a full stop. Three digits after a
// comma are thousands; so are three digits after a full stop, except in English.
func (a *analyser) number(s string) string {
	last := strings.LastIndexAny(s, ".,")
	if last < 0 || strings.Trim(s, "0123456789.,") != "" {
		return strings.ReplaceAll(s, ",", ".")
	}
	if s[last] == '.' && strings.Contains(s, ",") || s[last] == ',' && strings.Contains(s, ".") {
		return strings.NewReplacer(",", "", ".", "").Replace(s[:last]) + "." + s[last+1:]
	}
	groups := strings.Split(s, s[last:last+1])
	english := a.language == English || a.language == Simple
	if areThousands(groups) && (s[last] == ',' || len(groups) > 2 || !english) {
		return strings.Join(groups, "")
	}
	return strings.ReplaceAll(s, ",", ".")
}

// areThousands reports whether groups are what separators of thousands leave of a number.
func areThousands(groups []string) bool {
	for _, group := range groups[1:] {
		if len(group) != 3 {
			return false
		}
	}
	return len(groups[0]) <= 3 && groups[0] != "0"
}

// clean leaves out of a folded word what is neither letter, digit nor mark, except full stops and commas in numbers. It
// leaves nothing of a word that has neither letter nor digit.
func clean(word string) string {
	if isASCIIWord(word) {
		return word
	}
	word = strings.Map(func(r rune) rune {
		if isWordRune(r) || r == '.' || r == ',' {
			return r
		}
		return -1
	}, word)
	if strings.IndexFunc(word, isAlphanumeric) < 0 {
		return ""
	}
	return strings.Trim(word, ".,")
}

// cutAt returns the first n bytes of s or less, without cutting a character.
func cutAt(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func isAlphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func isWordRune(r rune) bool { return isAlphanumeric(r) || unicode.Is(unicode.M, r) }

func isWordByte(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isASCIIWord(s string) bool {
	for i := range len(s) {
		if !isWordByte(s[i]) {
			return false
		}
	}
	return true
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

func hasLetter(s string) bool { return strings.Trim(s, "0123456789") != "" }
