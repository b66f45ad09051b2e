package offline

import "slices"

// kind is what sort of thing a question asks for, as far as its words tell.
type kind int

const (
	anything kind = iota
	person
	moment
	amount
	place
	reason
)

// cue is a way to ask: a word, directly followed by one of then where there are any.
type cue struct {
	kind kind
	ask  string
	then string
}

// cues lists ways to ask in English and Spanish, without accents. Earlier ones win.
func cues() []cue {
	return []cue{
		{reason, "por", "que"},
		{reason, "why", ""},
		{moment, "cuando when", ""},
		{moment, "que cual what which", "ano anos fecha siglo mes dia epoca decada year date century month day decade time"},
		{amount, "cuanto cuanta cuantos cuantas", ""},
		{amount, "how", "many much old long far tall high big large fast often deep wide heavy"},
		{amount, "que cual what which", "porcentaje cantidad numero proporcion edad percentage percent amount number proportion age share"},
		{place, "donde adonde where", ""},
		{place, "que cual what which", "ciudad pais lugar estado region continente pueblo city country place state region continent town"},
		{person, "quien quienes who whom whose", ""},
	}
}

// kindOf returns what a question asks for. Words that ask also join clauses ("what happened when ..."), so they count only
// at the beginning of a clause, after a preposition there, or with the accent that Spanish gives them when they ask.
func kindOf(words []word) kind {
	for _, c := range cues() {
		ask, then := fields(c.ask), fields(c.then)
		for i, w := range words {
			asks := w.accent || w.opens || i > 0 && words[i-1].opens
			if !asks || !slices.Contains(ask, w.folded) {
				continue
			}
			if len(then) == 0 || i+1 < len(words) && slices.Contains(then, words[i+1].folded) {
				return c.kind
			}
		}
	}
	return anything
}
