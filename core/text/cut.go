package text

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// splitter cuts stretches of a body into spans of at most options.Size, in what options.cost counts.
type splitter struct {
	body      string
	options   Options
	sentences []Span
	regions   []region
	titles    []Span // headings
}

// region is a table or code.
type region struct {
	Span
	whole  bool // it fits into a chunk, so it is not to be cut
	header Span // of a table: its first line, or that of the one which it goes on with; empty when it has none
}

// header returns the first line of a table in Markdown, which has a rule under it, unless that line is very long.
func header(body string, r Region) Span {
	const far = 500 // bytes
	table := body[r.Start:r.End]
	first, rest, _ := strings.Cut(table, "\n")
	rule, _, _ := strings.Cut(rest, "\n")
	if r.Kind != Table || len(first) > far || !strings.Contains(rule, "-") || strings.Trim(rule, "|-: ") != "" {
		return Span{}
	}
	return Span{Start: r.Start, End: r.Start + len(first)}
}

// lead returns the header of the table that i is in, behind the header; empty when there is none.
func (s *splitter) lead(i int) string {
	k := s.regionAfter(i)
	if k == len(s.regions) || i < s.regions[k].Start || i <= s.regions[k].header.End {
		return ""
	}
	return s.body[s.regions[k].header.Start:s.regions[k].header.End]
}

// newRegions reads the regions of t and leaves out any whose span makes no sense. A table without a header right after another goes on
// with that, such as on another page.
func newRegions(t Text, o Options) []region {
	var regions []region
	at := 0
	above := Span{} // header of the table before
	for _, r := range t.Regions {
		if r.Start < at || r.End <= r.Start || r.End > len(t.Body) {
			continue
		}
		h := header(t.Body, r)
		if h == (Span{}) && r.Kind == Table && strings.TrimSpace(t.Body[at:r.Start]) == "" {
			h = above
		}
		at, above = r.End, h
		whole := o.length(t.Body[r.Start:r.End]) <= o.Size
		regions = append(regions, region{Span: r.Span, whole: whole, header: h})
	}
	return regions
}

// split cuts one group.
func (s *splitter) split(group Span) []Span {
	var spans []Span
	for _, stretch := range s.stretches(group) {
		spans = s.cut(stretch, spans)
	}
	return spans
}

// cut cuts one stretch and appends to the spans of its group. Each turn settles one chunk: what it repeats (start), its new
// text (fresh) and its end.
func (s *splitter) cut(stretch Span, spans []Span) []Span {
	limit := stretch.Start + len(strings.TrimRightFunc(s.body[stretch.Start:stretch.End], unicode.IsSpace))
	tail := s.retreat(limit, stretch.Start, s.options.shortest())
	for fresh := s.skipSpace(stretch.Start, limit); fresh < limit; {
		w := window{fresh: fresh, start: fresh, limit: limit, tail: tail}
		if n := len(spans); n > 0 {
			w.start = s.repeatFrom(spans[n-1], fresh)
		}
		span := s.next(w)
		span.End = trimSpan(s.body, span).End
		spans = append(spans, span)
		fresh = s.skipSpace(span.End, limit)
	}
	return spans
}

// window is where the end of a chunk is looked for.
type window struct {
	start int // where the chunk begins
	fresh int // where its new text begins
	limit int // end of the group
	tail  int // where the last chunk of the group must have begun, lest it be a sliver
}

// next returns the chunk that begins in w. Without what it repeats there is more room; that is used only when something
// that must not be cut would be cut otherwise.
func (s *splitter) next(w window) Span {
	reach := s.advance(w.start, w.limit, s.options.Size)
	if reach == w.limit {
		return Span{Start: w.start, End: w.limit}
	}
	end, ok := s.bestEnd(w, reach)
	if !ok && w.start < w.fresh {
		w.start = w.fresh
		return s.next(w)
	}
	return Span{Start: w.start, End: end}
}

// bestEnd returns the best end of new text up to reach. It is not ok when a region or grapheme cluster that would fit
// into a chunk of its own is cut.
func (s *splitter) bestEnd(w window, reach int) (end int, ok bool) {
	high := reach
	if w.tail > w.fresh {
		high = min(high, w.tail)
	}
	for i := s.regionAfter(w.fresh); i < len(s.regions) && s.regions[i].Start < high; i++ {
		r := s.regions[i]
		if !r.whole || r.End <= high {
			continue
		}
		if r.Start > w.fresh {
			return s.endBefore(w, r)
		}
		if r.Start == w.fresh {
			return min(r.End, reach), r.End <= reach
		}
	}
	if best := s.scan(w.fresh, high); best > 0 {
		return best, true
	}
	return s.hardEnd(w.fresh, reach, high)
}

// endBefore ends a chunk before a region that it has no room for. It is not ok when that leaves a sliver although there
// is room for both without what the chunk repeats.
func (s *splitter) endBefore(w window, r region) (end int, ok bool) {
	sliver := s.advance(w.fresh, r.Start, s.options.shortest()) == r.Start
	fits := s.advance(w.fresh, r.End, s.options.Size) == r.End
	if w.start < w.fresh && sliver && fits {
		return r.Start, false
	}
	return trimSpan(s.body, Span{Start: w.fresh, End: r.Start}).End, true
}

// hardEnd returns the last end of a grapheme cluster up to high, or else the first one up to reach, or else reach, which
// is not ok.
func (s *splitter) hardEnd(fresh, reach, high int) (end int, ok bool) {
	const context = 16 * tokenParts // after reach that tell whether a cluster ends there; clusters may be endless
	clusters := graphemes.FromString(s.body[fresh:s.advance(reach, len(s.body), context)])
	for clusters.Next() {
		at := fresh + clusters.End()
		if at > reach || at > high && end > 0 {
			break
		}
		end = at
	}
	if end == 0 {
		return reach, false
	}
	return end, true
}

// repeatFrom returns where a chunk begins whose new text begins at fresh: at the first sentence, or else word, of what
// it may repeat of the chunk before it, but never at that chunk's own beginning. Of a region that fits into a chunk no
// part is repeated, of a longer one whole lines.
func (s *splitter) repeatFrom(before Span, fresh int) int {
	word := fresh
	for i := s.retreat(fresh, before.Start+s.width(before.Start), s.options.overlap()); i < fresh; i += s.width(i) {
		r := s.regionAround(i)
		switch {
		case r == nil && s.beginsSentence(i), r != nil && !r.whole && s.beginsLine(i):
			return i
		case r == nil && word == fresh && s.beginsWord(i):
			word = i
		}
	}
	return word
}

func (s *splitter) beginsSentence(i int) bool {
	k := s.sentenceFrom(i)
	return k < len(s.sentences) && s.sentences[k].Start == i
}

// sentenceFrom returns the index of the first sentence that begins at i or later.
func (s *splitter) sentenceFrom(i int) int {
	return sort.Search(len(s.sentences), func(k int) bool { return s.sentences[k].Start >= i })
}

func (s *splitter) endsSentence(i int) bool {
	k := sort.Search(len(s.sentences), func(k int) bool { return s.sentences[k].End >= i })
	return k < len(s.sentences) && s.sentences[k].End == i
}

func (s *splitter) endsTitle(i int) bool {
	k := sort.Search(len(s.titles), func(k int) bool { return s.titles[k].End >= i })
	return k < len(s.titles) && s.titles[k].End == i
}

// beginsLine reports whether i is the first character of a line that isn't white space.
func (s *splitter) beginsLine(i int) bool {
	return s.body[i] > ' ' && strings.HasSuffix(strings.TrimRight(s.body[:i], " \t"), "\n")
}

// beginsWord reports whether a word begins at i, after white space.
func (s *splitter) beginsWord(i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s.body[:i])
	r, _ := utf8.DecodeRuneInString(s.body[i:])
	return unicode.IsSpace(before) && !unicode.IsSpace(r) && !unicode.Is(unicode.M, r)
}

// regionAround returns the region that i is strictly inside of, or nil.
func (s *splitter) regionAround(i int) *region {
	k := s.regionAfter(i)
	if k < len(s.regions) && s.regions[k].Start < i {
		return &s.regions[k]
	}
	return nil
}

// regionAfter returns the index of the first region that ends after i.
func (s *splitter) regionAfter(i int) int {
	return sort.Search(len(s.regions), func(k int) bool { return s.regions[k].End > i })
}

// advance returns the index up to which a text from i on is no longer than n, or limit when that is nearer.
func (s *splitter) advance(i, limit, n int) int {
	for i < limit {
		r, width := utf8.DecodeRuneInString(s.body[i:])
		if n -= s.options.cost(r); n < 0 {
			break
		}
		i += width
	}
	return i
}

// retreat returns the index from which a text up to i is no longer than n, or limit when that is nearer.
func (s *splitter) retreat(i, limit, n int) int {
	for i > limit {
		r, width := utf8.DecodeLastRuneInString(s.body[:i])
		if n -= s.options.cost(r); n < 0 {
			break
		}
		i -= width
	}
	return i
}

// skipSpace returns the index of the first character from i on that isn't white space, or limit.
func (s *splitter) skipSpace(i, limit int) int {
	return limit - len(strings.TrimLeftFunc(s.body[i:limit], unicode.IsSpace))
}

// width returns the number of bytes of the code point at i.
func (s *splitter) width(i int) int {
	_, width := utf8.DecodeRuneInString(s.body[i:])
	return width
}
