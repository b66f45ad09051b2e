package text

import (
	"sort"
	"strings"
)

// Rows is a stretch of a composed text that shows rows of a sheet or records of a file. In a Table each line after the
// rule under the first one is the row after the line before; anything else is one row.
type Rows struct {
	First int // number of the first row, from 1
	Table bool
	Span
}

// rowFinder tells which rows spans of a text show. It remembers its place, so that going through a text takes linear time.
type rowFinder struct {
	text Text
	in   int // index of the Rows in which the place is
	at   int // the place, a byte of them
	line int // how many line ends are before it in them
}

// rows returns the numbers of the first and the last row in a span, 0 when it shows none.
func (f *rowFinder) rows(span Span) (from, to int) {
	rows := f.text.Rows
	i := sort.Search(len(rows), func(k int) bool { return rows[k].End > span.Start })
	for ; i < len(rows) && rows[i].Start < span.End; i++ {
		first := f.row(i, max(span.Start, rows[i].Start))
		last := f.row(i, min(span.End, rows[i].End)-1)
		if from == 0 || first < from {
			from = first
		}
		to = max(to, last)
	}
	return from, to
}

// row returns the number of the row that holds the byte at place, which is in the Rows of index i.
func (f *rowFinder) row(i, place int) int {
	r := f.text.Rows[i]
	if !r.Table {
		return r.First
	}
	if i != f.in || f.at < r.Start {
		f.in, f.at, f.line = i, r.Start, 0
	}
	if place >= f.at {
		f.line += strings.Count(f.text.Body[f.at:place], "\n")
	} else {
		f.line -= strings.Count(f.text.Body[place:f.at], "\n")
	}
	f.at = place
	return r.First + max(f.line-1, 0) // the rule under the header is no row
}
