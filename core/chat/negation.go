package chat

import (
	"regexp"
	"sync"

	"github.com/ragcorp/ragcorp/core/text"
)

// minDenied is how much of a claim's words a quote must have before it is asked whether one of the two denies what the other
// says. With fewer words in common, they say different things.
const minDenied = 0.8

// negations match the words that deny what follows them, by language.
var negations = sync.OnceValue(func() map[text.Language]*regexp.Regexp {
	return map[text.Language]*regexp.Regexp{
		text.English:    denial(`not|no|never|none|nobody|nothing|neither|nor|without|cannot|(?:ca|wo|sha|do|does|did|is|are|was|were|has|have|had|would|could|should|must|need)n['’]?t`),
		text.Spanish:    denial(`no|nunca|jamás|ni|tampoco|sin|ningún|ninguna|ninguno|nadie|nada`),
		text.Portuguese: denial(`não|nunca|jamais|nem|tampouco|sem|nenhum|nenhuma|ninguém|nada`),
		text.French:     denial(`pas|jamais|ni|sans|aucun|aucune|personne|rien`),
		text.German:     denial(`nicht|nie|niemals|niemand|nichts|weder|ohne|kein(?:e|en|em|er|es)?`),
		text.Italian:    denial(`non|mai|né|neppure|senza|nessun|nessuna|nessuno|niente|nulla`),
	}
})

// denial matches words with what stands around them; with a full stop, as in No. 5, they are abbreviations.
func denial(words string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[^\pL\d'’])(?:` + words + `)(?:[^\pL\d.]|$)`)
}

// notOnly matches what takes the denial back: "not only", "no solo".
var notOnly = regexp.MustCompile(`(?i)^\s*(?:only|just|merely|solely|solo|sólo|solamente|únicamente|só|somente|apenas|seulement|uniquement|nur|bloß|soltanto|solamente)(?:\P{L}|$)`)

// clauseEnd matches where a clause ends.
var clauseEnd = regexp.MustCompile(`[.,;:!?()\n]`)

// denied returns the terms of s that are denied: after every word of negation, the first of the same clause.
func denied(s string, l text.Language) map[string]bool {
	out := map[string]bool{}
	words := negations()[l]
	if words == nil {
		return out
	}
	for _, at := range words.FindAllStringIndex(s, -1) {
		rest := s[at[1]:]
		if notOnly.MatchString(rest) {
			continue
		}
		if end := clauseEnd.FindStringIndex(rest); end != nil {
			rest = rest[:end[0]]
		}
		if terms := text.Analyse(l, rest); len(terms) > 0 {
			out[terms[0].Term] = true
		}
	}
	return out
}

// contradict reports whether one of two sentences of the same words denies what the other says. Where both deny something, as when
// one is the other in another order, they don't.
func contradict(a, b string, l text.Language) bool {
	inA, inB := denied(a, l), denied(b, l)
	if (len(inA) > 0) == (len(inB) > 0) {
		return false
	}
	return shareTerm(inA, termSet(b, l)) || shareTerm(inB, termSet(a, l))
}

func shareTerm(a, b map[string]bool) bool {
	for t := range a {
		if b[t] {
			return true
		}
	}
	return false
}
