package retrieval

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/guard"
	"github.com/ragcorp/ragcorp/core/text"
)

// Expansion says how much of the text around its hits a query wants with them.
type Expansion string

// What a query may want.
const (
	ExpandNone       Expansion = "none"       // hits alone
	ExpandNeighbours Expansion = "neighbours" // the chunks before and after a hit, whatever section they are in
	ExpandSection    Expansion = "section"    // the innermost section that a hit is in; the document where it is in none
)

// Expansions lists all of them.
func Expansions() []Expansion { return []Expansion{ExpandNone, ExpandNeighbours, ExpandSection} }

// Passage is a hit with the text around it, or several hits whose surroundings overlap. It begins and ends with a sentence, or
// where the text, the section or the chunks do.
type Passage struct {
	Document   document.ID
	Generation int64
	Span       text.Span     // bytes of the generation's normalised text; it covers the hits
	Text       string        // byte for byte the stored text at Span
	Pages      []text.Page   // the pages that it touches, with spans of the normalised text
	Hits       []int         // indexes into Result.Hits, ascending
	Verdict    guard.Verdict // as in Hit
	Suspicious bool
}

// expand reads what is around the hits. What vanished since they were found has nothing around it.
func (f *finder) expand(ctx context.Context, hits []Hit) ([]Passage, error) {
	if f.query.Expand == "" || f.query.Expand == ExpandNone || len(hits) == 0 {
		return nil, nil
	}
	reaches := make([]Reach, len(hits))
	for i, h := range hits {
		reaches[i] = f.reachOf(h.Chunk)
	}
	stretches, err := f.index.Stretches(ctx, f.scope, reaches)
	if err != nil {
		return nil, fmt.Errorf("read what is around %d chunks: %w", len(hits), err)
	}
	var out []Passage
	for i, h := range hits {
		p := Passage{
			Document: h.Document, Generation: h.Generation, Span: h.Span, Text: h.Text, Pages: h.Pages, Hits: []int{i},
			Verdict: h.Verdict, Suspicious: h.Suspicious,
		}
		if i < len(stretches) {
			p = f.widened(p, stretches[i])
		}
		out = merged(out, p)
	}
	slices.SortFunc(out, func(a, b Passage) int { return a.Hits[0] - b.Hits[0] })
	return out, nil
}

// reachOf is the part of a text that may belong to the passage of a chunk: as many characters on either side as the passage may
// have in all, and some more, by which one can tell where sentences begin.
func (f *finder) reachOf(c Chunk) Reach {
	margin := utf8.UTFMax * (f.query.Room + 64)
	r := Reach{Generation: c.Generation, Ordinal: c.Ordinal, Span: text.Span{Start: c.Span.Start - margin, End: c.Span.End + margin}}
	switch {
	case f.query.Expand == ExpandNeighbours:
		r.Beside = 1
	case c.Section != text.Span{}: // a heading before the section's own may be a part of the chunk
		r.Span.Start = max(r.Span.Start, min(c.Section.Start, c.Span.Start))
		r.Span.End = min(r.Span.End, max(c.Section.End, c.Span.End))
	}
	return r
}

// widened is the passage with as much of the stretch as there is room for. Where the query excludes what looks like prompt
// injection, it gets nothing of the kind.
func (f *finder) widened(p Passage, s Stretch) Passage {
	if s.Span.Start > p.Span.Start || s.Span.End < p.Span.End {
		return p
	}
	hit := text.Span{Start: p.Span.Start - s.Span.Start, End: p.Span.End - s.Span.Start}
	around := text.Around(s.Text, hit, f.query.Room)
	wide := p
	wide.Text = s.Text[around.Start:around.End]
	wide.Span = text.Span{Start: s.Span.Start + around.Start, End: s.Span.Start + around.End}
	wide.Pages = pagesOf(s.Pages, wide.Span)
	return f.watched(p, wide)
}

// watched judges a passage that took the place of a shorter one, unless it isn't to be shown; then that is returned.
func (f *finder) watched(short, wide Passage) Passage {
	if f.query.Guard == GuardOff || wide.Span == short.Span {
		return wide
	}
	if v := f.watchman.detector.Scan(wide.Text); v.Score > wide.Verdict.Score {
		wide.Verdict = v
	}
	wide.Suspicious = wide.Verdict.Score >= f.opts.Risk
	if wide.Suspicious && f.query.Guard == GuardExclude {
		return short
	}
	return wide
}

// merged adds a passage to others, of which no two overlap, and makes one of those with which it does.
func merged(all []Passage, p Passage) []Passage {
	for i := 0; i < len(all); i++ {
		o := all[i]
		if o.Generation != p.Generation || o.Span.Start >= p.Span.End || p.Span.Start >= o.Span.End {
			continue
		}
		p = union(o, p)
		all = slices.Delete(all, i, i+1)
		i = -1 // what it is now may overlap with those before
	}
	return append(all, p)
}

// union is one passage of two that overlap.
func union(a, b Passage) Passage {
	if b.Span.Start < a.Span.Start {
		a, b = b, a
	}
	if b.Span.End > a.Span.End {
		a.Text += b.Text[a.Span.End-b.Span.Start:]
		a.Span.End = b.Span.End
	}
	a.Hits = slices.Concat(a.Hits, b.Hits)
	slices.Sort(a.Hits)
	for _, page := range b.Pages {
		if !slices.Contains(a.Pages, page) {
			a.Pages = append(slices.Clip(a.Pages), page)
		}
	}
	slices.SortFunc(a.Pages, func(x, y text.Page) int { return x.Start - y.Start })
	if b.Verdict.Score > a.Verdict.Score {
		a.Verdict = b.Verdict
	}
	a.Suspicious = a.Suspicious || b.Suspicious
	return a
}

// pagesOf returns the pages that have a byte in common with the span.
func pagesOf(pages []text.Page, span text.Span) []text.Page {
	var out []text.Page
	for _, p := range pages {
		if p.Start < span.End && span.Start < p.End {
			out = append(out, p)
		}
	}
	return out
}
