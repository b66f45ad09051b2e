package parse

import (
	"math"
	"slices"
	"sort"
	"strings"
)

// pdfTable is a table of a page, with the lines of each cell.
type pdfTable struct {
	left, right float64
	rows        [][][]pdfLine
	columns     int
	written     string // in Markdown
	header      string // its first row, or that of the table with which it goes on
}

// goOn makes a table at the top of a page the rest of the one at the end of the page before, if it has the same columns. One that shows
// the same header stays as it is. The rest has no rule below its first row, which is no header.
func (t *pdfTable) goOn(above *pdfTable) {
	if above == nil || t.columns != above.columns || t.header == above.header ||
		math.Abs(t.left-above.left) > nearRule || math.Abs(t.right-above.right) > nearRule {
		return
	}
	t.header = above.header
	first, rest, _ := strings.Cut(t.written, "\n")
	t.written = first
	if _, rows, more := strings.Cut(rest, "\n"); more {
		t.written += "\n" + rows
	}
}

// slack is how far words may stand out of their cell.
const slack = 3.0

// inCells cuts a line where a rule parts its words. s is its text, which begins at the unit.
func (t textPage) inCells(l pdfLine, s string, unit int) []pdfLine {
	edges := t.edges(l)
	if len(edges) == 0 {
		return []pdfLine{l}
	}
	words := wordsAt(s, unit)
	var parts []pdfLine
	from := 0 // word
	for _, edge := range edges {
		to := from + sort.Search(len(words)-from, func(i int) bool {
			b, ok := t.box(words[from+i].unit)
			return ok && b.left >= edge-slack
		})
		if to == from || to == len(words) {
			continue
		}
		if last, ok := t.box(words[to-1].last); !ok || last.right > edge+2*slack {
			continue
		}
		if part, ok := t.line(s[words[from].at:words[to].at], words[from].unit); ok {
			parts = append(parts, part)
		}
		from = to
	}
	if from == 0 {
		return []pdfLine{l}
	}
	if part, ok := t.line(s[words[from].at:], words[from].unit); ok {
		part.hyphen = part.hyphen || l.hyphen
		parts = append(parts, part)
	}
	return parts
}

// edges are where rules part the place of a line, from the left.
func (t textPage) edges(l pdfLine) []float64 {
	if l.size <= 0 || l.turned || isRightToLeft(l.text) {
		return nil
	}
	return edgesAt(t.grids, l.middle(), l.left, l.right)
}

// edgesAt are the edges of cells at a height, between two places.
func edgesAt(grids []pdfGrid, height, left, right float64) []float64 {
	var edges []float64
	for _, g := range grids {
		for _, c := range g.cells {
			if !c.spans(height) {
				continue
			}
			for _, x := range []float64{c.left, c.right} {
				if left < x && x < right && !slices.Contains(edges, x) {
					edges = append(edges, x)
				}
			}
		}
	}
	slices.Sort(edges)
	return edges
}

// pdfWord is where a word of a text begins, and the units of its first and last character.
type pdfWord struct{ at, unit, last int }

func wordsAt(s string, unit int) []pdfWord {
	var words []pdfWord
	inside := false
	for at, r := range s {
		switch blank := isBlank(r); {
		case blank:
			inside = false
		case inside:
			words[len(words)-1].last = unit
		default:
			words, inside = append(words, pdfWord{at, unit, unit}), true
		}
		unit += utf16Len(string(r))
	}
	return words
}

// middle is the height at which a line stands.
func (l pdfLine) middle() float64 { return l.bottom + l.size/2 }

// spans reports whether a height is within a cell.
func (c pdfCell) spans(height float64) bool { return c.bottom < height && height < c.bottom+c.height }

// holds reports whether a line stands in a cell: its middle does, and no end is far out.
func (c pdfCell) holds(l pdfLine) bool {
	return c.spans(l.middle()) && c.left-2*slack <= l.left && l.right <= c.right+2*slack && c.left < (l.left+l.right)/2 && (l.left+l.right)/2 < c.right
}

// withTables returns the lines of a page with those of tables replaced by the tables: a line each, where the first of its own was.
func (l layout) withTables(p pdfPage) []pdfLine {
	lines := p.lines
	for _, g := range p.grids {
		if rest, ok := l.withTable(lines, g); ok {
			lines = rest
		}
	}
	return lines
}

func (l layout) withTable(lines []pdfLine, g pdfGrid) (rest []pdfLine, ok bool) {
	cells := make([][]pdfLine, len(g.cells))
	first := -1
	for _, line := range lines {
		k := -1
		if line.table == nil && line.size > 0 && !line.turned {
			k = slices.IndexFunc(g.cells, func(c pdfCell) bool { return c.holds(line) })
			if k < 0 && g.touches(line) {
				return nil, false
			}
		}
		if k < 0 {
			rest = append(rest, line)
			continue
		}
		if first < 0 {
			first = len(rest)
			rest = append(rest, pdfLine{bottom: line.bottom, size: line.size})
		}
		cells[k] = append(cells[k], line)
	}
	t := pdfTable{left: g.xs[0], right: g.xs[len(g.xs)-1], columns: len(g.xs) - 1}
	if first < 0 || !t.fill(g, cells) || !t.itemise() {
		return nil, false
	}
	if t.written, ok = l.markdown(t.rows); !ok {
		return nil, false
	}
	t.header, _, _ = strings.Cut(t.written, "\n")
	rest[first].table = &t
	return rest, true
}

// touches reports whether a line stands in the grid, if only with a part of it.
func (g pdfGrid) touches(l pdfLine) bool {
	height := l.middle()
	return g.ys[len(g.ys)-1] < height && height < g.ys[0] && l.left < g.xs[len(g.xs)-1]-slack && l.right > g.xs[0]+slack
}

// fill puts the lines of the cells into rows. It returns false when this is no table: without words in two rows and two columns, or with
// most of the words in columns that no rule parts.
func (t *pdfTable) fill(g pdfGrid, cells [][]pdfLine) bool {
	t.rows = make([][][]pdfLine, len(g.ys)-1)
	for r := range t.rows {
		t.rows[r] = make([][]pdfLine, t.columns)
	}
	rows, columns := map[int]bool{}, map[int]bool{}
	all, unparted := 0, 0 // bytes
	for i, c := range g.cells {
		for _, l := range cells[i] {
			rows[c.row], columns[c.column] = true, true
			all += len(l.text)
			if c.columns > 1 {
				unparted += len(l.text)
			}
		}
		t.rows[c.row][c.column] = cells[i]
	}
	return len(rows) > 1 && len(columns) > 1 && unparted*2 < all
}

// itemise makes rows of the lines that stand at one height, in a row where each of them is one, as in tables with a rule below the header
// alone. It returns false for a small table of which it can't be told which lines belong together.
func (t *pdfTable) itemise() bool {
	written, last := 0, 0
	for r, cells := range t.rows {
		if len(heightsOf(cells)) > 0 {
			written, last = written+1, r
		}
	}
	var rows [][][]pdfLine
	for r, cells := range t.rows {
		heights := heightsOf(cells)
		several, most, filled := listed(cells, len(heights))
		switch {
		case several < 2:
			rows = append(rows, cells)
		case filled == 1 && (len(heights) > 2 || written == 2 && r == last), filled > 0.85 && most > 2 && written <= 4:
			rows = append(rows, itemsOf(cells, heights)...)
		case most > 2 && written <= 4:
			return false
		default:
			rows = append(rows, cells)
		}
	}
	t.rows = rows
	return true
}

// itemsOf makes a row of the lines at each height.
func itemsOf(cells [][]pdfLine, heights []float64) [][][]pdfLine {
	rows := make([][][]pdfLine, len(heights))
	for i, h := range heights {
		rows[i] = make([][]pdfLine, len(cells))
		for c, lines := range cells {
			for _, l := range lines {
				if sameHeight(l.middle(), h, l.size) {
					rows[i][c] = append(rows[i][c], l)
				}
			}
		}
	}
	return rows
}

func sameHeight(a, b, size float64) bool { return math.Abs(a-b) < 0.4*size }

// heightsOf are the heights at which there are lines, from the top.
func heightsOf(cells [][]pdfLine) []float64 {
	var out []float64
	for _, lines := range cells {
		for _, l := range lines {
			if !slices.ContainsFunc(out, func(h float64) bool { return sameHeight(h, l.middle(), l.size) }) {
				out = append(out, l.middle())
			}
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out
}

// listed says how many cells of a row have several lines, 0 if those are prose that goes on from line to line rather than short, as names
// and numbers are; how many lines a cell has at most; and how much of the heights at which there are lines the cells fill that have any.
func listed(cells [][]pdfLine, heights int) (several, most int, filled float64) {
	lines, words, written := 0, 0, 0
	for _, c := range cells {
		if len(c) > 0 {
			written++
		}
		if len(c) > 1 {
			several++
		}
		lines, most = lines+len(c), max(most, len(c))
		for _, l := range c {
			words += len(strings.Fields(l.text))
		}
	}
	if words > 4*lines {
		return 0, most, 0
	}
	return several, most, float64(lines) / float64(max(1, heights*written))
}

// markdown writes rows of cells.
func (l layout) markdown(cells [][][]pdfLine) (string, bool) {
	rows := make([][]string, len(cells))
	for r := range cells {
		for _, lines := range cells[r] {
			p := pdfParagraph{}
			for _, line := range lines {
				l.append(&p, " ", line)
			}
			rows[r] = append(rows[r], p.text.String())
		}
	}
	return markdownTable(withoutBlankColumns(rows))
}

// withoutBlankColumns leaves out columns without any text, such as gaps between borders that are drawn twice.
func withoutBlankColumns(rows [][]string) [][]string {
	out := make([][]string, len(rows))
	for c := range rows[0] {
		for _, r := range rows {
			if r[c] == "" {
				continue
			}
			for i := range rows {
				out[i] = append(out[i], rows[i][c])
			}
			break
		}
	}
	return out
}
