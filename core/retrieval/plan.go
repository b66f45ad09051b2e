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
func planTerms(query string, languages []text.Language) termPlan {
	query = text.Normalise(query)
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
		p.add(forms[t.Span])
	}
	return p
}

// add adds a word by its forms; a repeated word weighs more.
func (p *termPlan) add(forms []string) {
	forms = slices.Sorted(slices.Values(forms))
	for i, g := range p.groups {
		if slices.Equal(g.Alternatives, forms) {
			p.groups[i].Weight++
			return
		}
	}
	g := TermGroup{Alternatives: forms, Weight: 1}
	for _, form := range forms {
		g.Edits = max(g.Edits, editsOf(form))
	}
	p.groups = append(p.groups, g)
}

// queryLanguage tells the language of a query. Where a short query leaves it open, the workspace's main language decides.
func queryLanguage(query string, languages []text.Language) text.Language {
	l := text.Detect(query)
	if l == text.Simple && len(languages) > 0 {
		return languages[0]
	}
	return l
}
