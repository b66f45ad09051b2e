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
	rows, columns  int // how many
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
	group := make([]int, len(across)+len(upright)) // of each rule, the number of another of the same table, or its own
	for i := range group {
		group[i] = i
	}
	root := func(i int) int {
		for group[i] != i {
			group[i] = group[group[i]]
			i = group[i]
		}
		return i
	}
	for i, a := range across {
		for j, u := range upright {
			if reaches(a, u.at) && reaches(u, a.at) {
				group[root(len(across)+j)] = root(i)
			}
		}
	}
	var found []pdfGrid
	for i := range group {
		if group[i] != i {
			continue
		}
		var mine [2][]rule
		for j, a := range across {
			if root(j) == i {
				mine[0] = append(mine[0], a)
			}
		}
		for j, u := range upright {
			if root(len(across)+j) == i {
				mine[1] = append(mine[1], u)
			}
		}
		if g, ok := gridOf(mine[0], mine[1]); ok {
			found = append(found, g)
		}
	}
	return found
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
	parts := func(rules []rule, at, along float64) bool {
		return slices.ContainsFunc(rules, func(r rule) bool { return at-1 <= r.at && r.at <= at+nearRule+1 && r.from <= along && along <= r.to })
	}
	parted := func(row, from, to int) bool { // from the row above, in one of these columns
		for c := from; c < to; c++ {
			if parts(across, g.ys[row], (g.xs[c]+g.xs[c+1])/2) {
				return true
			}
		}
		return false
	}
	midRow := func(r int) float64 { return (g.ys[r] + g.ys[r+1]) / 2 }
	taken := make([]bool, rows*columns)
	for r := range rows {
		for c := range columns {
			if taken[r*columns+c] {
				continue
			}
			right, below := c+1, r+1
			for right < columns && !taken[r*columns+right] && !parts(upright, g.xs[right], midRow(r)) {
				right++
			}
			for below < rows && !parted(below, c, right) {
				below++
			}
			for i := r; i < below; i++ {
				for j := c; j < right; j++ {
					taken[i*columns+j] = true
				}
			}
			g.cells = append(g.cells, pdfCell{
				row: r, column: c, rows: below - r, columns: right - c,
				left: g.xs[c], right: g.xs[right], bottom: g.ys[below], height: g.ys[r] - g.ys[below],
			})
		}
	}
}
