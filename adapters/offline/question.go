package offline

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/text"
)

// question is what is asked, analysed.
type question struct {
	language text.Language
	kind     kind
	terms    []questionTerm // distinct, in their order
}

// questionTerm is a content word of the question.
type questionTerm struct {
	term   string
	factor float64 // how much of the question it makes up, apart from how rare it is
}

// What a word counts against a usual one. A question about Lima is not answered by what holds for Quito, and a passage
// that answers "in what year" need not contain the word year.
const (
	nameFactor    = 1.6
	generalFactor = 0.4
)

func newQuestion(s, language string) question {
	q := question{language: text.ParseLanguage(language)}
	if q.language == text.Simple {
		q.language = text.Detect(s)
	}
	words := wordsOf(s)
	q.kind = kindOf(words)
	for _, t := range text.Analyse(q.language, s) {
		known := slices.ContainsFunc(q.terms, func(o questionTerm) bool { return o.term == t.Term })
		if !known && t.Term != "" {
			q.terms = append(q.terms, questionTerm{t.Term, factorOf(words, t)})
		}
	}
	return q
}

func factorOf(words []word, t text.Token) float64 {
	for _, w := range words {
		if w.Start != t.Start {
			continue
		}
		switch {
		case w.capital && !w.opens, hasDigit(w.folded):
			return nameFactor
		case isGeneral(w.folded):
			return generalFactor
		}
	}
	return 1
}

// has reports whether a term stands in the question.
func (q question) has(term string) bool {
	return slices.ContainsFunc(q.terms, func(t questionTerm) bool { return t.term == term })
}

// word is a word as it stands in a text.
type word struct {
	text.Span
	folded  string // lower case, without accents
	accent  bool   // whether it is written with letters beyond ASCII
	capital bool   // whether it begins with a capital letter
	opens   bool   // whether a sentence or clause begins with it
}

// wordsOf returns the words of a text, stop words included.
func wordsOf(s string) []word {
	tokens := text.Analyse(text.Simple, s)
	words := make([]word, 0, len(tokens))
	end := 0
	for _, t := range tokens {
		if t.Start < end { // a compound's whole, after its parts
			continue
		}
		surface := s[t.Start:t.End]
		first, _ := utf8.DecodeRuneInString(surface)
		words = append(words, word{
			Span:    t.Span,
			folded:  t.Term,
			accent:  strings.IndexFunc(surface, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0,
			capital: unicode.IsUpper(first),
			opens:   end == 0 || strings.ContainsAny(s[end:t.Start], ",;:.?!¿¡\n\"“”«»()―—"),
		})
		end = t.End
	}
	return words
}
