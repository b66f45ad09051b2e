package eval

import (
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"unicode"
)

// shortestMisspelt is how many letters a word needs to be misspelt: in shorter ones an error often gives another word.
const shortestMisspelt = 5

// Misspell returns the query with one typing error: in one of its words of at least five letters, two neighbouring letters are
// swapped, or one letter is left out, added or replaced. Word, kind of error, place and letter are each chosen evenly by a
// generator that is seeded by seed and the query's text, so the same query is misspelt in the same way wherever it stands. A
// query without such a word is returned as it is.
func Misspell(query string, seed uint64) string {
	words := longWords([]rune(query))
	if len(words) == 0 {
		return query
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(query))               // never fails
	r := rand.New(rand.NewPCG(seed, h.Sum64())) //nolint:gosec // it has to be repeatable
	all := []rune(query)
	at := words[r.IntN(len(words))]
	word := all[at[0]:at[1]]
	for {
		if wrong := mistype(word, r); string(wrong) != string(word) {
			return string(all[:at[0]]) + string(wrong) + string(all[at[1]:])
		}
	}
}

// longWords returns from where to where the words stand that may be misspelt: stretches of nothing but letters.
func longWords(s []rune) [][2]int {
	var out [][2]int
	start := 0
	for i := range len(s) + 1 {
		if i < len(s) && unicode.IsLetter(s[i]) {
			continue
		}
		if i-start >= shortestMisspelt {
			out = append(out, [2]int{start, i})
		}
		start = i + 1
	}
	return out
}

// mistype makes one error in a word; by chance the word may come out as it was.
func mistype(word []rune, r *rand.Rand) []rune {
	kind, at, letter := r.IntN(4), r.IntN(len(word)), rune('a'+r.IntN(26))
	var b strings.Builder
	for i := 0; i < len(word); i++ {
		switch {
		case i != at:
			b.WriteRune(word[i])
		case kind == 0 && i+1 < len(word):
			b.WriteRune(word[i+1])
			b.WriteRune(word[i])
			i++
		case kind == 0:
			b.WriteRune(word[i]) // the last letter has no neighbour to be swapped with
		case kind == 1: // left out
		case kind == 2:
			b.WriteRune(letter)
			b.WriteRune(word[i])
		default:
			b.WriteRune(letter)
		}
	}
	return []rune(b.String())
}
