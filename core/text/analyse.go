package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// longestTerm is how many bytes a term may have; longer ones are cut.
const longestTerm = 64

// Token is a term of a text, with the span that it was made of.
type Token struct {
	Term string // lower case, without accents; letters, digits, marks that letters need, and full stops between digits
	Span
}

// Analyse returns the terms of s, those that lexical search matches, in the order in which they begin or end.
//
// Words are those of Unicode's Annex 29, without case, accents and the stop words of the language, and brought to their
// stem. A word meets its own spelling without accents whatever the language. Words with digits are not stemmed.
//
// Compounds give their parts: user_id is user and id, john@example.com is john, example and com. Two words with a
// hyphen, underscore or ampersand between them also give both in one (e-mail: e, mail, email), and so do a word and a
// number (COVID-19: covid, 19, covid19). Initials with full stops are one term (U.S.: us). Numbers keep their decimals,
// after a full stop, and lose the separators of thousands. C++ and C# also give cplusplus and csharp. Contractions are
// stop words, the English 's is dropped, and so are elided articles in French and Italian; other apostrophes are left
// out (O'Brien: obrien). Han characters give themselves and each pair of neighbours; kana, Hangul, Thai, Lao, Khmer and
// Burmese give the pairs.
func Analyse(lang Language, s string) []Token { return NewAnalyser(lang).Analyse(s) }

// Analyser analyses many texts of a language. It remembers words, so that equal terms share their memory and are made once.
// It is not safe for concurrent use.
type Analyser struct{ state analyser }

// NewAnalyser makes an Analyser.
func NewAnalyser(lang Language) *Analyser {
	return &Analyser{analyser{language: lang, stops: stopLists()[lang], stemmer: newStemmer(lang), terms: map[string]string{}}}
}

// maxWords is how many words an Analyser remembers; with more it begins anew.
const maxWords = 1 << 16

// Analyse is the function of that name for the Analyser's language. What it returns is good until it is called again.
func (an *Analyser) Analyse(s string) []Token {
	a := &an.state
	if len(a.terms) > maxWords {
		clear(a.terms)
	}
	a.text, a.tokens, a.compound, a.joined = s, slices.Grow(a.tokens[:0], len(s)/8), a.compound[:0], 0
	a.pair, a.alone, a.mixed = Span{}, false, 0
	for it := words.FromString(s); it.Next(); {
		a.segment(Span{Start: it.Start(), End: it.End()})
	}
	a.closeCompound()
	a.closePairs()
	return a.tokens
}

// analyser holds the state of one call of Analyse.
type analyser struct {
	text     string
	language Language
	stops    map[string]bool
	stemmer  stemmer
	terms    map[string]string // of the words met so far; empty for a stop word
	tokens   []Token

	compound []Span // parts of the compound at hand
	joined   int    // where a word must begin to be its next part
	pair     Span   // the last character of a script that is written without spaces
	alone    bool   // pair has given no term yet
	mixed    int8   // whether the text has small letters: 0 not known, 1 yes, -1 no
}

// segment takes the next segment of the text: a word, white space or punctuation.
func (a *analyser) segment(span Span) {
	switch c := a.text[span.Start]; {
	case isASCIIWord(a.text[span.Start:span.End]):
		a.part(span)
	case c < utf8.RuneSelf && !isWordByte(c) && span.End-span.Start == 1:
		a.join(span)
	case c < utf8.RuneSelf:
		a.word(span)
	default:
		a.foreign(span)
	}
}

// foreign takes a segment that begins beyond ASCII.
func (a *analyser) foreign(span Span) {
	r, _ := utf8.DecodeRuneInString(a.text[span.Start:])
	switch {
	case r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		a.character(span, unicode.Is(unicode.Han, r))
	case r >= 0x1100 && unicode.Is(unicode.Hangul, r):
		for i := span.Start; i < span.End; {
			_, width := utf8.DecodeRuneInString(a.text[i:])
			a.character(Span{Start: i, End: i + width}, false)
			i += width
		}
	case isWordRune(r):
		a.word(span)
	default:
		a.join(span)
	}
}

// word takes a word that may have punctuation inside.
func (a *analyser) word(span Span) {
	if strings.ContainsAny(a.text[span.Start:span.End], "'’＇") {
		a.contraction(span)
		return
	}
	parts, initials := a.parts(span)
	if initials && len(parts) > 1 {
		a.initials(span)
		return
	}
	for i, part := range parts {
		if i > 0 && a.text[parts[i-1].End:part.Start] == "_" {
			a.joined = part.Start
		}
		a.part(part)
	}
}

// initials takes single letters with full stops between them: a stop word such as e.g. only in small letters.
func (a *analyser) initials(span Span) {
	term := a.letters(span, "")
	first, _ := utf8.DecodeRuneInString(a.text[span.Start:])
	if unicode.IsUpper(first) || !a.stops[term] {
		a.emit(term, span)
	}
}

// parts returns the stretches of letters and digits in span, and whether each is a single letter after a full stop. A
// full stop or comma between digits belongs to the number.
func (a *analyser) parts(span Span) (parts []Span, initials bool) {
	initials = true
	start, last := -1, rune(0)
	for i, r := range a.text[span.Start:span.End] {
		i += span.Start
		inNumber := (r == '.' || r == ',') && unicode.IsDigit(last) && i+1 < span.End && isDigit(a.text[i+1])
		switch {
		case isWordRune(r) || inNumber:
			initials = initials && unicode.IsLetter(r) && (start < 0 || unicode.Is(unicode.M, r))
			if start < 0 {
				start = i
			}
		case start >= 0:
			initials = initials && r == '.'
			parts = append(parts, Span{Start: start, End: i})
			start = -1
		}
		last = r
	}
	if start >= 0 {
		parts = append(parts, Span{Start: start, End: span.End})
	}
	return parts, initials
}

// contraction takes a word with an apostrophe.
func (a *analyser) contraction(span Span) {
	whole := strings.NewReplacer("’", "'", "＇", "'").Replace(a.text[span.Start:span.End])
	if a.stops[fold(whole)] {
		return
	}
	if a.language == French || a.language == Italian {
		parts, _ := a.parts(span)
		for _, part := range parts {
			a.part(part)
		}
		return
	}
	whole = strings.TrimSuffix(strings.TrimSuffix(whole, "'s"), "'S")
	a.emit(a.term(strings.ReplaceAll(whole, "'", "")), span)
}

// part takes a word or number that is to be a term, alone or as a part of a compound.
func (a *analyser) part(span Span) {
	word := a.text[span.Start:span.End]
	if len(a.compound) > 0 && (a.joined != span.Start || len(a.compound) == maxParts) {
		a.closeCompound()
	}
	a.compound = append(a.compound, span)
	a.emit(a.term(word), span)
	if name := languageSuffix(word, a.text[span.End:]); name != "" {
		a.emit(a.letters(span, name), span)
	}
}

// emit appends a token unless its term is empty.
func (a *analyser) emit(term string, span Span) {
	if term != "" {
		a.tokens = append(a.tokens, Token{Term: term, Span: span})
	}
}

// character takes one character of a script without spaces.
func (a *analyser) character(span Span, han bool) {
	a.closeCompound()
	if a.pair.End != span.Start || a.pair.Start == a.pair.End {
		a.closePairs()
		a.alone = !han
	} else {
		both := Span{Start: a.pair.Start, End: span.End}
		a.emit(clean(fold(a.text[both.Start:both.End])), both)
		a.alone = false
	}
	if han {
		a.emit(clean(fold(a.text[span.Start:span.End])), span)
	}
	a.pair = span
}

// closePairs gives a character without neighbours as a term.
func (a *analyser) closePairs() {
	if a.alone {
		a.emit(clean(fold(a.text[a.pair.Start:a.pair.End])), a.pair)
		a.alone = false
	}
}
