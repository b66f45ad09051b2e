package offline

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// How much it counts, against 1 in the sentence itself, that a word of the question stands close to it.
const (
	besideShare = 0.6 // in the sentence before or after
	aroundShare = 0.4 // elsewhere in the passage, or in its title
)

// enough is how much support a sentence needs to be quoted. On XQuAD 2 of 100 questions that a passage answers find less,
// and 84 of 100 Spanish questions about other things do.
const enough = 0.87

// What scales support down.
const (
	unmet = 0.8  // neither the sentence nor the one after it has the kind of thing that is asked for
	lost  = 0.85 // a name or number of the question stands in no passage
)

// supports reports whether any sentence has enough of the question: the share of its words times the square root of their
// number, since one word of two may meet by chance while five of ten hardly do.
func (e *evidence) supports() bool {
	total := 0.0
	for _, t := range e.question.terms {
		total += t.factor
	}
	needed := enough * total / math.Sqrt(float64(len(e.question.terms)))
	if e.lacksName() {
		needed /= lost
	}
	return slices.ContainsFunc(e.sentences, func(s *sentence) bool {
		support := 0.0
		for i, t := range e.question.terms {
			support += t.factor * e.presence(s, i)
		}
		if e.question.kind != anything && !e.offered(s) {
			support *= unmet
		}
		return support > 0 && support >= needed
	})
}

// lacksName reports whether a name or number of the question is in none of the passages.
func (e *evidence) lacksName() bool {
	for i, t := range e.question.terms {
		found := slices.ContainsFunc(e.around, func(match []float64) bool { return match[i] > 0 })
		if t.factor == nameFactor && !found {
			return true
		}
	}
	return false
}

// offered reports whether a sentence or the one after it holds what is asked for.
func (e *evidence) offered(s *sentence) bool {
	next := e.after(s)
	return s.offers || next != nil && next.offers
}

// presence is how well a sentence and what is around it have a term, 0 to 1.
func (e *evidence) presence(s *sentence, term int) float64 {
	all, beside := e.passages[s.passage], 0.0
	if s.at > 0 {
		beside = all[s.at-1].match[term]
	}
	if s.at+1 < len(all) {
		beside = max(beside, all[s.at+1].match[term])
	}
	return max(s.match[term], besideShare*beside, aroundShare*e.around[s.passage][term])
}

// What counts in the score of a sentence besides the words, which count by their weight.
const (
	nearShare   = 0.15 // words next to each other here that are next to each other in the question
	offerBonus  = 1.5  // something of the kind that is asked for
	weakPenalty = 3.0  // a heading or a question
	rankPenalty = 0.15 // per place of the passage
)

// score sets the score of every sentence.
func (e *evidence) score() {
	for _, s := range e.sentences {
		for t, w := range e.weights {
			s.score += w * e.presence(s, t)
		}
		s.score += nearShare*e.near(s) - rankPenalty*float64(s.passage)
		if s.offers {
			s.score += offerBonus
		}
		if s.weak {
			s.score -= weakPenalty
		}
	}
}

// near is the weight of the pairs of neighbouring terms of the question that are neighbours in the sentence too.
func (e *evidence) near(s *sentence) float64 {
	sum := 0.0
	for i := 1; i < len(e.question.terms); i++ {
		a, b := e.question.terms[i-1].term, e.question.terms[i].term
		for j := 1; j < len(s.tokens); j++ {
			if s.tokens[j-1].Term == a && s.tokens[j].Term == b {
				sum += e.weights[i-1] + e.weights[i]
				break
			}
		}
	}
	return sum
}

// What makes further sentences part of an answer.
const (
	mostQuoted  = 3
	closeEnough = 0.7 // of the best score
)

// choose returns the sentences to quote: the best one, the one after it when only that holds what is asked for, and others
// that are nearly as good. Those of one passage come in reading order.
func (e *evidence) choose() []*sentence {
	e.score()
	ranked := slices.Clone(e.sentences)
	slices.SortStableFunc(ranked, func(a, b *sentence) int { return cmp.Compare(b.score, a.score) })
	best := ranked[0]
	chosen := []*sentence{best}
	if next := e.after(best); next != nil && (best.weak || !best.offers && next.offers) {
		chosen = append(chosen, next)
	}
	for _, s := range ranked[1:] {
		if len(chosen) == mostQuoted || s.score < closeEnough*best.score {
			break
		}
		if !s.weak && !slices.ContainsFunc(chosen, s.repeats) {
			chosen = append(chosen, s)
		}
	}
	return e.inOrder(chosen)
}

// repeats reports whether one of two sentences holds the other, as it happens where passages overlap.
func (s *sentence) repeats(o *sentence) bool {
	return strings.Contains(s.text, o.text) || strings.Contains(o.text, s.text)
}

// after returns the sentence that follows in the passage, nil at its end.
func (e *evidence) after(s *sentence) *sentence {
	if all := e.passages[s.passage]; s.at+1 < len(all) {
		return all[s.at+1]
	}
	return nil
}

// inOrder sorts sentences: passages in the order of their best sentence, each in reading order.
func (e *evidence) inOrder(chosen []*sentence) []*sentence {
	first := map[int]int{}
	for i, s := range chosen {
		if _, ok := first[s.passage]; !ok {
			first[s.passage] = i
		}
	}
	slices.SortStableFunc(chosen, func(a, b *sentence) int {
		return cmp.Or(cmp.Compare(first[a.passage], first[b.passage]), cmp.Compare(a.at, b.at))
	})
	return chosen
}
