// Package guard tells whether a text tries to give orders to the language model that reads it: prompt injection. It knows
// English and Spanish, looks through common disguises, and takes time in proportion to the text.
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

// bias is the evidence against an attack that a text starts with.
const bias = -4.0

// window is how many sentences in a row are judged together.
const window = 3

// mostPerPattern is the most evidence that one pattern gives, however many of its forms occur.
const mostPerPattern = 7.0

// mostOfMentions is the most evidence that all that is only mentioned gives: quoted, reported, or told not to do.
const mostOfMentions = 2.5

// Verdict is what is to be said about a text.
type Verdict struct {
	// Score is from 0 to 1: 1/(1+exp(-e)), where e is the sum of the evidence in the three neighbouring sentences that give most,
	// less 4. Evidence is in units of log-odds. A text without any has 0.
	Score float64
	// Patterns are the kinds of evidence that were found anywhere in the text, sorted.
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
}

// New makes a Detector, which takes some milliseconds.
func New() *Detector { return &Detector{grammar: newGrammar(allRules())} }

// Scan judges a text.
func (d *Detector) Scan(s string) Verdict { return d.scan(s, true) }

// scan judges a text and, on the first level, what is encoded in it.
func (d *Detector) scan(s string, decode bool) Verdict {
	clean, hidden := reveal(s)
	t := tokenise(d.grammar, clean)
	found := t.matches()
	found = append(found, t.concealed(found)...)
	if decode {
		found = append(found, d.encoded(clean, hidden)...)
	}
	return judge(found)
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

// judge sums the evidence up, window by window.
func judge(found []match) Verdict {
	if len(found) == 0 {
		return Verdict{}
	}
	slices.SortFunc(found, func(a, b match) int { return a.sentence - b.sentence })
	patterns := map[Pattern]bool{}
	best := 0.0
	for i, m := range found {
		patterns[m.pattern] = true
		if i > 0 && found[i-1].sentence == m.sentence {
			continue
		}
		end := i
		for end < len(found) && found[end].sentence < m.sentence+window {
			end++
		}
		best = max(best, evidence(found[i:end]))
	}
	if best == 0 {
		return Verdict{}
	}
	return Verdict{Score: 1 / (1 + math.Exp(-(best + bias))), Patterns: slices.Sorted(maps.Keys(patterns))}
}

// evidence is the sum over patterns. Each rule counts once, where it is strongest.
func evidence(found []match) float64 {
	rules := map[int]match{}
	for _, m := range found {
		if old, ok := rules[m.rule]; !ok || m.weight > old.weight {
			rules[m.rule] = m
		}
	}
	sums, mentions := map[Pattern]float64{}, 0.0
	for _, m := range rules {
		if m.mention {
			mentions += m.weight
			continue
		}
		sums[m.pattern] += m.weight
	}
	total := min(mentions, mostOfMentions)
	for _, sum := range sums {
		total += min(sum, mostPerPattern)
	}
	return total
}
