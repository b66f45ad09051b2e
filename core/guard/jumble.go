package guard

import (
	"slices"
	"strings"
)

// telling are words that attacks are made of and that are written with their inner letters in another order to get past filters, as
// people and models still read them.
const telling = `ignore disregard forget override bypass previous prior earlier instructions instruction guidelines system prompt reveal
	password passwords secret secrets rules developer unrestricted hidden confidential everything answer respond assistant
	ignora olvida descarta anteriores previas instrucciones reglas directrices sistema revela muestra contrasena contrasenas secretos
	asistente responde desarrollador`

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
