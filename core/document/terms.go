package document

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/text"
)

// embedInput is a chunk's text under the titles that say what it is about.
func embedInput(title string, c text.Chunk) string {
	var b strings.Builder
	b.WriteString(title)
	for _, h := range c.Headings {
		if h != title {
			b.WriteString("\n" + h)
		}
	}
	b.WriteString("\n\n" + c.Text)
	return b.String()
}

// countTerms counts equal terms; the result is in the order of the terms.
func countTerms(tokens []text.Token) []Term {
	terms := make([]string, len(tokens))
	for i, t := range tokens {
		terms[i] = t.Term
	}
	slices.Sort(terms)
	var out []Term
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
