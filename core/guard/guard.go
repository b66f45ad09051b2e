// Package guard tells whether a text tries to give orders to the language model that reads it: prompt injection. It knows
// English and Spanish and the commonest words of some other languages, looks through common disguises, and takes time in proportion to
// the text.
//
// It tells use from mention. A command counts where a command can stand, at the beginning of a clause; what is reported,
// negated, or quoted as an example in a sentence about attacks counts little, so that a handbook about attacks is no attack.
package guard

import (
	"maps"
	"math"
	"slices"
)

// Threshold is the score from which on a text should be taken for an attack.
const Threshold = 0.6

// window is how many sentences in a row are judged together.
const window = 3

// mostPerPattern is the most evidence that one pattern gives, however many of its forms occur.
const mostPerPattern = 7.0

// mostOfMentions is the most evidence that all that is only mentioned gives: quoted, reported, or told not to do.
const mostOfMentions = 2.5

// Verdict is what is to be said about a text.
type Verdict struct {
	// Score is from 0 to 1: 1/(1+exp(-e)), where e is the log-odds of an attack in the sentence, or the three neighbouring sentences,
	// that look most like one. They come from the evidence of rules, from what is spoken of together, and from single words; how much
	// each counts was fitted to texts of both sorts. A text in which nothing was found has 0.
	Score float64
	// Patterns are the kinds of evidence that rules found anywhere in the text, sorted; when they found none, what the sentences that
	// look most like an attack speak of.
	Patterns []Pattern
}

// Suspicious reports whether the score reaches Threshold.
func (v Verdict) Suspicious() bool { return v.Score >= Threshold }

// Flags sums up the patterns as what they are after: instruction_override, exfiltration_attempt, policy_override, tool_abuse or
// concealment; sorted.
func (v Verdict) Flags() []string {
	flags := map[string]bool{}
	for _, p := range v.Patterns {
		if f := p.flag(); f != "" {
			flags[f] = true
		}
	}
	return slices.Sorted(maps.Keys(flags))
}

// Pattern names a kind of evidence.
type Pattern string

// The patterns.
const (
	IgnoreInstructions Pattern = "ignore_instructions" // calls off what the model was told
	NewInstructions    Pattern = "new_instructions"    // puts others in their place
	SystemPrompt       Pattern = "system_prompt"       // wants to see what the model was told
	RevealSecrets      Pattern = "reveal_secrets"      // wants passwords, tokens, what others may read
	ExfiltrationLink   Pattern = "exfiltration_link"   // wants data sent away, by links, images or mail
	PolicyOverride     Pattern = "policy_override"     // says that filters, rules or checks are off
	ActAs              Pattern = "act_as"              // gives the model another character
	Authority          Pattern = "authority"           // claims to be the developer or an administrator
	AddressedToModel   Pattern = "addressed_to_model"  // speaks to whatever machine reads it
	OutputControl      Pattern = "output_control"      // says what the answer shall be
	Concealment        Pattern = "concealment"         // asks to keep something from the user
	ToolAbuse          Pattern = "tool_abuse"          // calls tools, or looks like a call
	RoleMarker         Pattern = "role_marker"         // imitates the marks between the parts of a prompt
	HiddenText         Pattern = "hidden_text"         // stands where people don't see it
	Encoded            Pattern = "encoded"             // is encoded, and an attack when decoded
	Obfuscated         Pattern = "obfuscated"          // is spelled so that filters don't know the words
)

// Patterns lists all patterns, sorted.
func Patterns() []Pattern {
	all := []Pattern{
		IgnoreInstructions, NewInstructions, SystemPrompt, RevealSecrets, ExfiltrationLink, PolicyOverride, ActAs, Authority,
		AddressedToModel, OutputControl, Concealment, ToolAbuse, RoleMarker, HiddenText, Encoded, Obfuscated,
	}
	slices.Sort(all)
	return all
}

func (p Pattern) flag() string {
	switch p {
	case IgnoreInstructions, NewInstructions, ActAs, AddressedToModel, OutputControl, RoleMarker:
		return "instruction_override"
	case SystemPrompt, RevealSecrets, ExfiltrationLink:
		return "exfiltration_attempt"
	case PolicyOverride, Authority:
		return "policy_override"
	case ToolAbuse:
		return "tool_abuse"
	case Concealment, HiddenText, Encoded, Obfuscated:
		return "concealment"
	}
	return ""
}

// Detector judges texts. It is safe for concurrent use.
type Detector struct {
	grammar *grammar
	weights *weights
}

// New makes a Detector, which takes some milliseconds.
func New() *Detector {
	w := newWeights(fitted, traitNames())
	g := newGrammar(allRules(), concepts())
	g.vocabulary = w.vocabulary
	return &Detector{grammar: g, weights: w}
}

// Scan judges a text.
func (d *Detector) Scan(s string) Verdict { return d.judge(d.look(s, true)) }

// enoughEncoded is the evidence of rules that makes a text suspicious which somebody took the trouble to encode.
const enoughEncoded = 3.0

// suspects reports whether rules find enough in a text that was encoded.
func (d *Detector) suspects(s string) bool {
	return slices.ContainsFunc(d.look(s, false).passages(d.grammar.concepts), func(p passage) bool { return p.evidence >= enoughEncoded })
}

// look finds all that speaks for or against an attack and, on the first level, in what is encoded.
func (d *Detector) look(s string, decode bool) *view {
	clean, hidden := reveal(s)
	t := tokenise(d.grammar, clean)
	v := t.view()
	v.found = append(v.found, t.concealed(v.found)...)
	if decode {
		v.found = append(v.found, d.encoded(clean, hidden)...)
	}
	return v
}

// match is evidence in a place.
type match struct {
	pattern  Pattern
	rule     int // the rule that it comes from, negative for evidence without a rule
	sentence int
	token    int
	weight   float64 // log-odds
	mention  bool    // reported, quoted as an example, or negated
}

func (m match) place() int { return m.sentence }

// judge takes the passage that looks most like an attack.
func (d *Detector) judge(v *view) Verdict {
	all := v.passages(d.grammar.concepts)
	if len(all) == 0 {
		return Verdict{}
	}
	best, worst := math.Inf(-1), passage{}
	for _, p := range all {
		if sum := d.weights.sum(p); sum > best {
			best, worst = sum, p
		}
	}
	best -= chance(len(v.size))
	patterns := map[Pattern]bool{}
	for _, m := range v.found {
		patterns[m.pattern] = true
	}
	out := Verdict{Score: 1 / (1 + math.Exp(-best))}
	if len(patterns) == 0 {
		d.grammar.signs(worst, ofReported, patterns)
	}
	if len(patterns) == 0 && out.Suspicious() {
		d.grammar.signs(worst, 0, patterns)
	}
	if len(patterns) == 0 {
		return Verdict{}
	}
	out.Patterns = slices.Sorted(maps.Keys(patterns))
	return out
}

// byChance is how much evidence is taken off for a text of many passages: the more there are, the likelier that one of them looks
// like an attack and is none.
const byChance = 0.25

// chance is what is taken off the log-odds of the worst passage in a text of so many sentences.
func chance(sentences int) float64 {
	return byChance * math.Log(max(1, float64(sentences)/window))
}

// evidence is the sum over patterns. Each rule counts once, where it is strongest.
func evidence(found []match) (total float64, sums map[Pattern]float64) {
	rules := map[int]match{}
	for _, m := range found {
		if old, ok := rules[m.rule]; !ok || m.weight > old.weight {
			rules[m.rule] = m
		}
	}
	mentions := 0.0
	sums = map[Pattern]float64{}
	for _, m := range rules {
		if m.mention {
			mentions += m.weight
			continue
		}
		sums[m.pattern] += m.weight
	}
	total = min(mentions, mostOfMentions)
	for _, sum := range sums {
		total += min(sum, mostPerPattern)
	}
	return total, sums
}
