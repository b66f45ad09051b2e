package parse

import (
	"encoding/xml"
	"strconv"
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// odfSheet is a sheet of a spreadsheet in the making.
type odfSheet struct {
	grid   grid
	row    int // number of the row at hand, from 1
	times  int // how often it is repeated
	cells  []string
	cell   []string // paragraphs of the cell at hand
	repeat int      // how often that is repeated
	blank  int      // columns without content that are due before the next one with some
}

// startInTable handles tables: those of texts and slides, and the sheets of spreadsheets.
func (d *odfReader) startInTable(s xml.StartElement) error {
	if d.calc {
		return d.startInSheet(s)
	}
	if s.Name.Local == "table" {
		d.tables = append(d.tables, &odfTable{})
		return nil
	}
	n := len(d.tables)
	if n == 0 {
		return nil
	}
	t := d.tables[n-1]
	switch s.Name.Local {
	case "table-row":
		t.rows = append(t.rows, nil)
	case "table-cell", "covered-table-cell":
		t.cell, t.span = nil, repeated(s, "number-columns-repeated", 64)
	}
	return nil
}

func (d *odfReader) startInSheet(s xml.StartElement) error {
	switch s.Name.Local {
	case "table":
		if d.sheet != nil {
			return nil // a table inside of a cell's frame
		}
		d.page++
		if err := d.out.pages(d.page); err != nil {
			return err
		}
		d.sheet = &odfSheet{grid: grid{out: d.out, page: d.page, title: attr(s, "name")}}
	case "table-row":
		if d.sheet != nil {
			d.sheet.row++
			d.sheet.times, d.sheet.cells, d.sheet.blank = repeated(s, "number-rows-repeated", 1<<20), d.sheet.cells[:0], 0
		}
	case "table-cell", "covered-table-cell":
		if d.sheet != nil {
			d.sheet.cell, d.sheet.repeat = nil, repeated(s, "number-columns-repeated", maxColumns)
		}
	}
	return nil
}

func (d *odfReader) endInTable(name string) error {
	if d.sheet != nil {
		return d.endInSheet(name)
	}
	n := len(d.tables)
	if n == 0 {
		return nil
	}
	t := d.tables[n-1]
	switch name {
	case "table-cell", "covered-table-cell":
		if len(t.rows) == 0 {
			t.rows = append(t.rows, nil)
		}
		last := len(t.rows) - 1
		t.rows[last] = append(t.rows[last], strings.Join(t.cell, " "))
		for range t.span - 1 {
			t.rows[last] = append(t.rows[last], "")
		}
		t.cell = nil
	case "table":
		d.tables = d.tables[:n-1]
		return d.endTable(t)
	}
	return nil
}

// endTable writes a table; one inside of another one becomes a part of the cell around it.
func (d *odfReader) endTable(t *odfTable) error {
	if n := len(d.tables); n > 0 {
		for _, r := range t.rows {
			d.tables[n-1].cell = append(d.tables[n-1].cell, strings.Join(r, " "))
		}
		return nil
	}
	if s, ok := markdownTable(t.rows); ok {
		if err := d.out.add(text.Block{Kind: text.Table, Page: d.page, Text: s}); err != nil {
			return err
		}
		return d.flushNotes()
	}
	for _, r := range t.rows {
		if err := d.print(0, strings.Join(r, " ")); err != nil {
			return err
		}
	}
	return nil
}

func (d *odfReader) endInSheet(name string) error {
	s := d.sheet
	switch name {
	case "table-cell", "covered-table-cell":
		content := strings.TrimSpace(strings.Join(s.cell, " "))
		s.cell = nil
		if content == "" {
			s.blank = min(s.blank+s.repeat, maxColumns)
			return nil
		}
		for ; s.blank > 0 && len(s.cells) < maxColumns; s.blank-- {
			s.cells = append(s.cells, "")
		}
		s.blank = 0
		for range min(s.repeat, maxColumns-len(s.cells)) {
			s.cells = append(s.cells, content)
		}
	case "table-row":
		if err := d.endRow(); err != nil {
			return err
		}
	case "table":
		d.sheet = nil
		if err := s.grid.flush(); err != nil || len(d.notes) == 0 {
			return err
		}
		if err := s.grid.begin(); err != nil {
			return err
		}
		return d.flushNotes()
	}
	return nil
}

// endRow hands on a row as often as it is repeated; blank ones only count.
func (d *odfReader) endRow() error {
	s := d.sheet
	if len(s.cells) == 0 {
		if err := s.grid.row(s.row, nil); err != nil {
			return err
		}
		s.row += s.times - 1
		return nil
	}
	for i := range s.times {
		if i > 0 {
			s.row++
		}
		if err := s.grid.row(s.row, s.cells); err != nil {
			return err
		}
	}
	return nil
}

// repeated reads how often something is there: at least once, at most limit times.
func repeated(s xml.StartElement, name string, limit int) int {
	n, err := strconv.Atoi(attr(s, name))
	if err != nil {
		return 1
	}
	return max(1, min(n, limit))
}

// outlineLevel0 turns "1"… into 0…, at most 8.
func outlineLevel0(val string) int {
	n, _ := strconv.Atoi(val)
	return max(0, min(n-1, 8))
}

func itoa(n int) string { return strconv.Itoa(n) }
