package parse

import (
	"encoding/xml"
	"strconv"
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// wordReader turns the tokens of a story (body, header, note) into blocks.
type wordReader struct {
	d     *wordFile
	add   func(text.Block) error
	notes bool // the story is itself one of notes

	paragraphs []*wordParagraph // open ones; a text box makes them nest
	tables     []*wordTable     // open ones
	waiting    []string         // notes to print after the block at hand
	numbered   int              // notes so far
	inText     int              // depth of elements whose characters are text
}

type wordParagraph struct {
	text   strings.Builder
	style  string
	num    wordNumber
	level  int // of the outline, from 1; 0 means that the style decides, -1 that it is body text
	tables int // how many tables were open when it began
	after  []text.Block
}

// wordNumber says which list a paragraph is in.
type wordNumber struct {
	id    string // "0" takes the paragraph out of the list of its style
	level int
}

type wordTable struct {
	rows    [][]string
	deleted bool // the row at hand
	span    int  // columns of the cell at hand
	cell    []string
	blocks  []text.Block // all cells' content, for a table that is a frame around text
}

func (w *wordReader) token(x *xml.Decoder, t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return w.start(x, t)
	case xml.EndElement:
		return w.end(t.Name.Local)
	case xml.CharData:
		if w.inText > 0 {
			w.write(string(t))
		}
	}
	return nil
}

func (w *wordReader) write(s string) {
	if p := w.paragraph(); p != nil {
		p.text.WriteString(s)
	}
}

func (w *wordReader) paragraph() *wordParagraph {
	if len(w.paragraphs) == 0 {
		return nil
	}
	return w.paragraphs[len(w.paragraphs)-1]
}

func (w *wordReader) table() *wordTable {
	if len(w.tables) == 0 {
		return nil
	}
	return w.tables[len(w.tables)-1]
}

func (w *wordReader) start(x *xml.Decoder, s xml.StartElement) error { //nolint:cyclop // a list of cases, each a line or two
	switch s.Name.Local {
	case "del", "moveFrom":
		if t := w.table(); t != nil && w.paragraph() == nil {
			t.deleted = true // a mark in the properties of a row
		}
		return x.Skip()
	case "Fallback", "instrText", "rPrChange", "pPrChange", "tblPrChange", "sectPrChange", "sectPr", "rPr", "tblPr":
		// Repetitions for old programs, commands of fields, former states, and looks.
		return x.Skip()
	case "p":
		w.paragraphs = append(w.paragraphs, &wordParagraph{tables: len(w.tables)})
	case "t":
		w.inText++
	case "tab", "ptab":
		w.write("\t")
	case "br", "cr":
		w.write("\n")
	case "noBreakHyphen":
		w.write("-")
	case "footnoteReference", "endnoteReference", "commentReference":
		w.note(strings.TrimSuffix(s.Name.Local, "Reference") + attr(s, "id"))
	case "tbl":
		w.tables = append(w.tables, &wordTable{})
	case "altChunk":
		if !w.notes {
			return w.d.chunk(relationID(s))
		}
	case "chart":
		return w.graphic(relationID(s))
	case "relIds": // of a diagram
		return w.graphic(attr(s, "dm"))
	default:
		w.property(s)
	}
	return nil
}

// graphic places what a chart or diagram says below the paragraph that it stands in. It comes once.
func (w *wordReader) graphic(id string) error {
	p := w.paragraph()
	if p == nil || w.notes {
		return nil
	}
	blocks, err := w.d.graphic(w.d.targets[id], 0)
	delete(w.d.targets, id)
	p.after = append(p.after, blocks...)
	return err
}

// property reads the settings of paragraphs, rows and cells.
func (w *wordReader) property(s xml.StartElement) {
	if t := w.table(); t != nil {
		switch s.Name.Local {
		case "tr":
			t.rows, t.deleted = append(t.rows, nil), false
		case "tc":
			t.cell, t.span = nil, 1
		case "gridSpan":
			n, _ := strconv.Atoi(attr(s, "val"))
			t.span = max(1, min(n, 64))
		}
	}
	p := w.paragraph()
	if p == nil {
		return
	}
	switch s.Name.Local {
	case "pStyle":
		p.style = attr(s, "val")
	case "outlineLvl":
		p.level = outlineLevel(attr(s, "val"))
	case "numId":
		p.num.id = attr(s, "val")
	case "ilvl":
		p.num.level = listLevel(attr(s, "val"))
	}
}

// outlineLevel turns 0…8 into 1…9 and 9, which means body text, into -1.
func outlineLevel(val string) int {
	n, err := strconv.Atoi(val)
	if err != nil || n < 0 || n > 8 {
		return -1
	}
	return n + 1
}

func (w *wordReader) end(name string) error {
	switch name {
	case "t":
		w.inText--
	case "p":
		if p := w.paragraph(); p != nil {
			w.paragraphs = w.paragraphs[:len(w.paragraphs)-1]
			return w.endParagraph(p)
		}
	case "tc":
		w.endCell()
	case "tr":
		if t := w.table(); t != nil && t.deleted && len(t.rows) > 0 {
			t.rows = t.rows[:len(t.rows)-1]
		}
	case "tbl":
		if t := w.table(); t != nil {
			w.tables = w.tables[:len(w.tables)-1]
			return w.endTable(t)
		}
	}
	return nil
}

// endParagraph places a finished paragraph: after the one around its text box, in its cell, or into the output.
func (w *wordReader) endParagraph(p *wordParagraph) error {
	blocks := p.after
	if b, ok := w.blockOf(p); ok {
		blocks = append([]text.Block{b}, blocks...)
	}
	if outer := w.paragraph(); outer != nil && outer.tables == len(w.tables) {
		outer.after = append(outer.after, blocks...)
		return nil
	}
	return w.place(blocks)
}

func (w *wordReader) place(blocks []text.Block) error {
	if t := w.table(); t != nil {
		for _, b := range blocks {
			t.cell = append(t.cell, b.Text)
		}
		t.blocks = append(t.blocks, blocks...)
		return nil
	}
	for _, b := range blocks {
		if err := w.add(b); err != nil {
			return err
		}
	}
	return w.flushNotes()
}

// blockOf makes the block of a paragraph; ok is false when it has no text, or is a line of a table of contents.
func (w *wordReader) blockOf(p *wordParagraph) (b text.Block, ok bool) {
	s := strings.TrimSpace(p.text.String())
	style := w.d.styles.resolve(p.style)
	if s == "" || style.contents {
		return text.Block{}, false
	}
	if p.level == 0 {
		p.level = style.level
	}
	num := p.num
	if num.id == "" {
		num = wordNumber{id: style.num.id, level: max(num.level, style.num.level)}
	}
	marker := ""
	if num.id != "" && num.id != "0" && !w.notes {
		marker = w.d.numbering.marker(num)
	}
	switch {
	case p.level > 0:
		if marker == "-" {
			marker = ""
		}
		return text.Block{Kind: text.Heading, Level: p.level, Text: strings.TrimSpace(marker + " " + s)}, true
	case marker != "":
		return text.Block{Kind: text.ListItem, Text: marker + " " + s}, true
	}
	return text.Block{Text: s}, true
}

// note marks a note in the text and remembers to print it below.
func (w *wordReader) note(key string) {
	s, ok := w.d.notes[key]
	if !ok || s == "" || w.notes {
		return
	}
	w.numbered++
	mark := "[" + strconv.Itoa(w.numbered) + "]"
	w.write(mark)
	w.waiting = append(w.waiting, mark+" "+s)
	delete(w.d.notes, key) // once, however often it is referred to
}

func (w *wordReader) flushNotes() error {
	if len(w.paragraphs) > 0 || len(w.tables) > 0 {
		return nil
	}
	for _, s := range w.waiting {
		if err := w.add(text.Block{Text: s}); err != nil {
			return err
		}
	}
	w.waiting = nil
	return nil
}

func (w *wordReader) endCell() {
	t := w.table()
	if t == nil {
		return
	}
	if len(t.rows) == 0 {
		t.rows = append(t.rows, nil)
	}
	last := len(t.rows) - 1
	t.rows[last] = append(t.rows[last], strings.Join(t.cell, " "))
	for range t.span - 1 {
		t.rows[last] = append(t.rows[last], "")
	}
	t.cell, t.span = nil, 1
}

// endTable writes a table. One inside another becomes a part of the cell around it; one with a single column is a frame
// around paragraphs.
func (w *wordReader) endTable(t *wordTable) error {
	s, ok := markdownTable(t.rows)
	switch {
	case !ok:
		return w.place(t.blocks)
	case w.paragraph() != nil && w.paragraph().tables == len(w.tables):
		p := w.paragraph() // the table is in its text box
		p.after = append(p.after, text.Block{Kind: text.Table, Text: s})
		return nil
	case len(w.tables) == 0:
		return w.place([]text.Block{{Kind: text.Table, Text: s}})
	}
	var flat []text.Block
	for _, r := range t.rows {
		flat = append(flat, text.Block{Text: strings.TrimSpace(strings.Join(r, " "))})
	}
	return w.place(flat)
}
