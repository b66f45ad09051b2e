package offline

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
)

// sentence is a sentence of a passage.
type sentence struct {
	passage int // index of the passage
	at      int // place in the passage
	text    string
	tokens  []text.Token
	match   []float64 // for each term of the question, how well the sentence has it, 0 to 1
	offers  bool      // whether it holds something of the kind that is asked for
	weak    bool      // a heading or a question: it leads to an answer but is none
	score   float64
}

// evidence is all that the passages say, measured against the question.
type evidence struct {
	question  question
	passages  [][]*sentence
	around    [][]float64 // for each passage, how well it has each term, title included
	sentences []*sentence // all of them
	weights   []float64   // of each term: how rare it is among the sentences, times its factor
}

func newEvidence(q question, passages []llm.Passage) *evidence {
	e := &evidence{question: q}
	for i, p := range passages {
		var all []*sentence
		around := q.match(text.Analyse(q.language, p.Title))
		for _, span := range text.Sentences(p.Text) {
			s := newSentence(q, p.Text, span, i, len(all))
			for t, m := range s.match {
				around[t] = max(around[t], m)
			}
			all = append(all, s)
		}
		e.passages = append(e.passages, all)
		e.sentences = append(e.sentences, all...)
		e.around = append(e.around, around)
	}
	e.weigh()
	return e
}

func newSentence(q question, passage string, span text.Span, index, at int) *sentence {
	s := &sentence{passage: index, at: at, text: passage[span.Start:span.End]}
	s.tokens = text.Analyse(q.language, s.text)
	s.match = q.match(s.tokens)
	s.offers = q.offers(wordsOf(s.text))
	s.weak = isQuestion(s.text) || isHeading(s.text, passage[span.End:])
	return s
}

// weigh sets the weight of each term by its inverse document frequency, with sentences as documents.
func (e *evidence) weigh() {
	n := float64(len(e.sentences))
	for i, t := range e.question.terms {
		df := 0.0
		for _, s := range e.sentences {
			df += s.match[i]
		}
		e.weights = append(e.weights, t.factor*math.Log(1+(n-df+0.5)/(df+0.5)))
	}
}

// match returns for each term of the question how well the tokens have it.
func (q question) match(tokens []text.Token) []float64 {
	match := make([]float64, len(q.terms))
	for i, want := range q.terms {
		for _, t := range tokens {
			match[i] = max(match[i], likeness(want.term, t.Term))
		}
	}
	return match
}

// likeness is 1 for the same term, less for one that shares its beginning, as forms do that stemming keeps apart, and for
// one with a single wrong letter.
func likeness(a, b string) float64 {
	if a == b {
		return 1
	}
	if hasDigit(a) || hasDigit(b) || min(len(a), len(b)) < 5 || a[0] != b[0] {
		return 0
	}
	shared := 0
	for shared < min(len(a), len(b)) && a[shared] == b[shared] {
		shared++
	}
	tail := commonTail(a[shared:], b[shared:])
	switch longer := max(len(a), len(b)); {
	case shared >= 5 && 4*shared >= 3*longer:
		return 0.7
	case shared+tail >= longer-1:
		return 0.6
	}
	return 0
}

func commonTail(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

func isQuestion(s string) bool {
	return strings.HasSuffix(strings.TrimRight(s, `"'”’»)] `), "?")
}

// isHeading reports whether s is short, stands alone on its line and ends like no sentence does.
func isHeading(s, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(s)
	alone := after == "" || strings.HasPrefix(strings.TrimLeft(after, " \t"), "\n")
	return strings.HasPrefix(s, "#") || alone && len(s) < 80 && !slices.Contains([]rune(`.!…:;"”»)`), last) && !hasDigit(s)
}
