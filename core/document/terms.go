package document

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/text"
)

// embedInput is a chunk's text under the titles that say what it is about.
func embedInput(title string, c Chunk) string {
	var b strings.Builder
	b.WriteString(title)
	for _, h := range c.Headings {
		if h != title {
			b.WriteString("\n" + h)
		}
	}
	b.WriteString("\n\n")
	if c.Lead != "" {
		b.WriteString(c.Lead + "\n")
	}
	b.WriteString(c.Text)
	return b.String()
}

// countTerms counts equal terms; the result is in the order of the terms. scratch is a slice to be used again.
func countTerms(tokens []text.Token, scratch *[]string) []Term {
	terms := (*scratch)[:0]
	for _, t := range tokens {
		terms = append(terms, t.Term)
	}
	*scratch = terms
	slices.Sort(terms)
	different := 0
	for i, t := range terms {
		if i == 0 || terms[i-1] != t {
			different++
		}
	}
	out := make([]Term, 0, different) // there is one for every chunk of a document: none may be larger than it must
	for _, t := range terms {
		if n := len(out); n > 0 && out[n-1].Text == t {
			out[n-1].Count++
			continue
		}
		out = append(out, Term{Text: t, Count: 1})
	}
	return out
}

func parseID(s string) (ID, error) { return uuid.Parse(s) }
