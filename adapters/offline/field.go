package offline

import (
	"math"
	"slices"
	"strings"

	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
)

// field is all candidates of a query, as far as its words go.
type field struct {
	analyser *text.Analyser
	terms    []string       // of the query, each once
	order    []int          // the query: indexes of terms
	index    map[string]int // of terms, and of those that they stand for
	weights  []float64      // of terms: how rare they are among the candidates
	total    float64        // of weights
	runners  []runner
}

// runner is a candidate.
type runner struct {
	text   string
	tokens []text.Token
	title  []string // terms of the title and the headings
	words  []hurdle // in the order of the text
	titled []bool   // for each term of the query, whether title has it
}

// hurdle is an occurrence of a term of the query in a text.
type hurdle struct {
	term  int
	start int // byte
	place int // counted in tokens
}

func newField(analyser *text.Analyser, query string, candidates int) *field {
	f := &field{analyser: analyser, index: map[string]int{}, runners: make([]runner, 0, candidates)}
	for _, t := range f.analyser.Analyse(query) {
		i, known := f.index[t.Term]
		if !known {
			i = len(f.terms)
			f.index[t.Term], f.terms = i, append(f.terms, t.Term)
		}
		f.order = append(f.order, i)
	}
	return f
}

// enter takes a candidate.
func (f *field) enter(c llm.Candidate) {
	r := runner{text: c.Text}
	for _, t := range f.analyser.Analyse(strings.Join(append([]string{c.Title}, c.Headings...), "\n")) {
		r.title = append(r.title, t.Term)
	}
	r.tokens = slices.Clone(f.analyser.Analyse(c.Text))
	f.runners = append(f.runners, r)
}

// start finds the query's words in the candidates, and weighs them by their inverse document frequency, with the candidates as
// documents.
func (f *field) start() {
	if missing := f.mark(); len(missing) > 0 && f.respell(missing) {
		f.mark()
	}
	f.weights = make([]float64, len(f.terms))
	for t, n := range f.frequencies() {
		if n > 0 {
			f.weights[t] = math.Log(1 + (float64(len(f.runners)-n)+0.5)/(float64(n)+0.5))
			f.total += f.weights[t]
		}
	}
}

// mark notes which candidate has which words where, and returns those that none has.
func (f *field) mark() (missing []int) {
	for i := range f.runners {
		r := &f.runners[i]
		r.words, r.titled = r.words[:0], make([]bool, len(f.terms))
		for place, t := range r.tokens {
			if term, known := f.index[t.Term]; known {
				r.words = append(r.words, hurdle{term, t.Start, place})
			}
		}
		for _, t := range r.title {
			if term, known := f.index[t]; known {
				r.titled[term] = true
			}
		}
	}
	for t, n := range f.frequencies() {
		if n == 0 {
			missing = append(missing, t)
		}
	}
	return missing
}

// frequencies counts for each term the candidates that have it.
func (f *field) frequencies() []int {
	n := make([]int, len(f.terms))
	for _, r := range f.runners {
		has := slices.Clone(r.titled)
		for _, w := range r.words {
			has[w.term] = true
		}
		for t, yes := range has {
			if yes {
				n[t]++
			}
		}
	}
	return n
}

// respell lets terms that no candidate has stand for the most frequent ones that look like them. It reports whether there are such.
func (f *field) respell(missing []int) (found bool) {
	frequency := map[string]int{}
	for _, r := range f.runners {
		for _, t := range r.tokens {
			frequency[t.Term]++
		}
	}
	for _, t := range missing {
		best := ""
		for other, n := range frequency {
			if m := frequency[best]; looksLike(f.terms[t], other) && (n > m || n == m && other < best) {
				best = other
			}
		}
		if _, taken := f.index[best]; best != "" && !taken {
			f.index[best], found = t, true
		}
	}
	return found
}

// looksLike reports whether one typing error makes a word of another. In short words an error gives another word, and numbers look
// alike and are not.
func looksLike(a, b string) bool {
	return min(len(a), len(b)) >= 5 && a[0] == b[0] && !hasDigit(a) && !hasDigit(b) && text.Edits(a, b, 1) <= 1
}

// together is the greatest share of the query's words, by weight, that one sentence has.
func (f *field) together(r runner) float64 {
	if len(r.words) == 0 {
		return 0
	}
	best, next := 0.0, 0
	for _, s := range text.Sentences(r.text) {
		var sum float64
		var seen []int
		for ; next < len(r.words) && r.words[next].start < s.End; next++ {
			if t := r.words[next].term; !slices.Contains(seen, t) {
				seen = append(seen, t)
				sum += f.weights[t]
			}
		}
		best = max(best, sum)
	}
	return share(best, f.total)
}

// paired is the share, by weight, of the query's pairs of neighbours that are neighbours here, in the same order and with at most
// one word between them.
func (f *field) paired(r runner) float64 {
	var sum, all float64
	for i := 1; i < len(f.order); i++ {
		first, second := f.order[i-1], f.order[i]
		weight := f.weights[first] + f.weights[second]
		all += weight
		if r.adjacent(first, second) {
			sum += weight
		}
	}
	return share(sum, all)
}

func (r runner) adjacent(first, second int) bool {
	for i, a := range r.words {
		for j := i + 1; a.term == first && j < len(r.words) && r.words[j].place <= a.place+2; j++ {
			if r.words[j].term == second {
				return true
			}
		}
	}
	return false
}

// headed is the share of the query's words, by weight, that stand in the title or in a heading.
func (f *field) headed(r runner) float64 {
	var sum float64
	for t, has := range r.titled {
		if has {
			sum += f.weights[t]
		}
	}
	return share(sum, f.total)
}

func share(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return part / whole
}
