package parse

import (
	"math"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// pdfTable is a table of a page, with the lines of each cell.
type pdfTable struct {
	left, right, bottom, top float64
	rows                     [][][]pdfLine
	columns                  int
	written                  string // in Markdown, once it stands in its place
	header                   string // its first row, or that of the table with which it goes on
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

// Limits of what is looked at for tables. Pages with more of it are drawings.
const (
	maxObjects  = 6000
	maxSegments = 2000
	maxCells    = 3000
)

// tables finds the tables of an open page whose cells are parted by rules. What goes wrong costs tables, not text.
func (f *pdfFile) tables(page requests.Page) []pdfTable {
	found := grids(f.rules(page))
	if len(found) == 0 {
		return nil
	}
	opened, err := f.engine.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return nil
	}
	t := textPage{f: f, ref: opened.TextPage}
	defer func() { _, _ = f.engine.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: t.ref}) }()
	var out []pdfTable
	for _, g := range found {
		if table, ok := t.table(g); ok {
			out = append(out, table)
		}
	}
	return out
}

// rules collects the straight lines that are drawn on a page, across and upright.
func (f *pdfFile) rules(page requests.Page) (across, upright []rule) {
	count, err := f.engine.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if err != nil || count.Count > maxObjects {
		return nil, nil
	}
	d := drawing{f: f}
	for i := range count.Count {
		object, err := f.engine.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: i})
		if err != nil {
			return nil, nil
		}
		kind, err := f.engine.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object.PageObject})
		if err == nil && kind.Type == enums.FPDF_PAGEOBJ_PATH {
			d.path(object.PageObject)
		}
	}
	return d.across, d.upright
}

// drawing is the rules found so far.
type drawing struct {
	f               *pdfFile
	across, upright []rule
	segments        int
}

// thin is how wide a rule is at most, and short how long one is at least.
const (
	thin  = 3.0
	short = 6.0
)

// add adds what reaches from one corner to the other, if it is a rule.
func (d *drawing) add(left, bottom, right, top float64) {
	switch width, height := right-left, top-bottom; {
	case height <= thin && width >= short:
		d.across = append(d.across, rule{(bottom + top) / 2, left, right})
	case width <= thin && height >= short:
		d.upright = append(d.upright, rule{(left + right) / 2, bottom, top})
	}
}

// path adds a path that is a rule, drawn as a line or as a thin box, or the rules of which it is made.
func (d *drawing) path(object references.FPDF_PAGEOBJECT) {
	b, err := d.f.engine.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: object})
	if err != nil {
		return
	}
	left, bottom, right, top := float64(b.Left), float64(b.Bottom), float64(b.Right), float64(b.Top)
	if right-left <= thin || top-bottom <= thin {
		d.add(left, bottom, right, top)
		return
	}
	mode, err := d.f.engine.FPDFPath_GetDrawMode(&requests.FPDFPath_GetDrawMode{PageObject: object})
	if err != nil || !mode.Stroke {
		return
	}
	count, err := d.f.engine.FPDFPath_CountSegments(&requests.FPDFPath_CountSegments{PageObject: object})
	if err != nil || count.Count+d.segments > maxSegments {
		return
	}
	d.segments += count.Count
	d.strokes(object, count.Count)
}

// strokes adds the straight strokes of a path.
func (d *drawing) strokes(object references.FPDF_PAGEOBJECT, count int) {
	matrix, err := d.f.engine.FPDFPageObj_GetMatrix(&requests.FPDFPageObj_GetMatrix{PageObject: object})
	if err != nil {
		return
	}
	m := matrix.Matrix
	var begin, at [2]float64
	stroke := func(to [2]float64) {
		d.add(min(at[0], to[0]), min(at[1], to[1]), max(at[0], to[0]), max(at[1], to[1]))
		at = to
	}
	for i := range count {
		s, err := d.f.engine.FPDFPath_GetPathSegment(&requests.FPDFPath_GetPathSegment{PageObject: object, Index: i})
		if err != nil {
			return
		}
		point, err := d.f.engine.FPDFPathSegment_GetPoint(&requests.FPDFPathSegment_GetPoint{PathSegment: s.PathSegment})
		if err != nil {
			return
		}
		kind, err := d.f.engine.FPDFPathSegment_GetType(&requests.FPDFPathSegment_GetType{PathSegment: s.PathSegment})
		if err != nil {
			return
		}
		to := [2]float64{float64(m.A*point.X + m.C*point.Y + m.E), float64(m.B*point.X + m.D*point.Y + m.F)}
		switch kind.Type {
		case enums.FPDF_SEGMENT_MOVETO:
			begin, at = to, to
		case enums.FPDF_SEGMENT_LINETO:
			stroke(to)
		default:
			at = to
		}
		end, err := d.f.engine.FPDFPathSegment_GetClose(&requests.FPDFPathSegment_GetClose{PathSegment: s.PathSegment})
		if err == nil && end.IsClose {
			stroke(begin)
		}
	}
}

// table reads the cells of a grid. It is none without words in two rows and two columns.
func (t textPage) table(g pdfGrid) (pdfTable, bool) {
	if len(g.cells) > maxCells {
		return pdfTable{}, false
	}
	columns := len(g.xs) - 1
	out := pdfTable{columns: columns, left: g.xs[0], right: g.xs[columns], top: g.ys[0], bottom: g.ys[len(g.ys)-1]}
	out.rows = make([][][]pdfLine, len(g.ys)-1)
	for r := range out.rows {
		out.rows[r] = make([][]pdfLine, columns)
	}
	full, wide := map[int]bool{}, map[int]bool{}
	for _, c := range g.cells {
		lines := t.cell(c)
		if len(lines) > 0 {
			full[c.row], wide[c.column] = true, true
		}
		out.rows[c.row][c.column] = lines
	}
	return out, len(full) > 1 && len(wide) > 1 && out.itemise()
}

// itemise makes rows of the lines of a row in which every line is one, as in tables with a rule below the header alone. It returns
// false when it can't be told which lines belong together.
func (t *pdfTable) itemise() bool {
	few := len(t.rows) <= 3
	var rows [][][]pdfLine
	for _, cells := range t.rows {
		most, fewest, several, short := cellLines(cells)
		switch {
		case several < 2 || !short || !few && most < 4:
			rows = append(rows, cells)
		case most == fewest:
			for i := range most {
				row := make([][]pdfLine, len(cells))
				for c := range cells {
					if len(cells[c]) > 0 {
						row[c] = cells[c][i : i+1]
					}
				}
				rows = append(rows, row)
			}
		case most > 2:
			return false
		default:
			rows = append(rows, cells)
		}
	}
	t.rows = rows
	return true
}

// cellLines says how many lines cells have at most and, unless they have none, at least, how many have several, and whether these are
// short, as names and numbers are, rather than prose that goes on from line to line.
func cellLines(cells [][]pdfLine) (most, fewest, several int, short bool) {
	lines, words := 0, 0
	for _, c := range cells {
		if len(c) == 0 {
			continue
		}
		if most = max(most, len(c)); fewest == 0 || len(c) < fewest {
			fewest = len(c)
		}
		if len(c) == 1 {
			continue
		}
		several++
		lines += len(c)
		for _, l := range c {
			words += len(strings.Fields(l.text))
		}
	}
	return most, fewest, several, words <= 3*lines
}

// cell reads the lines of a cell.
func (t textPage) cell(c pdfCell) []pdfLine {
	const inset = 1.0 // what touches the edge is the neighbour's
	res, err := t.f.engine.FPDFText_GetBoundedText(&requests.FPDFText_GetBoundedText{
		TextPage: t.ref, Left: c.left + inset, Right: c.right - inset, Bottom: c.bottom + inset, Top: c.bottom + c.height - inset,
	})
	if err != nil {
		return nil
	}
	var out []pdfLine
	for rest := res.Text; rest != ""; {
		line, next, hyphen := rest, "", false
		if i := strings.IndexAny(rest, "\n"+hyphenMarks); i >= 0 {
			line, next = rest[:i], strings.TrimLeft(rest[i:], hyphenMarks)
			hyphen = len(next) < len(rest[i:])
			next = strings.TrimPrefix(next, "\n")
		}
		line = strings.TrimFunc(line, isBlank)
		if whole := strings.TrimRight(line, softHyphens); whole != line {
			line, hyphen = whole, endsInLetter(whole)
		}
		if line != "" {
			out = append(out, pdfLine{text: expandLigatures(line), hyphen: hyphen})
		}
		rest = next
	}
	return out
}

// holds reports whether a line stands in the table.
func (t pdfTable) holds(l pdfLine) bool {
	middle := l.bottom + l.size/2
	return l.size > 0 && !l.turned && t.left-nearRule <= l.left && l.right <= t.right+nearRule && t.bottom < middle && middle < t.top
}

// withTables returns the lines of a page with those of tables replaced by the tables: a line each, where the first of its own was. Only
// a table that has just the characters which its lines have is put in their place.
func (l layout) withTables(p pdfPage) []pdfLine {
	lines := p.lines
	for _, t := range p.tables {
		var rest []pdfLine
		first, balance := -1, map[rune]int{}
		for _, line := range lines {
			if !t.holds(line) || line.table != nil {
				rest = append(rest, line)
				continue
			}
			if first < 0 {
				first = len(rest)
				rest = append(rest, pdfLine{left: t.left, right: t.right, bottom: t.bottom, size: line.size})
			}
			weigh(balance, line, 1)
		}
		var ok bool
		if t.written, ok = l.markdown(t, balance); first < 0 || !ok {
			continue
		}
		t.header, _, _ = strings.Cut(t.written, "\n")
		rest[first].table = &t
		lines = rest
	}
	return lines
}

// weigh adds the visible characters of a line to a balance.
func weigh(balance map[rune]int, l pdfLine, n int) {
	for _, r := range l.text {
		if !unicode.IsSpace(r) {
			if balance[r] += n; balance[r] == 0 {
				delete(balance, r)
			}
		}
	}
}

// markdown writes a table, if its characters are those of the balance.
func (l layout) markdown(t pdfTable, balance map[rune]int) (string, bool) {
	rows := make([][]string, len(t.rows))
	for r, cells := range t.rows {
		for _, lines := range cells {
			p := pdfParagraph{}
			for _, line := range lines {
				weigh(balance, line, -1)
				l.append(&p, " ", line)
			}
			rows[r] = append(rows[r], p.text.String())
		}
	}
	if len(balance) > 0 {
		return "", false
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
