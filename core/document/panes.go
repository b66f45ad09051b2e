package document

import (
	"sort"
	"unicode/utf8"
)

// panes are the windows through which a model sees a document that is too long to be seen as a whole. A window has four quarters
// and begins where every second quarter of the text does; it is shown with the chunks that begin in its middle half, so there is
// something around each, and many chunks share a window.
type panes struct {
	body      string
	beginning int   // bytes of the document's beginning, which is shown with every window but the first; 0: one window is all
	quarters  []int // where the quarters begin, in bytes, and where the last ends
}

// newPanes makes panes of which one, with the beginning, has at most so many characters.
func newPanes(body string, chars int) panes {
	if utf8.RuneCountInString(body) <= chars {
		return panes{body: body, quarters: []int{0, len(body)}}
	}
	p := panes{body: body}
	beginning := chars / 8
	quarter := max(1, (chars-beginning)/4)
	n := 0
	for at := range body {
		if n%quarter == 0 {
			p.quarters = append(p.quarters, at)
		}
		if n == beginning {
			p.beginning = at
		}
		n++
	}
	p.quarters = append(p.quarters, len(body))
	return p
}

// of returns the number of the window for what begins at a place.
func (p panes) of(at int) int {
	quarter := sort.SearchInts(p.quarters, at+1) - 1
	last := max(0, (len(p.quarters)-1-3)/2) // the first window that reaches the end
	return min(max(0, quarter-1)/2, last)
}

// show returns what is seen through a window. beginning is empty when around has it.
func (p panes) show(window int) (beginning, around string) {
	if window > 0 {
		beginning = p.body[:p.beginning]
	}
	end := min(2*window+4, len(p.quarters)-1)
	return beginning, p.body[p.quarters[2*window]:p.quarters[end]]
}
