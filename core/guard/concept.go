package guard

import (
	"math"
	"slices"
)

// concept is something that a text can speak of, in forms as those of rules.
type concept struct {
	name    string
	pattern Pattern // what it is a sign of, "" when it is one of nothing in particular
	forms   []string
}

// sighting is a concept in a place.
type sighting struct {
	concept  int
	sentence int
	credit   float64 // from 0 to 1: less when it is only mentioned
}

func (k sighting) place() int { return k.sentence }

// trait is how clearly something is seen in a few sentences, from 0 to 1.
type trait struct {
	concept int
	value   float64
}

// Traits that are no words of a list. They come after the concepts.
const (
	traitHidden    = iota // what people don't see speaks of something
	traitDisguised        // words that matter are spelled in disguise
	traitEvidence         // the evidence of rules
	traitStrong           // evidence of rules that has been enough by itself
	otherTraits           // their number; the patterns of rules come after them
)

// traitNames are the names of the traits, by their place.
func traitNames() []string {
	var names []string
	for _, c := range concepts() {
		names = append(names, c.name)
	}
	names = append(names, "(hidden)", "(disguised)", "(evidence)", "(strong)")
	for _, p := range Patterns() {
		names = append(names, "("+string(p)+")")
	}
	return names
}

// fullEvidence is the evidence of rules beyond which more makes no difference.
const fullEvidence = 8.0

// strongEvidence is the evidence of rules that few harmless texts have.
const strongEvidence = 5.0

// view is all that was found in a text, by sentence.
type view struct {
	found []match
	seen  []sighting
	words [][]int // the words that have a weight of their own
	size  []int   // how many words there are
}

// passage is a few sentences in a row.
type passage struct {
	traits   []trait
	evidence float64 // of rules
	words    []int   // each once
	share    float64 // how much each of them counts: less in a long passage
	density  float64 // how much each concept counts: less in a long passage, where more is spoken of by chance
}

// passages returns, for each sentence in which something was found, what was found in it, and what was found in it and the next ones.
func (v *view) passages(concepts int) []passage {
	slices.SortStableFunc(v.found, func(a, b match) int { return a.sentence - b.sentence })
	slices.SortStableFunc(v.seen, func(a, b sighting) int { return a.sentence - b.sentence })
	values := make([]float64, concepts+otherTraits+len(Patterns()))
	var out []passage
	for f, s := 0, 0; f < len(v.found) || s < len(v.seen); {
		at := sentenceAt(v.found, v.seen, f, s)
		for _, size := range v.wide(at) {
			found := v.found[f:ends(v.found, f, at+size, match.place)]
			seen := v.seen[s:ends(v.seen, s, at+size, sighting.place)]
			out = append(out, v.passage(at, size, found, seen, values))
		}
		f = ends(v.found, f, at+1, match.place)
		s = ends(v.seen, s, at+1, sighting.place)
	}
	return out
}

// widest is how many words a passage of more than one sentence may have.
const widest = 60

// wide is how many sentences the passages have that begin with one.
func (v *view) wide(from int) []int {
	words := 0
	for n := range window {
		if from+n == len(v.size) {
			break
		}
		if words += v.size[from+n]; words > widest && n > 0 {
			if n == 1 {
				return []int{1}
			}
			return []int{1, n}
		}
	}
	return []int{1, window}
}

// passage is a number of sentences from one on, with what was found there. values is room for a value of every trait.
func (v *view) passage(from, size int, found []match, seen []sighting, values []float64) passage {
	patterns := Patterns()
	concepts := len(values) - otherTraits - len(patterns)
	clear(values)
	p := v.wordsOf(from, size)
	total, sums := evidence(found)
	p.evidence = total
	for _, k := range seen {
		values[k.concept] = max(values[k.concept], k.credit*p.density)
	}
	values[concepts+traitEvidence] = 2 * min(total, fullEvidence) / fullEvidence
	if total >= strongEvidence {
		values[concepts+traitStrong] = 1
	}
	for i, p := range patterns {
		values[concepts+otherTraits+i] = min(sums[p], mostPerPattern) / mostPerPattern
	}
	for i, value := range values {
		if value > 0 {
			p.traits = append(p.traits, trait{i, value})
		}
	}
	return p
}

// fullShare is how much the words of a passage count, divided by the root of their number.
const fullShare = 3.0

// dense is how many words a passage may have in which concepts count fully.
const dense = 16.0

// wordsOf is a passage with its words alone.
func (v *view) wordsOf(from, size int) passage {
	var p passage
	n := 1
	for i := from; i < min(from+size, len(v.words)); i++ {
		p.words = append(p.words, v.words[i]...)
		n += v.size[i]
	}
	slices.Sort(p.words)
	p.words = slices.Compact(p.words)
	p.share = min(1, fullShare/math.Sqrt(float64(n)))
	p.density = min(1, math.Sqrt(dense/float64(n)))
	return p
}

// sentenceAt is the next sentence in which anything is.
func sentenceAt(found []match, seen []sighting, f, s int) int {
	switch {
	case f == len(found):
		return seen[s].sentence
	case s == len(seen):
		return found[f].sentence
	}
	return min(found[f].sentence, seen[s].sentence)
}

// ends is the first place, from one on, whose sentence is not before another.
func ends[T any](list []T, from, sentence int, of func(T) int) int {
	for from < len(list) && of(list[from]) < sentence {
		from++
	}
	return from
}

// signs adds the patterns of what was seen in a passage more clearly than that.
func (g *grammar) signs(p passage, than float64, patterns map[Pattern]bool) {
	for _, t := range p.traits {
		if t.concept < g.concepts && g.pattern[t.concept] != "" && t.value > than {
			patterns[g.pattern[t.concept]] = true
		}
	}
}
