package parse

import (
	"slices"
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// rtfRow is a row of a table, and where its cells end, from the left edge of the table.
type rtfRow struct {
	cells []string
	edges []int
}

func (r *rtfReader) endCell() {
	r.innerCell()
	r.cells = append(r.cells, strings.TrimSpace(r.cell.String()))
	r.cell.Reset()
}

// innerCell ends a cell of a table inside of a cell, which is a part of that cell's text.
func (r *rtfReader) innerCell() {
	r.cell.WriteString(" " + r.text.String())
	r.text.Reset()
}

func (r *rtfReader) endRow() {
	r.rows = append(r.rows, rtfRow{r.cells, r.edges}) // many rows may share the edges; nothing changes them
	r.cells = nil
}

// table writes the rows at hand, which end with the first paragraph outside of them.
func (r *rtfReader) table() error {
	rows := inColumns(r.rows)
	r.rows = nil
	if s, ok := markdownTable(rows); ok {
		return r.out.add(text.Block{Kind: text.Table, Text: s})
	}
	for _, row := range rows {
		if err := r.out.add(text.Block{Text: strings.Join(row, " ")}); err != nil {
			return err
		}
	}
	return nil
}

// Edges that are nearer to each other than this, in twentieths of a point, are one.
const sameEdge = 100

// inColumns puts the cells of all rows where they begin: one that reaches over several columns is followed by blank ones. Rows
// that don't say where their cells end stay as they are, and so do all in a table of too many columns.
func inColumns(rows []rtfRow) [][]string {
	edges := edgesOf(rows)
	placed := make([][]string, len(rows))
	for i, r := range rows {
		placed[i] = r.cells
		for len(placed[i]) > len(r.edges) && placed[i][len(placed[i])-1] == "" {
			placed[i] = placed[i][:len(placed[i])-1]
		}
		if len(edges) > 64 || len(placed[i]) > len(r.edges) || !slices.IsSorted(r.edges) {
			continue
		}
		var row []string
		column := 0
		for k, cell := range placed[i] {
			for ; len(row) < column; row = append(row, "") {
			}
			row = append(row, cell)
			for column < len(edges) && edges[column] < r.edges[k]+sameEdge {
				column++
			}
		}
		placed[i] = row
	}
	return placed
}

// edgesOf is where the cells of any row end, in order. Rows of one definition share theirs.
func edgesOf(rows []rtfRow) []int {
	var edges []int
	for i, r := range rows {
		if i == 0 || len(r.edges) == 0 || len(r.edges) != len(rows[i-1].edges) || &r.edges[0] != &rows[i-1].edges[0] {
			edges = append(edges, r.edges...)
		}
	}
	slices.Sort(edges)
	return slices.CompactFunc(edges, func(a, b int) bool { return max(a-b, b-a) < sameEdge })
}
