package guard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// rule is evidence for a pattern: words that stand in an order.
//
// Its form lists steps, separated by spaces. A step is a list of alternatives, separated by bars; an alternative is a word, the
// beginning of a word with an asterisk, several words joined by underscores, or the name of a list of the lexicon in braces.
// Words are folded; "assistant," is one that a comma follows, "assistant:" one with a colon, and "^to" one that a
// clause begins with. A step that ends with an exclamation
// mark is a verb that counts fully as a command only; one that ends with a question mark may be missing. Between steps, "..5"
// lets up to five words stand, "...5" in other sentences too.
type rule struct {
	pattern Pattern
	weight  float64 // log-odds
	form    string
}

// class is a set of words that a step accepts, by its place in the grammar.
type class = uint16

// step is one part of a sequence.
type step struct {
	class class
	gap   int  // how many words may stand before it
	far   bool // in other sentences too
}

// sequence is one way in which a rule can be met.
type sequence struct {
	rule  int
	verb  int // the step whose mood counts; -1 when none does
	steps []step
}

// grammar is the rules in the form in which they are matched.
type grammar struct {
	rules        []rule         // and then the forms of concepts
	concepts     int            // their number
	pattern      []Pattern      // of the concepts
	vocabulary   map[string]int // stems and pairs of them that have a weight of their own, from 1 on
	lexicon      map[string]string
	meta         class // the words of sentences about attacks, and about what texts say
	exact        map[string][]class
	prefixes     map[string][]class
	longest      int // prefix, in bytes
	verbs        map[class]bool
	from         map[class][]sequence // by the class of their first step
	classes      map[string]class
	jumbles      map[outline][]string   // the words that may be spelled with their letters in disorder
	misspellings map[outline][]spelling // and those that may be misspelled
}

func newGrammar(rules []rule, concepts []concept) *grammar {
	g := &grammar{
		rules: rules, concepts: len(concepts), lexicon: newLexicon(), exact: map[string][]class{}, prefixes: map[string][]class{}, verbs: map[class]bool{},
		from: map[class][]sequence{}, classes: map[string]class{}, jumbles: newJumbles(), misspellings: newMisspellings(),
	}
	for i, r := range rules {
		g.add(i, r)
	}
	for i, c := range concepts {
		g.pattern = append(g.pattern, c.pattern)
		for _, form := range c.forms {
			g.add(len(rules)+i, rule{form: form})
		}
	}
	g.meta = g.class(g.alternatives("{meta}"))
	return g
}

// draft is a sequence that is still being written.
type draft struct {
	verb  int
	steps []step
}

func (g *grammar) add(index int, r rule) {
	drafts := []draft{{verb: -1}}
	next := step{}
	for word := range strings.FieldsSeq(r.form) {
		if gap, ok := strings.CutPrefix(word, ".."); ok {
			gap, next.far = strings.CutPrefix(gap, ".")
			n, err := strconv.Atoi(gap)
			if err != nil {
				panic(fmt.Sprintf("rule %q: %v", r.form, err)) // rules are constants of the program
			}
			next.gap = n
			continue
		}
		drafts = g.extend(drafts, word, next)
		next = step{}
	}
	for _, d := range drafts {
		first := d.steps[0].class
		g.from[first] = append(g.from[first], sequence{rule: index, verb: d.verb, steps: d.steps})
	}
}

// extend appends a step to every draft, in each of its alternatives.
func (g *grammar) extend(drafts []draft, word string, at step) []draft {
	word, optional := strings.CutSuffix(word, "?")
	word, verb := strings.CutSuffix(word, "!")
	var singles []string
	var options [][]class
	for _, a := range g.alternatives(word) {
		if !strings.Contains(a, "_") {
			singles = append(singles, a)
			continue
		}
		var several []class
		for part := range strings.SplitSeq(a, "_") {
			several = append(several, g.class([]string{part}))
		}
		options = append(options, several)
	}
	if len(singles) > 0 {
		options = append(options, []class{g.class(singles)})
	}
	var out []draft
	for _, d := range drafts {
		if optional {
			out = append(out, d)
		}
		for _, classes := range options {
			n := draft{verb: d.verb, steps: slices.Clone(d.steps)}
			if verb {
				g.verbs[classes[0]] = true
				if n.verb < 0 {
					n.verb = len(n.steps)
				}
			}
			n.steps = append(n.steps, step{class: classes[0], gap: at.gap, far: at.far})
			for _, c := range classes[1:] {
				n.steps = append(n.steps, step{class: c})
			}
			out = append(out, n)
		}
	}
	return out
}

// alternatives splits a step and puts the words of the lexicon in the place of the names of its lists.
func (g *grammar) alternatives(s string) []string {
	var out []string
	for a := range strings.SplitSeq(s, "|") {
		name, ok := strings.CutPrefix(a, "{")
		if !ok {
			out = append(out, a)
			continue
		}
		list := g.lexicon[strings.TrimSuffix(name, "}")]
		if list == "" {
			panic("the lexicon has no list " + name) // see above
		}
		for w := range strings.FieldsSeq(list) {
			out = append(out, g.alternatives(w)...)
		}
	}
	return out
}

// class returns the class of a set of words, and makes it first if there is none.
func (g *grammar) class(words []string) class {
	words = slices.Compact(slices.Sorted(slices.Values(words)))
	key := strings.Join(words, "|")
	if c, ok := g.classes[key]; ok {
		return c
	}
	c := class(len(g.classes)) //nolint:gosec // there are some hundred classes
	g.classes[key] = c
	for _, w := range words {
		if p, ok := strings.CutSuffix(w, "*"); ok {
			g.prefixes[p] = append(g.prefixes[p], c)
			g.longest = max(g.longest, len(p))
			continue
		}
		g.exact[w] = append(g.exact[w], c)
	}
	return c
}

// classesOf returns the classes of a word, ascending.
func (g *grammar) classesOf(word string) []class {
	var out []class
	out = append(out, g.exact[word]...)
	bare := strings.TrimRight(word, ":,")
	if bare != word {
		out = append(out, g.exact[bare]...)
	}
	for n := 2; n <= min(len(bare), g.longest); n++ {
		out = append(out, g.prefixes[bare[:n]]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// knows reports whether a word belongs to any class.
func (g *grammar) knows(word string) bool { return len(g.classesOf(word)) > 0 }
