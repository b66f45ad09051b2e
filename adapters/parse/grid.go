package parse

import (
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// grid takes the rows of a sheet one after the other and writes them as tables. A blank row ends a table; what stands alone in
// its row, in front of a table or without one, is a paragraph.
type grid struct {
	out   *output
	page  int    // the sheet; 0 when the file is but one
	title string // of the sheet; written before the first of what is in it

	rows  [][]string
	first int // number of rows[0]
	bytes int64
}

// row adds the row with a number, from 1. The cells stay the caller's.
func (g *grid) row(number int, cells []string) error {
	last := len(cells)
	for last > 0 && strings.TrimSpace(cells[last-1]) == "" {
		last--
	}
	cells = cells[:last]
	if g.rows != nil && (last == 0 || number != g.first+len(g.rows)) {
		if err := g.flush(); err != nil {
			return err
		}
	}
	if last == 0 {
		return nil
	}
	if g.rows == nil {
		g.first = number
	}
	kept := make([]string, last)
	for i, c := range cells {
		kept[i] = oneLine(c)
		g.bytes += int64(len(kept[i])) + 3
	}
	g.rows = append(g.rows, kept)
	if g.bytes > g.out.limits.MaxTextBytes {
		return tooLarge("the text of the file", g.out.limits.MaxTextBytes)
	}
	return nil
}

// flush ends the table at hand.
func (g *grid) flush() error {
	rows, first := g.rows, g.first
	g.rows, g.bytes = nil, 0
	if len(rows) == 0 {
		return nil
	}
	if err := g.begin(); err != nil {
		return err
	}
	left := leftmost(rows)
	for i, r := range rows {
		rows[i] = r[left:]
	}
	for len(rows) > 0 && (filled(rows[0]) == 1 || len(rows) == 1) {
		b := text.Block{Page: g.page, Row: first, Text: strings.Join(nonBlank(rows[0]), " | ")}
		if err := g.out.add(b); err != nil {
			return err
		}
		rows, first = rows[1:], first+1
	}
	if s, ok := markdownTable(rows); ok {
		return g.out.add(text.Block{Kind: text.Table, Page: g.page, Row: first, Text: s})
	}
	return nil
}

// begin writes the title, once.
func (g *grid) begin() error {
	title := g.title
	g.title = ""
	return g.out.add(text.Block{Kind: text.Heading, Level: 1, Page: g.page, Text: title})
}

// leftmost is the first column in which any row has something.
func leftmost(rows [][]string) int {
	left := -1
	for _, r := range rows {
		for i, c := range r {
			if left >= 0 && i >= left {
				break
			}
			if c != "" {
				left = i
				break
			}
		}
	}
	return max(left, 0)
}

func nonBlank(cells []string) []string {
	var kept []string
	for _, c := range cells {
		if c != "" {
			kept = append(kept, c)
		}
	}
	return kept
}

func filled(cells []string) int { return len(nonBlank(cells)) }
