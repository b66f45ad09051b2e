package guard

import (
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// mood is how a verb is used.
type mood int

const (
	reported  mood = iota // somebody does it, or is said to
	commanded             // somebody is told to do it
	negated               // somebody is told not to do it
)

// How much of its weight evidence keeps.
const (
	ofReported = 0.3
	ofNegated  = 0.1
	ofQuoted   = 0.25 // quoted in a sentence that isn't quoted as a whole
	ofMeta     = 0.45 // after words that tell that the sentence is about attacks
)

// classify finds the classes of a token.
func (g *grammar) classify(t *token) {
	t.classes = g.classesOf(t.word)
	if t.starts {
		t.classes = slices.Concat(t.classes, g.exact["^"+t.word], g.exact["^"+t.bare()])
		slices.Sort(t.classes)
		t.classes = slices.Compact(t.classes)
	}
	t.verb = slices.ContainsFunc(t.classes, func(c class) bool { return g.verbs[c] })
}

func (t *token) is(c class) bool {
	_, ok := slices.BinarySearch(t.classes, c)
	return ok
}

// bare is the word without the punctuation after it.
func (t *token) bare() string { return strings.TrimRight(t.word, ":,") }

// settle finds the mood of every verb, and where sentences turn out to be about attacks.
func (t *tokens) settle() {
	if n := len(t.list); n > 0 {
		t.meta = make([]int, t.list[n-1].sentence+1)
		t.partly = make([]bool, len(t.meta))
	}
	for i := range t.meta {
		t.meta[i] = len(t.list)
	}
	last := reported // the mood of the verb before, in the same sentence
	for i := range t.list {
		k := &t.list[i]
		if k.first {
			last = reported
		}
		t.partly[k.sentence] = t.partly[k.sentence] || !k.quoted || k.cited
		if k.is(t.grammar.meta) && !k.quoted {
			t.meta[k.sentence] = min(t.meta[k.sentence], i)
		}
		if k.verb {
			k.mood = t.moodAt(i, last)
			last = k.mood
		}
	}
}

// moodAt tells the mood of a verb from its form and from what stands before it.
func (t *tokens) moodAt(i int, last mood) mood {
	before := t.before(i, 1)
	before2 := t.before(i, 2)
	switch {
	case !t.list[i].starts && (in(negations, before) || in(negations, before2) && !in(pronouns, before2)):
		return negated
	case in(modals, before), in(modals, before2) && !in(negations, before) && in(softeners, before):
		return commanded
	case before == "to", before == "que":
		return t.moodAfterTo(i)
	case bent(t.list[i].bare()):
		return reported
	case t.noun(i):
		return reported
	case t.list[i].starts, in(softeners, before):
		return commanded
	case in(conjunctions, before):
		return last
	}
	return reported
}

// moodAfterTo tells the mood of a verb after "to" or "que".
func (t *tokens) moodAfterTo(i int) mood {
	before, before2 := t.before(i, 1), t.before(i, 2)
	switch {
	case in(needs, before2) && in(negations, t.before(i, 3)):
		return reported // nobody has to
	case before == "to" && in(toModals+" you asked instructed told requested ", before2), before == "que" && in(queModals, before2):
		return commanded
	}
	return reported
}

// noun reports whether a word that could be a verb is none, to judge by the word after it: "use of", "results are".
func (t *tokens) noun(i int) bool {
	return i+1 < len(t.list) && t.list[i+1].sentence == t.list[i].sentence && in(afterNouns, t.list[i+1].bare())
}

// before returns the n-th word before a token in its sentence, or "".
func (t *tokens) before(i, n int) string {
	if i < n || t.list[i-n].sentence != t.list[i].sentence {
		return ""
	}
	return t.list[i-n].bare()
}

func in(words, w string) bool { return w != "" && strings.Contains(words, " "+w+" ") }

// Words before a verb, each between spaces.
const (
	negations    = " not never dont doesnt cannot cant wont nor without no nunca jamas ni sin "
	pronouns     = " problem matter "
	modals       = " must shall should will you you'll youll debes debe deberas deberan deben puedes vas tu usted has tienes "
	toModals     = " have has required need you need ordered_you want supposed asked_you are is "
	needs        = " have has need needs required obliged tiene tienes tienen hay "
	queModals    = " tienes tiene tienen ordeno pido exijo hay "
	softeners    = " please kindly now then also just simply instead lets immediately always first next only still silently por favor ahora luego entonces siempre solo simplemente tambien despues "
	afterNouns   = " of is are was were has have had between among de del es son fue fueron era eran ha han "
	conjunctions = " and or but y e o u pero "
)

// bent reports whether a verb has a form that commands don't have.
func bent(word string) bool {
	for _, ending := range []string{"ing", "ed", "aron", "ieron", "ando", "iendo", "ado", "ido", "aba", "aban", "ara", "aran", "iera", "arse", "arlo"} {
		if strings.HasSuffix(word, ending) && len(word) > len(ending)+2 {
			return true
		}
	}
	if strings.HasSuffix(word, "ar") || strings.HasSuffix(word, "er") || strings.HasSuffix(word, "ir") {
		return !in(" answer render discover transfer ", word)
	}
	return strings.HasSuffix(word, "s") && len(word) > 4 && !strings.HasSuffix(word, "ss") && !in(" bypass suppress ", word) && !spanishVerb(word)
}

// spanishVerb reports whether a word ends as commands not to do something do, such as menciones and sigas.
func spanishVerb(word string) bool {
	return strings.HasSuffix(word, "as") || strings.HasSuffix(word, "los") || in(" menciones senales informes reveles contestes cuentes prestes ", word)
}

// view is what is found in the text.
func (t *tokens) view() *view {
	v := &view{words: make([][]int, len(t.meta)), size: make([]int, len(t.meta))}
	v.found, v.seen = t.matches()
	for i, k := range t.list {
		v.size[k.sentence]++
		for w := range t.wordsAt(i) {
			if id := t.grammar.vocabulary[string(w)]; id > 0 {
				v.words[k.sentence] = append(v.words[k.sentence], id)
			}
		}
	}
	return v
}

// matches finds all evidence that rules give, and the concepts that the text speaks of.
func (t *tokens) matches() (found []match, seen []sighting) {
	g := t.grammar
	for i, k := range t.list {
		for _, c := range k.classes {
			for _, s := range g.from[c] {
				end, verb := t.follow(s, i)
				if end < 0 {
					continue
				}
				credit := t.credit(i, verb)
				if s.rule >= len(g.rules) {
					seen = append(seen, t.sightings(s.rule-len(g.rules), i, credit)...)
					continue
				}
				r := g.rules[s.rule]
				found = append(found, match{
					pattern: r.pattern, rule: s.rule, sentence: k.sentence, token: i, weight: r.weight * credit, mention: credit <= ofReported,
				})
			}
		}
	}
	return found, seen
}

// sightings are a concept at a token, and the way in which it is spelled or set there.
func (t *tokens) sightings(concept, at int, credit float64) []sighting {
	k := t.list[at]
	out := []sighting{{concept, k.sentence, credit}}
	if k.hidden {
		out = append(out, sighting{t.grammar.concepts + traitHidden, k.sentence, 1})
	}
	if k.disguise {
		out = append(out, sighting{t.grammar.concepts + traitDisguised, k.sentence, 1})
	}
	return out
}

// follow matches the steps of a sequence from a token on. end is -1 when they don't match; verb is the token of the step whose
// mood counts.
func (t *tokens) follow(s sequence, from int) (end, verb int) {
	verb = -1
	at := from
	for n, st := range s.steps {
		if n > 0 {
			if at = t.find(st, at+1); at < 0 {
				return -1, -1
			}
		}
		if n == s.verb {
			verb = at
		}
	}
	return at, verb
}

// find returns the first token, from one on and within the gap, that a step accepts, or -1.
func (t *tokens) find(st step, from int) int {
	for at := from; at < len(t.list) && at <= from+st.gap; at++ {
		if !st.far && t.list[at].sentence != t.list[from-1].sentence {
			return -1
		}
		if t.list[at].is(st.class) {
			return at
		}
	}
	return -1
}

// credit is how much of its weight evidence keeps in its place.
func (t *tokens) credit(first, verb int) float64 {
	keep := 1.0
	if verb >= 0 {
		switch t.list[verb].mood {
		case reported:
			keep = ofReported
		case negated:
			keep = ofNegated
		case commanded:
		}
	}
	k := t.list[first]
	switch {
	case k.quoted && t.partly[k.sentence]:
		keep *= ofQuoted
	case t.meta[k.sentence] < first && !k.quoted:
		keep *= ofMeta
	}
	return keep
}

// concealed finds evidence in places that people don't see, and in words that are spelled in disguise.
func (t *tokens) concealed(found []match) []match {
	var out []match
	for _, m := range found {
		if t.list[m.token].hidden {
			out = append(out, match{pattern: HiddenText, rule: -3, sentence: m.sentence, token: m.token, weight: 3})
		}
		if t.list[m.token].disguise {
			out = append(out, match{pattern: Obfuscated, rule: -4, sentence: m.sentence, token: m.token, weight: 2})
		}
	}
	return out
}

// longestWord is how long a word may be before it is taken for several without spaces between them.
const longestWord = 16

// parts cuts a very long word into those that the rules know, as far as that goes.
func (g *grammar) parts(word string) []string {
	if len(word) < longestWord || len(word) > 200 || !isASCII(word) || g.knows(word) && len(word) < 20 {
		return []string{word}
	}
	var out []string
	covered := 0
	for at := 0; at < len(word); {
		n := g.longestKnown(word[at:])
		if n == 0 {
			at++
			continue
		}
		out = append(out, word[at:at+n])
		covered += n
		at += n
	}
	if covered*10 < len(word)*8 || len(out) < 3 {
		return []string{word}
	}
	return out
}

func (g *grammar) longestKnown(s string) int {
	for n := min(len(s), 16); n >= 3; n-- {
		if len(g.exact[s[:n]]) > 0 || n >= 4 && len(g.prefixes[s[:n]]) > 0 {
			return n
		}
	}
	return 0
}

// words are all that may have a weight of its own.
func (t *tokens) words() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range t.list {
			for w := range t.wordsAt(i) {
				if !yield(string(w)) {
					return
				}
			}
		}
	}
}

// wordsAt are the stem of a word, marked when it is quoted in a sentence that is not; once more, when a clause begins with it; and
// the pair of it and the one before in the same sentence. What is yielded lasts until the next one.
func (t *tokens) wordsAt(i int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		k := &t.list[i]
		var room [4*stemLength + 2]byte
		w := room[:0]
		if k.quoted && t.partly[k.sentence] {
			w = append(w, quotedMark)
		}
		w = append(w, stem(k.bare())...)
		if !yield(w) {
			return
		}
		var more [4*stemLength + 2]byte
		if k.starts && !yield(append(append(more[:0], clauseMark), w...)) {
			return
		}
		if i > 0 && !k.first && t.list[i-1].sentence == k.sentence {
			yield(append(append(append(more[:0], stem(t.list[i-1].bare())...), '_'), w...))
		}
	}
}

// Marks of words for their place.
const (
	quotedMark = '\''
	clauseMark = '^'
)

// stemLength is how many bytes of a word its stem has. In languages that put endings to words that is as good as more careful
// ways, and costs nothing.
const stemLength = 6

func stem(word string) string {
	n := min(len(word), stemLength)
	for n < len(word) && !utf8.RuneStart(word[n]) {
		n--
	}
	return word[:n]
}
