package text

import (
	"hash/fnv"
	"strings"
	"unicode"
)

// anchor is a place where a stretch may begin.
type anchor struct {
	at   int    // byte of the body
	far  int    // length from the beginning of the group
	rank uint64 // the lowest in reach wins
}

// stretches divides a group that is many chunks long at places which the text around them alone decides. Chunks are cut
// within a stretch, so a change of the text moves the chunks around it and not all that follow: those keep their bytes, and
// with them their ids and vectors. A place is chosen when it ranks lower than every other one within reach on either side,
// which is how far stretches are apart at least; about twice as much is usual. Paragraphs and rows rank before sentences,
// and then a hash decides, so of equal ones none is chosen.
func (s *splitter) stretches(group Span) []Span {
	reach := 4 * s.options.Size
	anchors := s.anchors(group)
	if len(anchors) == 0 || anchors[len(anchors)-1].far < reach {
		return []Span{group}
	}
	end := anchors[len(anchors)-1].far + s.options.length(s.body[anchors[len(anchors)-1].at:group.End])
	lowest := lowestWithin(anchors, reach)
	var out []Span
	start := group.Start
	for i, a := range anchors {
		if lowest[i] && a.far >= reach && end-a.far >= reach {
			out = append(out, Span{Start: start, End: a.at})
			start = a.at
		}
	}
	return append(out, Span{Start: start, End: group.End})
}

// anchors lists the places of a group where a stretch may begin: where a sentence, a line of a region that must be cut
// or a region begins, other than under a heading.
func (s *splitter) anchors(group Span) []anchor {
	var out []anchor
	at, far := group.Start, 0
	for k := max(s.sentenceFrom(group.Start+1), 1); k < len(s.sentences) && s.sentences[k].Start < group.End; k++ {
		sentence := s.sentences[k]
		r := s.regionAround(sentence.Start)
		if r != nil && (r.whole || !s.beginsLine(sentence.Start)) || s.endsTitle(s.sentences[k-1].End) {
			continue
		}
		far += s.options.length(s.body[at:sentence.Start])
		at = sentence.Start
		gap := s.body[s.sentences[k-1].End:at]
		if gap == "" || unicode.Is(unicode.M, s.runeAt(at)) {
			continue
		}
		rank := hashOf(s.body[at:min(sentence.End, at+256)]) >> 1
		if r == nil && !strings.Contains(gap, "\n\n") {
			rank |= 1 << 63
		}
		out = append(out, anchor{at: at, far: far, rank: rank})
	}
	return out
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // never fails
	return h.Sum64()
}

// lowestWithin tells of each anchor whether it ranks below all others within reach.
func lowestWithin(anchors []anchor, reach int) []bool {
	lowest := make([]bool, len(anchors))
	for i := range lowest {
		lowest[i] = true
	}
	var queue []int // ranks ascend
	for i, a := range anchors {
		for len(queue) > 0 && a.far-anchors[queue[0]].far > reach {
			queue = queue[1:]
		}
		for len(queue) > 0 && anchors[queue[len(queue)-1]].rank > a.rank {
			lowest[queue[len(queue)-1]] = false
			queue = queue[:len(queue)-1]
		}
		if len(queue) > 0 {
			lowest[i] = false
			last := queue[len(queue)-1]
			lowest[last] = lowest[last] && anchors[last].rank < a.rank
		}
		queue = append(queue, i)
	}
	return lowest
}
