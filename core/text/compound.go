package text

import "strings"

// maxParts is how many parts of a compound are looked at together.
const maxParts = 8

// join takes what is not a word. A hyphen or ampersand right after a part lets the next word be a part too.
func (a *analyser) join(span Span) {
	n := len(a.compound)
	if n == 0 || a.compound[n-1].End != span.Start {
		return
	}
	switch a.text[span.Start:span.End] {
	case "-", "‐", "‑", "&":
		a.joined = span.End
	}
}

// closeCompound gives the terms of the compound at hand that span several of its parts, and forgets it.
func (a *analyser) closeCompound() {
	parts := a.compound
	a.compound = a.compound[:0]
	if len(parts) < 2 {
		return
	}
	numbers := 0
	for i, part := range parts {
		number := isNumber(a.text[part.Start:part.End])
		if number {
			numbers++
		}
		if i > 0 && len(parts) > 2 && number && !isNumber(a.text[parts[i-1].Start:parts[i-1].End]) {
			a.emitJoined(parts[i-1 : i+1])
		}
	}
	if len(parts) == 2 && numbers < 2 || len(parts) == 3 && numbers == 1 {
		a.emitJoined(parts)
	}
}

// emitJoined gives the parts as one term.
func (a *analyser) emitJoined(parts []Span) {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString(a.text[part.Start:part.End])
	}
	a.emit(a.term(b.String()), Span{Start: parts[0].Start, End: parts[len(parts)-1].End})
}

// languageSuffix returns what to add to the name of a programming language for the signs that follow it.
func languageSuffix(word, after string) string {
	switch {
	case strings.HasPrefix(after, "++") && len(word) <= 12:
		return "plusplus"
	case strings.HasPrefix(after, "#") && len(word) == 1:
		return "sharp"
	}
	return ""
}

// isNumber reports whether word, which is not empty, begins with a digit.
func isNumber(word string) bool { return isDigit(word[0]) }
