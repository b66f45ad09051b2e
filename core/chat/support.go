package chat

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
)

// lastSentence is the sentence that a marker at the end of s belongs to.
func lastSentence(s string) string {
	s = strings.Trim(s, " \n\t.,;:!?")
	spans := text.Sentences(s)
	if len(spans) == 0 {
		return s
	}
	last := spans[len(spans)-1]
	return s[last.Start:last.End]
}

// support finds the span of a source that supports a claim: the claim's own words where they stand there, else the sentence
// that shares most with it. The score is 0 when nothing is shared, and when the claim quotes what the source doesn't say.
func support(claim string, h retrieval.Hit, l text.Language) (text.Span, float64) {
	if span, score := verbatim(claim, h.Text); score > 0 {
		return span, score
	}
	if misquotes(claim, h.Text) {
		return text.Span{}, 0
	}
	return nearest(claim, h, l)
}

const quoteMarks = "\"'“”‘’«»„"

// verbatim finds a claim that quotes the source, with or without quotation marks, however the white space is.
func verbatim(claim, source string) (text.Span, float64) {
	for _, c := range []string{strings.TrimLeft(strings.TrimSpace(claim), " .,;:!?"), strings.Trim(claim, quoteMarks+" \n\t.,;:!?")} {
		if span, ok := locate(c, source); ok {
			return widen(source, span), 1
		}
	}
	return text.Span{}, 0
}

// locate finds s in a source, whatever the white space and the form of quotation marks.
func locate(s, source string) (text.Span, bool) {
	s = together(s)
	if utf8.RuneCountInString(s) < 3 {
		return text.Span{}, false
	}
	if at := strings.Index(source, s); at >= 0 {
		return text.Span{Start: at, End: at + len(s)}, true
	}
	needle, _ := flatten(s)
	hay, from := flatten(source)
	at := strings.Index(hay, needle)
	if needle == "" || at < 0 {
		return text.Span{}, false
	}
	last := from[at+len(needle)-1]
	_, width := utf8.DecodeRuneInString(source[last:])
	return text.Span{Start: from[at], End: last + width}, true
}

// flatten writes runs of white space as one space and all quotation marks in one way; from has the place of each byte in s.
func flatten(s string) (flat string, from []int) {
	var b strings.Builder
	b.Grow(len(s))
	from = make([]int, 0, len(s))
	space := true
	for i, r := range s {
		switch {
		case unicode.IsSpace(r):
			if space {
				continue
			}
			r, space = ' ', true
		case strings.ContainsRune(quoteMarks, r):
			r, space = '"', false
		default:
			space = false
		}
		b.WriteRune(r)
		for range utf8.RuneLen(r) {
			from = append(from, i)
		}
	}
	return strings.TrimRight(b.String(), " "), from
}

// quotation matches what stands in double quotation marks.
var quotation = regexp.MustCompile(`["“«„]([^"“”«»„]+)["”»“]`)

// misquotes reports whether a claim has a quotation of at least three words that does not stand in the source.
func misquotes(claim, source string) bool {
	for _, m := range quotation.FindAllStringSubmatch(claim, -1) {
		quoted := strings.Trim(m[1], " .,;:!?…")
		if len(strings.Fields(quoted)) < 3 {
			continue
		}
		if _, ok := locate(strings.ToLower(quoted), strings.ToLower(source)); !ok {
			return true
		}
	}
	return false
}

// widen takes the closing punctuation of a quoted sentence into its span.
func widen(source string, s text.Span) text.Span {
	if s.End < len(source) && strings.IndexByte(".!?", source[s.End]) >= 0 {
		s.End++
	}
	return s
}

// nearest finds the sentence of a source that covers most of the claim's words, the first among equals.
func nearest(claim string, h retrieval.Hit, l text.Language) (best text.Span, score float64) {
	words := termSet(claim, l, h.Language)
	if len(words) == 0 {
		return text.Span{}, 0
	}
	for _, s := range text.Sentences(h.Text) {
		shared := 0
		for w := range termSet(h.Text[s.Start:s.End], l, h.Language) {
			if words[w] {
				shared++
			}
		}
		if covered := min(1, float64(shared)/float64(len(words))); covered > score {
			best, score = s, covered
		}
	}
	return best, score
}

// termSet returns the terms of s in the language of the answer, and in the source's where that is another.
func termSet(s string, languages ...text.Language) map[string]bool {
	out := map[string]bool{}
	for i, l := range languages {
		if i > 0 && l == languages[0] {
			continue
		}
		for _, t := range text.Analyse(l, s) {
			out[t.Term] = true
		}
	}
	return out
}

// pageOf is the page on which a byte of the normalised text stands.
func pageOf(h retrieval.Hit, at int) int {
	page := h.PageFrom
	for _, p := range h.Pages {
		if p.Start <= at {
			page = p.Number
		}
	}
	return page
}
