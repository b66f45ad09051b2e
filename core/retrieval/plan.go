package retrieval

import (
	"slices"

	"github.com/ragcorp/ragcorp/core/text"
)

// termPlan is how a query is looked up by words.
type termPlan struct {
	language text.Language // of the query
	groups   []TermGroup
}

// planTerms analyses a query for a workspace with texts in the given languages, most frequent first.
//
// Which words count is up to the query's own language, so that its stop words are left out. How a word is spelled in the
// index is up to the language of each text, so a word stands for its forms in all the languages of the workspace. A query of
// nothing but stop words is taken word by word.
func planTerms(w wording, languages []text.Language) termPlan {
	query := w.text
	p := termPlan{language: queryLanguage(query, languages)}
	tokens := text.Analyse(p.language, query)
	if len(tokens) == 0 {
		p.language = text.Simple
		tokens = text.Analyse(text.Simple, query)
	}
	forms := map[text.Span][]string{}
	add := func(t text.Token) {
		if !slices.Contains(forms[t.Span], t.Term) {
			forms[t.Span] = append(forms[t.Span], t.Term)
		}
	}
	for _, t := range tokens {
		add(t)
	}
	for _, l := range languages {
		for _, t := range text.Analyse(l, query) {
			if _, counts := forms[t.Span]; counts {
				add(t)
			}
		}
	}
	for _, t := range tokens {
		p.add(wordOf(w, t.Span, forms[t.Span]))
	}
	return p
}

// wordOf makes a word of its forms and of what the query's marks say about it.
func wordOf(w wording, at text.Span, forms []string) TermGroup {
	g := TermGroup{Alternatives: slices.Sorted(slices.Values(forms)), Weight: 1}
	for _, form := range forms {
		g.Edits = max(g.Edits, editsOf(form))
	}
	w.mark(at, &g)
	return g
}

// add adds a word; a repeated one weighs more.
func (p *termPlan) add(word TermGroup) {
	for i, g := range p.groups {
		if slices.Equal(g.Alternatives, word.Alternatives) && g.Prefix == word.Prefix {
			p.groups[i].Weight++
			p.groups[i].Edits = min(g.Edits, word.Edits)
			return
		}
	}
	p.groups = append(p.groups, word)
}

// exact makes words stand for nothing but their own forms.
func (p *termPlan) exact() {
	for i := range p.groups {
		p.groups[i].Edits, p.groups[i].Prefix = 0, ""
	}
}

// queryLanguage tells the language of a query. Where a short query leaves it open, the workspace's main language decides.
func queryLanguage(query string, languages []text.Language) text.Language {
	l := text.Detect(query)
	if l == text.Simple && len(languages) > 0 {
		return languages[0]
	}
	return l
}
