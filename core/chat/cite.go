package chat

import (
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
)

// What a citation has to cover of the words of its claim. Where the claim is in another language than the source, names and
// numbers are all that they can share, so one shared word is enough to cite, though not to support.
const (
	minCited     = 1.0 / 3
	minSupported = 1.0 / 2
)

// oneMarker matches a single marker.
var oneMarker = regexp.MustCompile(`\[(\d+)\]`)

// run is markers that stand together, with the white space before them.
type run struct {
	text.Span
	numbers []int
}

// runsOf finds the markers of an answer, as they are left by markerFilter: what a letter or digit follows is none, nor is what stands
// in code.
func runsOf(s string) []run {
	var out []run
	var code code
	read := 0
	for _, m := range oneMarker.FindAllStringSubmatchIndex(s, -1) {
		code.read(s[read:m[0]])
		read = m[0]
		if code.within(s[m[1]:]) {
			continue
		}
		if beginsWord(s[m[1]:]) {
			continue
		}
		n, err := strconv.Atoi(s[m[2]:m[3]])
		if err != nil {
			continue // more digits than any marker has
		}
		start := len(strings.TrimRightFunc(s[:m[0]], unicode.IsSpace))
		if last := len(out) - 1; last >= 0 && out[last].End == start {
			out[last].End, out[last].numbers = m[1], append(out[last].numbers, n)
			continue
		}
		out = append(out, run{text.Span{Start: start, End: m[1]}, []int{n}})
	}
	return out
}

// unmarked returns a text without its markers.
func unmarked(s string) string {
	var b strings.Builder
	from := 0
	for _, r := range runsOf(s) {
		b.WriteString(s[from:r.Start])
		from = r.End
	}
	return b.String() + s[from:]
}

// cited is an answer with what supports it.
type cited struct {
	citations []Citation
	sentences []Sentence
}

// citer works on one answer.
type citer struct {
	answer   string
	sources  []retrieval.Hit
	language text.Language
	seen     map[string]bool
	out      cited
	used     [][]int // for each sentence, the sources that it cites
}

// cite finds, for every marker of an answer, the span of its source that supports the claim before it. A marker whose source
// doesn't, gives no citation. Each pair of marker and span is listed once, in the order of the answer.
func cite(answer string, sources []retrieval.Hit, l text.Language) cited {
	c := citer{answer: answer, sources: sources, language: l, seen: map[string]bool{}, out: cited{citations: []Citation{}}}
	for _, s := range sentencesOf(answer) {
		c.out.sentences = append(c.out.sentences, Sentence{Span: s})
	}
	c.used = make([][]int, len(c.out.sentences))
	from := 0
	for _, r := range runsOf(answer) {
		points := slices.DeleteFunc(r.numbers, func(n int) bool { return n < 1 || n > len(sources) })
		for _, n := range points {
			c.marker(n, text.Span{Start: from, End: r.Start})
		}
		if len(points) > 0 { // otherwise it is text, such as the year of a judgment
			from = r.End
		}
	}
	for i := range c.out.sentences {
		s := &c.out.sentences[i]
		s.Supported = s.Score >= minSupported && c.numbersStand(i)
	}
	return c.out
}

// marker cites for a marker that stands at the end of a stretch of text without markers. A source that denies the claim is cited,
// for readers to see, but supports nothing.
func (c *citer) marker(n int, stretch text.Span) {
	h := c.sources[n-1]
	claim := stretch
	span, score := verbatim(c.answer[stretch.Start:stretch.End], h.Text)
	if score == 0 {
		claim = c.sentenceAt(stretch)
		own := c.answer[min(max(stretch.Start, claim.Start), stretch.End):stretch.End]
		span, score = support(lastSentence(own), h, c.language)
	}
	if score < c.least(h) { // the marker may stand in the middle of its claim
		whole := unmarked(c.answer[claim.Start:claim.End])
		span, score = support(whole, h, c.language)
	}
	if score < c.least(h) {
		return
	}
	c.add(n, span, score)
	if score >= minDenied && contradict(unmarked(c.answer[claim.Start:claim.End]), h.Text[span.Start:span.End], c.language) {
		return
	}
	for i := c.firstAfter(claim.Start); i < len(c.out.sentences) && c.out.sentences[i].Span.Start < claim.End; i++ {
		s := &c.out.sentences[i]
		s.Score = max(s.Score, score)
		c.used[i] = append(c.used[i], n-1)
	}
}

// add lists a citation, unless it is listed already.
func (c *citer) add(n int, span text.Span, score float64) {
	h := c.sources[n-1]
	key := strconv.Itoa(n) + ":" + strconv.Itoa(span.Start) + ":" + strconv.Itoa(span.End)
	if c.seen[key] {
		return
	}
	c.seen[key] = true
	at := text.Span{Start: h.Span.Start + span.Start, End: h.Span.Start + span.End}
	c.out.citations = append(c.out.citations, Citation{
		Marker: n, Document: h.Document, Title: h.Title, Chunk: h.ID, Quote: h.Text[span.Start:span.End], Score: score,
		Span: at, Page: pageOf(h, at.Start),
	})
}

// least is what a citation of a source must cover.
func (c *citer) least(h retrieval.Hit) float64 { return leastCited(c.language, h.Language) }

func leastCited(answer, source text.Language) float64 {
	if answer != source && answer != text.Simple && source != text.Simple {
		return 1e-9
	}
	return minCited
}

// sentenceAt is the sentence to which the end of a stretch belongs.
func (c *citer) sentenceAt(stretch text.Span) text.Span {
	if i := c.firstAfter(stretch.End - 1); i < len(c.out.sentences) {
		return c.out.sentences[i].Span
	}
	return stretch
}

// firstAfter is the first sentence that ends after a byte of the answer.
func (c *citer) firstAfter(at int) int {
	return sort.Search(len(c.out.sentences), func(i int) bool { return c.out.sentences[i].Span.End > at })
}

// number matches a number with its separators.
var number = regexp.MustCompile(`\d+(?:[.,:]\d+)*`)

// numbersStand reports whether every number of a sentence stands in the sources that it cites. Much of a wrong number's
// sentence may be right, so words alone don't tell.
func (c *citer) numbersStand(i int) bool {
	s := c.out.sentences[i].Span
	have := map[string]bool{}
	for _, source := range c.used[i] {
		h := c.sources[source]
		for _, n := range number.FindAllString(h.Text+" "+h.Title+" "+strings.Join(h.Headings, " "), -1) {
			have[digits(n)] = true
		}
	}
	for _, n := range number.FindAllString(listItem(unmarked(c.answer[s.Start:s.End])), -1) {
		if !have[digits(n)] {
			return false
		}
	}
	return true
}

// listItem returns a line without the number that it has in a list.
func listItem(s string) string {
	trimmed := strings.TrimLeft(s, "0123456789")
	if trimmed != s && (strings.HasPrefix(trimmed, ". ") || strings.HasPrefix(trimmed, ") ")) {
		return trimmed
	}
	return s
}

// digits returns a number without separators, so that 1,500 and 1.500 are the same.
func digits(n string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, n)
}

// supported returns the supported sentences of an answer, with the white space between them.
func (c cited) supported(answer string) string {
	var b strings.Builder
	end := 0
	for _, s := range c.sentences {
		if s.Supported {
			gap := answer[end:s.Span.Start]
			if b.Len() > 0 {
				b.WriteString(gap)
			}
			b.WriteString(answer[s.Span.Start:s.Span.End])
		}
		end = s.Span.End
	}
	return b.String()
}

// leadingRun matches markers at the beginning of a sentence, and punctuation after them.
var leadingRun = regexp.MustCompile(`^(?:\[\d+\]\s*)+[.,;:!?]*`)

// sentencesOf is text.Sentences for an answer: markers belong to the sentence before them, and those that stand alone do so wherever
// they are.
func sentencesOf(answer string) []text.Span {
	var out []text.Span
	for _, s := range text.Sentences(answer) {
		lead := leadingRun.FindString(answer[s.Start:s.End])
		alone := len(lead) == s.End-s.Start
		if n := len(out); n > 0 && lead != "" && (alone || !strings.Contains(answer[out[n-1].End:s.Start], "\n")) {
			out[n-1].End = s.Start + len(strings.TrimSpace(lead))
			s.Start += len(lead)
		}
		if s.Start < s.End {
			out = append(out, s)
		}
	}
	return out
}
