package guard

import (
	"slices"
	"strings"
)

// telling are words that attacks are made of and that are written with their inner letters in another order to get past filters, or
// misspelled, as people and models still read them.
const telling = `ignore disregard forget override bypass previous prior earlier instructions instruction guidelines system prompt reveal
	password passwords secret secrets rules developer unrestricted hidden confidential everything answer respond assistant
	ignora olvida descarta anteriores previas instrucciones reglas directrices sistema revela muestra contrasena contrasenas secretos
	asistente responde desarrollador
	disregarding restrictions restricted filters assistants recommend conversation previously guideline
	instruccion anterior directrices restricciones confidencial confidenciales recomienda recomendar obedece conversacion`

// outline is what a word keeps when its inner letters change places.
type outline struct {
	first, last byte
	length      int
}

// shortestJumble is how long a word must be to have inner letters whose order can be mistaken.
const shortestJumble = 5

// newJumbles returns the telling words by their ends.
func newJumbles() map[outline][]string {
	out := map[outline][]string{}
	for w := range strings.FieldsSeq(telling) {
		out[outlineOf(w)] = append(out[outlineOf(w)], w)
	}
	return out
}

// shortestMisspelled is how long a word must be for another one that differs in a letter to be taken for it.
const shortestMisspelled = 6

// newMisspellings returns the longer telling words, without the second one of two equal letters, by their ends.
func newMisspellings() map[outline][]spelling {
	out := map[outline][]spelling{}
	for w := range strings.FieldsSeq(telling) {
		if short := single(w); len(w) >= shortestMisspelled {
			out[outlineOf(short)] = append(out[outlineOf(short)], spelling{short, w})
		}
	}
	return out
}

// spelling is a word as it sounds, and as it is written.
type spelling struct{ short, word string }

// others are words in their own right that differ in a letter from a telling one.
const others = " precious reseal repeal preempt overrode forgot assistance consistent resistant consultant "

// misspelled returns the telling word that a word is but for a letter, or a doubled one, between its first and its last, and
// whether there is one.
func (g *grammar) misspelled(word string) (string, bool) {
	if len(word) < shortestMisspelled-1 || in(others, word) || g.knows(word) {
		return word, false
	}
	short := single(word)
	at := outlineOf(short)
	for n := at.length - 1; n <= at.length+1; n++ {
		for _, s := range g.misspellings[outline{at.first, at.last, n}] {
			if nearly(short, s.short) {
				return s.word, true
			}
		}
	}
	return word, false
}

// single is a word without the second one of two equal letters.
func single(w string) string {
	out := make([]byte, 0, len(w))
	for i := range len(w) {
		if i == 0 || w[i] != w[i-1] {
			out = append(out, w[i])
		}
	}
	return string(out)
}

// nearly reports whether two words differ in one letter at most: another one, one too many or one too few.
func nearly(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i == len(a) || a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}

func outlineOf(w string) outline { return outline{w[0], w[len(w)-1], len(w)} }

// unjumble returns the telling word that a word is when its inner letters are put in order, and whether there is one.
func (g *grammar) unjumble(word string) (string, bool) {
	if len(word) < shortestJumble {
		return word, false
	}
	for _, w := range g.jumbles[outlineOf(word)] {
		if w != word && slices.Equal(sorted(w), sorted(word)) && !g.knows(word) {
			return w, true
		}
	}
	return word, false
}

func sorted(w string) []byte {
	letters := []byte(w)
	slices.Sort(letters)
	return letters
}
