package retrieval

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/text"
)

// wording is a query as it was meant: a text with some parts marked.
type wording struct {
	text     string      // normalised
	phrases  [][]string  // words that must stand one after the other, as they are spelled
	exact    []text.Span // of the text: what stands in quotation marks
	prefixes []text.Span // of the text: what an asterisk follows
}

// shortestPrefix is how many characters must stand before an asterisk: fewer would stand for a great part of all words.
const shortestPrefix = 3

// closings are the quotation marks that end what another one begins. Single ones are apostrophes too often.
func closings() map[rune]rune {
	return map[rune]rune{'"': '"', '“': '”', '„': '“', '«': '»', '»': '«'}
}

// parseWording reads the marks in a query. Quotation marks that nothing closes, or around less than two words, mean nothing; the
// same holds for an asterisk that doesn't end a word.
func parseWording(query string) wording {
	w := wording{text: text.Normalise(query)}
	var open, closing rune
	from := 0
	for i, r := range w.text {
		switch {
		case open == 0 && closings()[r] != 0:
			open, closing, from = r, closings()[r], i+utf8.RuneLen(r)
		case open != 0 && r == closing:
			w.quote(text.Span{Start: from, End: i})
			open = 0
		case r == '*':
			w.asterisk(i)
		}
	}
	return w
}

func (w *wording) quote(s text.Span) {
	words := spelled(w.text[s.Start:s.End])
	if len(words) < 2 {
		return
	}
	w.phrases = append(w.phrases, words)
	w.exact = append(w.exact, s)
}

// asterisk takes the word that ends at an asterisk.
func (w *wording) asterisk(at int) {
	next, _ := utf8.DecodeRuneInString(w.text[at+1:])
	word := w.text[:at]
	begin := strings.LastIndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if begin >= 0 {
		_, n := utf8.DecodeRuneInString(word[begin:])
		begin += n
	} else {
		begin = 0
	}
	if unicode.IsLetter(next) || unicode.IsDigit(next) || utf8.RuneCountInString(word[begin:]) < shortestPrefix {
		return
	}
	w.prefixes = append(w.prefixes, text.Span{Start: begin, End: at})
}

// mark says about a word what the marks around it say.
func (w *wording) mark(s text.Span, g *TermGroup) {
	within := func(m text.Span) bool { return m.Start <= s.Start && s.End <= m.End }
	if slices.ContainsFunc(w.exact, within) {
		g.Edits = 0
	}
	if slices.Contains(w.prefixes, s) {
		if words := spelled(w.text[s.Start:s.End]); len(words) == 1 {
			g.Prefix = words[0]
		}
	}
}

// said reports whether every phrase stands in one of the texts. Case, accents and punctuation don't count.
func (w *wording) said(texts ...string) bool {
	if len(w.phrases) == 0 {
		return true
	}
	in := make([][]string, len(texts))
	for i, t := range texts {
		in[i] = spelled(t)
	}
	for _, phrase := range w.phrases {
		if !slices.ContainsFunc(in, func(words []string) bool { return stands(phrase, words) }) {
			return false
		}
	}
	return true
}

// stands reports whether the phrase is a part of the words.
func stands(phrase, words []string) bool {
	for i := 0; i+len(phrase) <= len(words); i++ {
		if slices.Equal(words[i:i+len(phrase)], phrase) {
			return true
		}
	}
	return false
}

// spelled returns the words of a text without case and accents. What is made of the words right before it, such as a compound
// written in one, isn't among them: whether there is a hyphen makes no difference.
func spelled(s string) []string {
	var out []string
	var last text.Span
	for _, t := range text.Analyse(text.Simple, s) {
		if len(out) > 0 && t.Start <= last.Start && last.End <= t.End {
			continue
		}
		out, last = append(out, t.Term), t.Span
	}
	return out
}
