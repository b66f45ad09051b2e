package document

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/text"
)

// embedInput is a chunk's text under the titles, and the context if it has one, that say what it is about.
func embedInput(title string, c Chunk) string {
	var b strings.Builder
	b.WriteString(titles(title, c) + "\n\n")
	if c.Context != "" {
		b.WriteString(c.Context + "\n\n")
	}
	if c.Lead != "" {
		b.WriteString(c.Lead + "\n")
	}
	b.WriteString(c.Text)
	return b.String()
}

// titles is what an embedInput begins with: the document's title and the chunk's headings.
func titles(title string, c Chunk) string {
	for _, h := range c.Headings {
		if h != title {
			title += "\n" + h
		}
	}
	return title
}

// weighTitles makes the terms of the titles, which end at a place, count so many times each, in the length of the chunk too:
// BM25F as S. Robertson, H. Zaragoza and M. Taylor have it (Simple BM25 Extension to Multiple Weighted Fields, 2004).
func weighTitles(tokens []text.Token, end, weight int) []text.Token {
	if weight == 1 {
		return tokens
	}
	out := make([]text.Token, 0, 2*len(tokens))
	for _, t := range tokens {
		if t.End > end {
			out = append(out, t)
			continue
		}
		for range weight {
			out = append(out, t)
		}
	}
	return out
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
