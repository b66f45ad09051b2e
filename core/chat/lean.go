package chat

import (
	"slices"
	"strings"
	"unicode"

	"github.com/ragcorp/ragcorp/core/text"
)

// leaning are the words by which a question of a language leans on what was said before. Other languages than English and
// Spanish have none: their questions lean only by being short.
type leaning struct {
	connectives  [][]string // ways to begin a question that goes on
	standIns     []string   // words that stand for something named before
	prepositions []string   // before what a question may replace
	empty        []string   // words of questions that are about nothing by themselves, beside stop words
}

func leaningOf(l text.Language) leaning {
	switch l {
	case text.English:
		return leaning{
			connectives: [][]string{
				{"and"},
				{"but"},
				{"also"},
				{"or"},
				{"then"},
				{"so"},
				{"what", "about"},
				{"how", "about"},
				{"what", "if"},
				{"what", "else"},
				{"if", "so"},
				{"if", "not"},
				{"why", "not"},
			},
			standIns:     strings.Fields("it its they them their theirs he him his she her hers this that these those there one ones same such"),
			prepositions: strings.Fields("in at for from to on with by of under over after before during"),
			empty:        strings.Fields("many much long often time times quickly fast soon late exactly number name kind happens mean means else allowed possible"),
		}
	case text.Spanish:
		return leaning{
			connectives: [][]string{{"y"}, {"e"}, {"pero"}, {"entonces"}, {"ademas"}, {"tambien"}, {"o"}, {"que", "tal"}, {"en", "ese", "caso"}, {"por", "que", "no"}},
			standIns: strings.Fields("el ella ellos ellas eso esa ese esos esas esto esta este estos estas aquel aquella aquello " +
				"lo le les su sus suyo suya suyos suyas ahi alli alla mismo misma mismos mismas"),
			prepositions: strings.Fields("en a al de del para por con desde hasta sin sobre tras durante"),
			empty: strings.Fields("cuanto cuanta cuantos cuantas tiempo plazo vez veces numero nombre llama exactamente pasa significa posible fecha hora puede pueden " +
				"hay hace hacer hacerlo"),
		}
	case text.Portuguese, text.French, text.German, text.Italian, text.Simple:
	}
	return leaning{}
}

// fewTerms is how many words of its own a question may have and still lean by a word that stands for another; with more,
// that word more likely stands for something in the same question.
const fewTerms = 4

// leans reports whether a question needs the conversation before it to be understood.
func leans(question string, l text.Language) bool {
	words, signs := wordsOf(question), leaningOf(l)
	if len(words) == 0 {
		return false
	}
	if signs.connective(words) > 0 {
		return true
	}
	own := 0
	for _, t := range text.Analyse(l, question) {
		if !slices.Contains(signs.empty, text.Fold(question[t.Start:t.End])) {
			own++
		}
	}
	return own <= 1 || own <= fewTerms && slices.ContainsFunc(words, func(w word) bool { return signs.standsIn(question, w) })
}

// connective returns how many words of a connective a question begins with.
func (s leaning) connective(words []word) int {
	for _, c := range s.connectives {
		if len(words) >= len(c) && slices.EqualFunc(c, words[:len(c)], func(want string, have word) bool { return want == have.folded }) {
			return len(c)
		}
	}
	return 0
}

// standsIn reports whether a word stands for something named before. The Spanish article el is told from the pronoun él by
// its accent.
func (s leaning) standsIn(question string, w word) bool {
	if w.folded == "el" {
		return strings.EqualFold(question[w.Start:w.End], "él")
	}
	return slices.Contains(s.standIns, w.folded) || strings.HasSuffix(w.folded, "rlo") || strings.HasSuffix(w.folded, "rlos")
}

// carried are the words of an earlier question that a later one goes on with: its terms, but for those that it replaces.
func carried(earlier, later string, l text.Language) []text.Token {
	signs := leaningOf(l)
	replaced := signs.replaced(earlier, later)
	var out []text.Token
	for _, t := range text.Analyse(l, earlier) {
		inside := t.Start >= replaced.Start && t.End <= replaced.End
		if !inside && !slices.Contains(signs.empty, text.Fold(earlier[t.Start:t.End])) {
			out = append(out, t)
		}
	}
	return out
}

// replaced is the part of an earlier question that a later one replaces: what follows the last preposition, when the later
// question is a connective, the same preposition and something else.
func (s leaning) replaced(earlier, later string) text.Span {
	after := wordsOf(later)
	n := s.connective(after)
	if n == 0 || n >= len(after) || !slices.Contains(s.prepositions, after[n].folded) {
		return text.Span{}
	}
	before := wordsOf(earlier)
	for _, w := range slices.Backward(before) {
		if w.folded == after[n].folded {
			return text.Span{Start: w.Start, End: len(earlier)}
		}
	}
	return text.Span{}
}

// word is a word of a question.
type word struct {
	text.Span
	folded string // in small letters, without accents
}

func wordsOf(s string) []word {
	var out []word
	start := -1
	for i, r := range s + " " {
		inside := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
		switch {
		case inside && start < 0:
			start = i
		case !inside && start >= 0:
			out = append(out, word{text.Span{Start: start, End: i}, text.Fold(s[start:i])})
			start = -1
		}
	}
	return out
}
