package parse

import (
	"cmp"
	"slices"
)

// rule is a straight line of a page, across or upright, in points.
type rule struct {
	at       float64 // its height, or for an upright one its place from the left
	from, to float64 // from left to right, or upwards
}

// nearRule is how far apart rules may be that are one, or that meet: borders are drawn with gaps, twice, or around each cell.
const nearRule = 4.0

// Limits of a grid; drawings have more lines.
const (
	maxRules       = 600
	maxGridColumns = 60
	maxGridRows    = 300
)

// pdfGrid is a table as its rules show it.
type pdfGrid struct {
	xs, ys []float64 // where columns begin, from the left, and rows, from the top; and where the last ends
	cells  []pdfCell
}

// pdfCell is a cell; it may take several columns and rows.
type pdfCell struct {
	row, column    int // the first
	columns        int // how many
	left, right    float64
	bottom, height float64
}

// grids finds the tables among the rules of a page: those which meet, directly or by others, and part at least two rows and two
// columns.
func grids(across, upright []rule) []pdfGrid {
	across, upright = merged(across), merged(upright)
	if len(across) < 2 || len(upright) == 0 || len(across)+len(upright) > maxRules {
		return nil
	}
	var found []pdfGrid
	for _, table := range meeting(across, upright) {
		if g, ok := gridOf(table.across, table.upright); ok {
			found = append(found, g)
		}
	}
	return found
}

// ruled is the rules of one table.
type ruled struct{ across, upright []rule }

// meeting puts together the rules that meet, directly or by others.
func meeting(across, upright []rule) []*ruled {
	table := make([]int, len(across)+len(upright)) // of each rule, the number of another of the same table, or its own
	for i := range table {
		table[i] = i
	}
	root := func(i int) int {
		for table[i] != i {
			table[i] = table[table[i]]
			i = table[i]
		}
		return i
	}
	for i, a := range across {
		for j, u := range upright {
			if reaches(a, u.at) && reaches(u, a.at) {
				table[root(len(across)+j)] = root(i)
			}
		}
	}
	var out []*ruled
	byRoot := map[int]*ruled{}
	for i := range table {
		r := byRoot[root(i)]
		if r == nil {
			r = &ruled{}
			byRoot[root(i)], out = r, append(out, r)
		}
		if i < len(across) {
			r.across = append(r.across, across[i])
		} else {
			r.upright = append(r.upright, upright[i-len(across)])
		}
	}
	return out
}

func reaches(r rule, at float64) bool { return r.from-nearRule <= at && at <= r.to+nearRule }

// merged makes one of the rules that lie on each other, or follow each other.
func merged(rules []rule) []rule {
	slices.SortFunc(rules, func(a, b rule) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.from, b.from)) })
	var out []rule
	for begin := 0; begin < len(rules); {
		end := begin + 1
		for end < len(rules) && rules[end].at-rules[begin].at < 1 {
			end++
		}
		level := rules[begin:end]
		slices.SortFunc(level, func(a, b rule) int { return cmp.Compare(a.from, b.from) })
		for i, r := range level {
			if last := len(out) - 1; i > 0 && r.from <= out[last].to+nearRule {
				out[last].to = max(out[last].to, r.to)
				continue
			}
			out = append(out, r)
		}
		begin = end
	}
	return out
}

// gridOf makes a grid of rules that belong together. Tables need not have borders at the sides.
func gridOf(across, upright []rule) (pdfGrid, bool) {
	if len(across) < 2 || len(upright) == 0 {
		return pdfGrid{}, false
	}
	var heights, places []float64
	for _, a := range across {
		heights, places = append(heights, a.at), append(places, a.from, a.to)
	}
	for _, u := range upright {
		heights, places = append(heights, u.from, u.to), append(places, u.at)
	}
	g := pdfGrid{xs: levels(places), ys: levels(heights)}
	slices.Reverse(g.ys)
	if len(g.xs) < 3 || len(g.ys) < 3 || len(g.xs) > maxGridColumns || len(g.ys) > maxGridRows {
		return pdfGrid{}, false
	}
	g.divide(across, upright)
	return g, true
}

// levels makes one of the places that are near each other.
func levels(places []float64) []float64 {
	slices.Sort(places)
	var out []float64
	first := 0
	for i, p := range places {
		if p-places[first] > nearRule {
			first = i
		}
		if first == i {
			out = append(out, p)
		}
	}
	return out
}

// divide finds the cells: fields between which there is no rule are one.
func (g *pdfGrid) divide(across, upright []rule) {
	rows, columns := len(g.ys)-1, len(g.xs)-1
	taken := make([]bool, rows*columns)
	for r := range rows {
		for c := range columns {
			if taken[r*columns+c] {
				continue
			}
			right, below := c+1, r+1
			for right < columns && !taken[r*columns+right] && !parts(upright, g.xs[right], (g.ys[r]+g.ys[r+1])/2) {
				right++
			}
			for below < rows && !g.partsRow(across, below, c, right) {
				below++
			}
			for i := r; i < below; i++ {
				for j := c; j < right; j++ {
					taken[i*columns+j] = true
				}
			}
			g.cells = append(g.cells, pdfCell{
				row: r, column: c, columns: right - c, left: g.xs[c], right: g.xs[right], bottom: g.ys[below], height: g.ys[r] - g.ys[below],
			})
		}
	}
}

// parts reports whether there is a rule at a place, at this point along it.
func parts(rules []rule, at, along float64) bool {
	return slices.ContainsFunc(rules, func(r rule) bool { return at-1 <= r.at && r.at <= at+nearRule+1 && r.from <= along && along <= r.to })
}

// partsRow reports whether a row is parted from the one above it, in one of these columns.
func (g *pdfGrid) partsRow(across []rule, row, from, to int) bool {
	for c := from; c < to; c++ {
		if parts(across, g.ys[row], (g.xs[c]+g.xs[c+1])/2) {
			return true
		}
	}
	return false
}
