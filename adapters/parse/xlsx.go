package parse

import (
	"context"
	"encoding/xml"
	"errors"
	"strconv"
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// xlsx reads workbooks (ECMA-376, SpreadsheetML) as streams: a sheet is a page and a section, its rows keep their numbers.
// Cells show what was computed last, numbers in the notation of the file, dates as ISO 8601.
type xlsx struct{}

func (xlsx) read(ctx context.Context, src source, out *output) error {
	c, err := openContainer(ctx, src, out, "an Excel workbook")
	if err != nil {
		return err
	}
	main, err := c.main("xl/workbook.xml")
	if err != nil {
		return err
	}
	rels, err := c.relations(main)
	if err != nil {
		return err
	}
	w := workbook{container: c}
	targets := map[string]string{}
	for _, r := range rels {
		targets[r.id] = r.target
	}
	kinds := byKind(rels)
	for _, part := range kinds["styles"] {
		if err := w.readFormats(part); err != nil {
			return err
		}
	}
	for _, part := range kinds["sharedStrings"] {
		if err := w.readShared(part); err != nil {
			return err
		}
	}
	sheets, err := w.sheets(main, targets)
	if err != nil {
		return err
	}
	if err := out.pages(len(sheets)); err != nil {
		return err
	}
	for i, s := range sheets {
		if err := w.sheet(s, i+1); err != nil {
			return err
		}
		out.report(i+1, len(sheets))
	}
	return c.properties("docProps/core.xml")
}

// workbook is an open file.
type workbook struct {
	*container
	shared []string
	styles []numberFormat // of cells, by the number of their style
	from04 bool           // days count from 1904
}

type sheet struct{ name, part string }

func (w *workbook) sheets(main string, targets map[string]string) ([]sheet, error) {
	var sheets []sheet
	err := w.walk(main, func(_ *xml.Decoder, t xml.Token) error {
		s, ok := t.(xml.StartElement)
		switch {
		case !ok:
		case s.Name.Local == "workbookPr":
			v := attr(s, "date1904")
			w.from04 = v == "1" || v == "true"
		case s.Name.Local == "sheet":
			sheets = append(sheets, sheet{attr(s, "name"), targets[relationID(s)]})
		}
		return nil
	})
	return sheets, err
}

// readShared reads the table of strings that cells point into.
func (w *workbook) readShared(part string) error {
	var item cellText
	return w.walk(part, func(x *xml.Decoder, t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "si" {
				item.Reset()
			}
			return item.start(x, t)
		case xml.EndElement:
			if t.Name.Local == "si" {
				w.shared = append(w.shared, item.String())
			}
			item.end(t)
		case xml.CharData:
			item.characters(t)
		}
		return nil
	})
}

// cellText gathers the text of a string: its runs, without hints on how it is pronounced.
type cellText struct {
	strings.Builder
	in bool
}

func (c *cellText) start(x *xml.Decoder, s xml.StartElement) error {
	switch s.Name.Local {
	case "rPh":
		return x.Skip()
	case "t":
		c.in = true
	}
	return nil
}

func (c *cellText) end(e xml.EndElement) {
	if e.Name.Local == "t" {
		c.in = false
	}
}

func (c *cellText) characters(data xml.CharData) {
	if c.in {
		c.Write(data)
	}
}

func (w *workbook) sheet(s sheet, number int) error {
	r := sheetReader{w: w, grid: grid{out: w.out, page: number, title: s.name}}
	if err := w.walk(s.part, r.token); err != nil {
		return err
	}
	if err := r.grid.flush(); err != nil {
		return err
	}
	rels, err := w.relations(s.part)
	if err != nil {
		return err
	}
	kinds := byKind(rels)
	for _, part := range kinds["comments"] {
		if err := r.grid.begin(); err != nil {
			return err
		}
		if err := w.comments(part, number); err != nil {
			return err
		}
	}
	for _, part := range kinds["drawing"] {
		if err := w.drawing(part, &r.grid); err != nil {
			return err
		}
	}
	return nil
}

// drawing prints what stands on a sheet rather than in it: text boxes, diagrams, and the titles of charts, whose values are cells.
func (w *workbook) drawing(part string, g *grid) error {
	blocks, err := w.shapes(part, g.page)
	if err != nil {
		return err
	}
	rels, err := w.relations(part)
	if err != nil {
		return err
	}
	for _, r := range rels {
		more, err := w.graphic(r, g.page)
		if err != nil {
			return err
		}
		for _, b := range more {
			if b.Kind != text.Table {
				blocks = append(blocks, b)
			}
		}
	}
	for _, b := range blocks {
		if err := g.begin(); err != nil {
			return err
		}
		if err := w.out.add(b); err != nil {
			return err
		}
	}
	return nil
}

// comments prints remarks on cells, each after the name of its cell.
func (w *workbook) comments(part string, page int) error {
	var at string
	var said cellText
	return w.walk(part, func(x *xml.Decoder, t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "comment" {
				at = attr(t, "ref")
				said.Reset()
			}
			return said.start(x, t)
		case xml.EndElement:
			said.end(t)
			if t.Name.Local == "comment" {
				_, row := cellPlace(at)
				return w.out.add(text.Block{Page: page, Row: row, Text: at + ": " + strings.TrimSpace(said.String())})
			}
		case xml.CharData:
			said.characters(t)
		}
		return nil
	})
}

// sheetReader turns the tokens of a sheet into rows.
type sheetReader struct {
	w    *workbook
	grid grid

	number int // of the row
	cells  []string
	column int // of the cell, from 0
	kind   string
	style  int
	value  strings.Builder
	inV    bool
	valued bool // the cell has a value, be it empty
	inline cellText

	formula strings.Builder
	inF     bool
}

// maxColumns is how many columns a sheet of Excel has.
const maxColumns = 16_384

func (r *sheetReader) token(x *xml.Decoder, t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return r.start(x, t)
	case xml.EndElement:
		return r.end(t)
	case xml.CharData:
		if r.inV {
			r.value.Write(t)
		}
		if r.inF {
			r.formula.Write(t)
		}
		r.inline.characters(t)
	}
	return nil
}

func (r *sheetReader) start(x *xml.Decoder, s xml.StartElement) error {
	switch s.Name.Local {
	case "row":
		n, err := strconv.Atoi(attr(s, "r"))
		if err != nil || n <= r.number {
			n = r.number + 1
		}
		r.number, r.cells, r.column = n, r.cells[:0], -1
	case "c":
		r.column++
		if ref := attr(s, "r"); ref != "" {
			if column, _ := cellPlace(ref); column > 0 {
				r.column = column - 1
			}
		}
		r.kind = attr(s, "t")
		r.style, _ = strconv.Atoi(attr(s, "s"))
		r.value.Reset()
		r.inline.Reset()
		r.formula.Reset()
		r.valued = false
	case "v":
		r.inV, r.valued = true, true
	case "f":
		r.inF = true
	default:
		return r.inline.start(x, s)
	}
	return nil
}

func (r *sheetReader) end(e xml.EndElement) error {
	r.inline.end(e)
	switch e.Name.Local {
	case "v":
		r.inV = false
	case "f":
		r.inF = false
	case "c":
		s := r.show()
		if f := strings.TrimSpace(r.formula.String()); s == "" && f != "" && !r.valued {
			s = "=" + f // written by a program that doesn't calculate
		}
		if s == "" {
			return nil
		}
		if r.column >= maxColumns || r.column < 0 {
			return corrupt("an Excel workbook", errors.New("it has a cell outside of the sheet"))
		}
		for len(r.cells) <= r.column {
			r.cells = append(r.cells, "")
		}
		r.cells[r.column] = s
	case "row":
		return r.grid.row(r.number, r.cells)
	}
	return nil
}

// show is the text of the cell at hand.
func (r *sheetReader) show() string {
	raw := r.value.String()
	switch r.kind {
	case "s":
		if i, err := strconv.Atoi(strings.TrimSpace(raw)); err == nil && i >= 0 && i < len(r.w.shared) {
			return r.w.shared[i]
		}
		return ""
	case "inlineStr":
		return r.inline.String()
	case "b":
		if raw == "1" {
			return "TRUE"
		}
		return "FALSE"
	case "str", "e", "d":
		return raw
	}
	if r.style >= 0 && r.style < len(r.w.styles) {
		return r.w.styles[r.style].show(raw, r.w.from04)
	}
	return raw
}

// cellPlace reads a place such as "AB12": its column and row, from 1; 0 where it makes no sense.
func cellPlace(ref string) (column, row int) {
	i := 0
	for ; i < len(ref) && 'A' <= ref[i] && ref[i] <= 'Z' && column < maxColumns; i++ {
		column = column*26 + int(ref[i]-'A') + 1
	}
	row, err := strconv.Atoi(ref[i:])
	if err != nil || row < 1 {
		row = 0
	}
	return column, row
}
