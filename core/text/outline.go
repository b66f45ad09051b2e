package text

import (
	"slices"
	"sort"
	"strings"
)

// deepest is the level below which headings count as equals, so that a path of headings is never long.
const deepest = 12

// outline is the tree of sections of a text.
type outline struct {
	body     string
	sections []Section // ascending and apart, levels from 1 to deepest
	parents  []int     // index of the section around each section, -1 at the top
	ends     []int     // where each section ends, those within it included
}

// newOutline reads the sections of t and leaves out any whose span makes no sense.
func newOutline(t Text) outline {
	o := outline{body: t.Body}
	var open []int // the section at hand and those around it, top first
	at := 0
	for _, s := range t.Sections {
		if s.Start < at || s.End <= s.Start || s.End > len(t.Body) {
			continue
		}
		at = s.End
		s.Level = min(max(s.Level, 1), deepest)
		for len(open) > 0 && o.sections[open[len(open)-1]].Level >= s.Level {
			o.ends[open[len(open)-1]] = s.Start
			open = open[:len(open)-1]
		}
		parent := -1
		if len(open) > 0 {
			parent = open[len(open)-1]
		}
		open = append(open, len(o.sections))
		o.sections = append(o.sections, s)
		o.parents = append(o.parents, parent)
		o.ends = append(o.ends, len(t.Body))
	}
	return o
}

// titles returns the spans of the headings.
func (o outline) titles() []Span {
	spans := make([]Span, len(o.sections))
	for i, s := range o.sections {
		spans[i] = s.Span
	}
	return spans
}

// groups returns the stretches of the body that are cut into chunks each by itself: sections, where those without text
// of their own are joined with what follows, and so are neighbours that together are shorter than a third of a chunk.
func (o outline) groups(opts Options) []Span {
	var groups []Span
	length, bare := 0, true // of the last group: its length, and whether it holds nothing but headings
	for i := -1; i < len(o.sections); i++ {
		part, title := o.part(i)
		partLength := opts.length(o.body[part.Start:part.End])
		partBare := strings.TrimSpace(o.body[title:part.End]) == ""
		if n := len(groups); n > 0 && (bare || length+partLength < opts.Size/3) {
			groups[n-1].End = part.End
			length, bare = length+partLength, bare && partBare
			continue
		}
		groups = append(groups, part)
		length, bare = partLength, partBare
	}
	return groups
}

// part returns the span from the heading of section i to the next heading, and where the heading ends. Part -1 is the
// text before the first heading.
func (o outline) part(i int) (Span, int) {
	span, title := Span{End: len(o.body)}, 0
	if i >= 0 {
		span.Start, title = o.sections[i].Start, o.sections[i].End
	}
	if i+1 < len(o.sections) {
		span.End = o.sections[i+1].Start
	}
	return span, title
}

// around returns the index of the innermost section that all text of a chunk is in, -1 when there is none. A heading at the
// beginning of the chunk that another one follows at once has no text, so it doesn't count.
func (o outline) around(chunk Span) int {
	first := o.sectionOf(chunk.Start)
	for next := first + 1; next < len(o.sections) && o.sections[next].Start < chunk.End; next++ {
		_, title := o.part(first)
		if strings.TrimSpace(o.body[max(title, chunk.Start):o.sections[next].Start]) != "" {
			break
		}
		first = next
	}
	around := make(map[int]bool, deepest)
	for s := o.sectionOf(chunk.End - 1); s >= 0; s = o.parents[s] {
		around[s] = true
	}
	for first >= 0 && !around[first] {
		first = o.parents[first]
	}
	return first
}

// path returns the titles of a section and of those around it, top first.
func (o outline) path(section int) []string {
	var titles []string
	for s := section; s >= 0; s = o.parents[s] {
		titles = append(titles, o.sections[s].Title)
	}
	slices.Reverse(titles)
	return titles
}

// span returns where a section is, without white space at its end; for -1 the zero value.
func (o outline) span(section int) Span {
	if section < 0 {
		return Span{}
	}
	return trimSpan(o.body, Span{Start: o.sections[section].Start, End: o.ends[section]})
}

// sectionOf returns the index of the section that holds the byte at i, -1 before the first heading.
func (o outline) sectionOf(i int) int {
	return sort.Search(len(o.sections), func(k int) bool { return o.sections[k].Start > i }) - 1
}

// pageAt returns the number of the page that holds the byte at i, 0 when there is none. Of pages that begin at the same
// byte the last one holds it; the others are empty.
func pageAt(pages []Page, i int) int {
	k := sort.Search(len(pages), func(k int) bool { return pages[k].Start > i }) - 1
	if k < 0 {
		return 0
	}
	return pages[k].Number
}
