package retrieval

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/text"
)

// Spelling is a term that stands in chunks which a scope sees, and that may be what a word of a query means.
type Spelling struct {
	Term   string
	Edits  int // from the word; 0 when the term begins as the word does
	Chunks int // that the scope sees and that have the term
}

// How unknown words are read. Measured by `ctl eval --ablation`.
const (
	mostRespelled = 3    // terms that an unknown word may stand for
	mostPrefixed  = 64   // terms that a word with an asterisk may stand for
	editShare     = 0.75 // of a word's weight that is left after each edit
	oneEdit       = 4    // letters from which a word may have one error
	twoEdits      = 7    // letters from which it may have two
)

// editsOf is how many errors a word may have: none in short ones, in which an error gives another word, and in those with digits,
// which look alike and are not.
func editsOf(term string) int {
	n := utf8.RuneCountInString(term)
	switch {
	case n < oneEdit, strings.ContainsAny(term, "0123456789"):
		return 0
	case n < twoEdits:
		return 1
	}
	return 2
}

// Looks reports whether a term of the index may be one that the word stands for: it begins with the word's prefix, or it is
// within the edits that the word may have of one of its alternatives and begins with the same letter.
func (g TermGroup) Looks(term string) (edits int, ok bool) {
	if g.Prefix != "" {
		return 0, strings.HasPrefix(term, g.Prefix)
	}
	edits = g.Edits + 1
	for _, a := range g.Alternatives {
		first, _ := utf8.DecodeRuneInString(a)
		if other, _ := utf8.DecodeRuneInString(term); first == other && len(a) > 0 {
			edits = min(edits, text.Edits(a, term, g.Edits))
		}
	}
	return edits, edits <= g.Edits
}

// Respelled returns the word as the terms that it most likely stands for: of an unknown word those with the fewest edits, and
// among these the most frequent ones; each edit takes a part of its weight. Of a word with a prefix, its own alternatives and the
// most frequent terms. Without spellings the word stays as it is.
func (g TermGroup) Respelled(from []Spelling) TermGroup {
	if len(from) == 0 {
		return g
	}
	from = slices.Clone(from)
	slices.SortFunc(from, func(a, b Spelling) int {
		return cmp.Or(a.Edits-b.Edits, b.Chunks-a.Chunks, strings.Compare(a.Term, b.Term))
	})
	out, most := TermGroup{Weight: g.Weight, Prefix: g.Prefix}, mostRespelled
	if g.Prefix != "" {
		out.Alternatives, most = slices.Clone(g.Alternatives), mostPrefixed
	}
	for range from[0].Edits {
		out.Weight *= editShare
	}
	for _, s := range from[:min(len(from), most)] {
		if s.Edits == from[0].Edits {
			out.Alternatives = append(out.Alternatives, s.Term)
		}
	}
	slices.Sort(out.Alternatives)
	out.Alternatives = slices.Compact(out.Alternatives)
	return out
}
