package chat

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
)

// markerRun matches markers that stand together, as they are left by markerFilter.
var markerRun = regexp.MustCompile(`(?:\s*\[\d+\])+`)

// oneMarker matches a single marker.
var oneMarker = regexp.MustCompile(`\[(\d+)\]`)

// cite finds, for every marker of an answer, the span of its source that supports the claim before it. A marker whose source
// shares nothing with the claim gives no citation. Each pair of marker and span is listed once, in the order of the answer.
func cite(answer string, sources []retrieval.Hit, l text.Language) []Citation {
	out := []Citation{}
	seen := map[string]bool{}
	from := 0
	for _, run := range markerRun.FindAllStringIndex(answer, -1) {
		claim := lastSentence(answer[from:run[0]])
		from = run[1]
		for _, m := range oneMarker.FindAllStringSubmatch(answer[run[0]:run[1]], -1) {
			n, err := strconv.Atoi(m[1])
			if err != nil || n < 1 || n > len(sources) {
				continue // not reachable: markerFilter lets only those pass that point somewhere
			}
			c, ok := support(claim, sources[n-1], l)
			c.Marker = n
			key := m[1] + ":" + strconv.Itoa(c.Span.Start) + ":" + strconv.Itoa(c.Span.End)
			if ok && !seen[key] {
				seen[key] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// lastSentence is the sentence that a marker at the end of s belongs to. A quotation may hold several sentences and is taken
// as a whole.
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
// that shares most with it. ok is false when nothing is shared.
func support(claim string, h retrieval.Hit, l text.Language) (c Citation, ok bool) {
	span, score := verbatim(claim, h.Text)
	if score == 0 {
		span, score = nearest(claim, h, l)
	}
	if score == 0 {
		return Citation{}, false
	}
	c = Citation{
		Document: h.Document, Title: h.Title, Chunk: h.ID, Quote: h.Text[span.Start:span.End], Score: score,
		Span: text.Span{Start: h.Span.Start + span.Start, End: h.Span.Start + span.End},
	}
	c.Page = pageOf(h, c.Span.Start)
	return c, true
}

// verbatim finds a claim that quotes the source, with or without quotation marks.
func verbatim(claim, source string) (text.Span, float64) {
	for _, c := range []string{claim, strings.Trim(claim, "\"'“”‘’«»„ ")} {
		if at := strings.Index(source, c); at >= 0 && strings.TrimSpace(c) != "" {
			return widen(source, text.Span{Start: at, End: at + len(c)}), 1
		}
	}
	return text.Span{}, 0
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
