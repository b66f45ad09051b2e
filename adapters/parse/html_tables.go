package parse

import (
	"strconv"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/ragcorp/ragcorp/core/text"
)

// maxSpanned is how many columns may be left blank for cells that reach over several, whatever a page says, and maxBlanks how many cells
// of a table.
const (
	maxSpanned = 64
	maxBlanks  = 1 << 18
)

type htmlTable struct {
	rows    [][]string
	cell    strings.Builder
	inCell  bool
	columns int             // that the cell at hand reaches over
	lines   int             // that it reaches over
	taken   [maxSpanned]int // by column, the row from which on it is free of other cells
	blanks  int
}

// span reads how many columns or rows a cell takes.
func span(t xhtml.Token, key string) int {
	n, err := strconv.Atoi(strings.TrimSpace(attribute(t, key)))
	if err != nil {
		return 1
	}
	return max(1, min(n, 1<<16))
}

// startInTable handles what stands inside a table and reports whether it did.
func (h *htmlReader) startInTable(t xhtml.Token) bool {
	table := h.tables[len(h.tables)-1]
	switch t.DataAtom {
	case atom.Table:
		if len(h.tables) < maxNested {
			h.tables = append(h.tables, &htmlTable{})
		}
	case atom.Tr:
		table.endCell()
		table.rows = append(table.rows, nil)
	case atom.Td, atom.Th:
		table.endCell()
		table.inCell = true
		table.columns, table.lines = span(t, "colspan"), span(t, "rowspan")
	case atom.Caption:
		table.endCell()
		table.rows = append(table.rows, nil)
		table.inCell = true
	default:
		if table.inCell && !isInline(t.DataAtom) || t.DataAtom == atom.Br {
			table.cell.WriteByte('\n')
		}
	}
	return true
}

// endCell puts the cell at hand where it begins: behind blank ones, where others reach over several columns or rows.
func (t *htmlTable) endCell() {
	columns, lines := t.columns, t.lines
	t.columns, t.lines = 1, 1
	if !t.inCell {
		return
	}
	if len(t.rows) == 0 {
		t.rows = append(t.rows, nil)
	}
	last := len(t.rows) - 1
	row := t.rows[last]
	for len(row) < maxSpanned && t.taken[len(row)] > last && t.blanks < maxBlanks {
		row = append(row, "")
		t.blanks++
	}
	for i := len(row); i < min(len(row)+columns, maxSpanned); i++ {
		t.taken[i] = last + lines
	}
	t.rows[last] = append(row, strings.TrimSpace(t.cell.String()))
	t.cell.Reset()
	t.inCell = false
}

func (h *htmlReader) endInTable(a atom.Atom) {
	table := h.tables[len(h.tables)-1]
	switch a {
	case atom.Td, atom.Th, atom.Tr, atom.Caption:
		table.endCell()
	case atom.Table:
		h.endTable()
	}
}

// endTable writes a table: as a block, or into the cell of the table around it.
func (h *htmlReader) endTable() {
	table := h.tables[len(h.tables)-1]
	h.tables = h.tables[:len(h.tables)-1]
	table.endCell()
	if len(h.tables) > 0 {
		outer := h.tables[len(h.tables)-1]
		for _, r := range table.rows {
			outer.inCell = true
			outer.cell.WriteString("\n" + strings.Join(r, " "))
		}
		return
	}
	frame, main := h.frame.open(), h.main > 0
	// A row of one cell at the top is a caption, and a table of such rows is layout.
	for len(table.rows) > 0 && len(table.rows[0]) < 2 {
		h.blocks = append(h.blocks, htmlBlock{Block: text.Block{Text: strings.Join(table.rows[0], "")}, frame: frame, main: main})
		table.rows = table.rows[1:]
	}
	if s, ok := markdownTable(table.rows); ok {
		h.blocks = append(h.blocks, htmlBlock{Block: text.Block{Kind: text.Table, Text: s}, frame: frame, main: main})
	}
}
