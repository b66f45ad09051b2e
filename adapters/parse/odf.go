package parse

import (
	"context"
	"encoding/xml"
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// odf reads OpenDocument texts, spreadsheets and presentations (ISO/IEC 26300). Sheets and slides are pages.
type odf struct{ what string }

func (f odf) read(ctx context.Context, src source, out *output) error {
	c, err := openContainer(ctx, src, out, f.what)
	if err != nil {
		return err
	}
	if c.parts["content.xml"] == nil {
		return corrupt(f.what, nil)
	}
	if err := odfEncryption(c); err != nil {
		return err
	}
	if err := c.properties("meta.xml"); err != nil {
		return err
	}
	d := odfReader{container: c, numbered: map[odfLevel]bool{}, said: map[string]bool{}}
	if err := d.styles("content.xml"); err != nil {
		return err
	}
	if err := d.styles("styles.xml"); err != nil {
		return err
	}
	if err := c.walk("content.xml", d.token); err != nil {
		return err
	}
	if d.page > 0 {
		if err := out.pages(d.page); err != nil {
			return err
		}
	}
	return d.finish()
}

func odfEncryption(c *container) error {
	return c.walk("META-INF/manifest.xml", func(_ *xml.Decoder, t xml.Token) error {
		if s, ok := t.(xml.StartElement); ok && s.Name.Local == "encryption-data" {
			return encrypted()
		}
		return nil
	})
}

// odfReader turns the tokens of the content into blocks.
type odfReader struct {
	*container
	numbered map[odfLevel]bool // whether items are numbered
	running  []string          // headers and footers
	said     map[string]bool   // of them

	page   int
	paras  []*odfParagraph // open ones; notes and frames make them nest
	lists  []odfList
	tables []*odfTable
	sheet  *odfSheet // a sheet of a spreadsheet
	calc   bool      // the document is a spreadsheet
	notes  []string  // to be printed below the paragraph at hand
	number int       // of notes so far
	title  bool      // the frame at hand holds the title of a slide
	body   bool      // or items
	aside  bool      // speaker's notes
}

type odfParagraph struct {
	strings.Builder
	level int // of a heading; 0 for none
	note  bool
}

// odfLevel is a level of a list style, from 1.
type odfLevel struct{ style, level string }

type odfList struct {
	style string
	next  int
	mark  bool // the next paragraph is the first of its item
}

type odfTable struct {
	rows [][]string
	cell []string
	span int
}

// styles finds which lists are numbered, and what stands in headers and footers.
func (d *odfReader) styles(part string) error {
	style, depth := "", 0
	var said strings.Builder
	return d.walk(part, func(x *xml.Decoder, t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "body":
				return x.Skip()
			case "list-style":
				style = attr(t, "name")
			case "list-level-style-number":
				if attr(t, "num-format") != "" {
					d.numbered[odfLevel{style, attr(t, "level")}] = true
				}
			case "header", "footer", "header-left", "footer-left", "header-first", "footer-first":
				depth++
			case "page-number", "page-count", "date", "time", "file-name", "title", "sheet-name":
				return x.Skip()
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "header", "footer", "header-left", "footer-left", "header-first", "footer-first":
				depth--
				d.running = append(d.running, oneLine(said.String()))
				said.Reset()
			case "p":
				said.WriteByte(' ')
			}
		case xml.CharData:
			if depth > 0 {
				said.Write(t)
			}
		}
		return nil
	})
}

func (d *odfReader) token(x *xml.Decoder, t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return d.start(x, t)
	case xml.EndElement:
		return d.end(t.Name.Local)
	case xml.CharData:
		d.write(strings.Map(func(r rune) rune {
			if r == '\n' || r == '\t' || r == '\r' {
				return ' ' // white space that counts has elements of its own
			}
			return r
		}, string(t)))
	}
	return nil
}

func (d *odfReader) write(s string) {
	if n := len(d.paras); n > 0 {
		d.paras[n-1].WriteString(s)
	}
}

func (d *odfReader) start(x *xml.Decoder, s xml.StartElement) error { //nolint:cyclop // a list of cases, each a line or two
	switch s.Name.Local {
	case "tracked-changes", "index-title-template", "forms", "automatic-styles", "table-of-content-source", "settings",
		"named-expressions", "note-citation", "database-ranges", "page-number", "slide", "ruby-text", "font-face-decls", "shapes":
		return x.Skip()
	case "index-body": // a table of contents says what the headings say
		return x.Skip()
	case "spreadsheet":
		d.calc = true
	case "page":
		d.page++
		if err := d.out.pages(d.page); err != nil {
			return err
		}
	case "notes":
		d.aside = true
	case "frame":
		class := attr(s, "class")
		d.title, d.body = class == "title", class == "outline"
	case "h", "p":
		p := &odfParagraph{}
		if s.Name.Local == "h" {
			p.level = max(1, 1+outlineLevel0(attr(s, "outline-level")))
		}
		d.paras = append(d.paras, p)
	case "s":
		d.write(strings.Repeat(" ", repeated(s, "c", 64)))
	case "tab":
		d.write("\t")
	case "line-break":
		d.write("\n")
	case "creator", "date", "creator-initials", "date-string":
		if s.Name.Local != "date" || strings.Contains(s.Name.Space, "purl.org") {
			return x.Skip() // of who remarked something when
		}
	case "note", "annotation":
		d.number++
		d.write("[" + itoa(d.number) + "]")
		d.paras = append(d.paras, &odfParagraph{note: true})
	case "list":
		style := attr(s, "style-name")
		if n := len(d.lists); n > 0 && style == "" {
			style = d.lists[n-1].style
		}
		d.lists = append(d.lists, odfList{style: style})
	case "list-item":
		if n := len(d.lists); n > 0 {
			d.lists[n-1].mark = true
			d.lists[n-1].next++
		}
	default:
		return d.startInTable(s)
	}
	return nil
}

func (d *odfReader) end(name string) error {
	switch name {
	case "h", "p":
		return d.endParagraph()
	case "note", "annotation":
		d.endNote()
	case "list":
		d.lists = d.lists[:max(0, len(d.lists)-1)]
	case "notes":
		d.aside = false
	case "page":
		return d.flushNotes()
	case "frame":
		d.title, d.body = false, false
	default:
		return d.endInTable(name)
	}
	return nil
}

func (d *odfReader) endNote() {
	for n := len(d.paras); n > 0; n = len(d.paras) {
		p := d.paras[n-1]
		d.paras = d.paras[:n-1]
		if p.note {
			said := oneLine(p.String())
			if said != "" && d.sheet == nil {
				said = "[" + itoa(d.number) + "] " + said
			}
			d.notes = append(d.notes, said)
			return
		}
	}
}

// endParagraph places a finished paragraph: in the note or paragraph around it, in its cell, or into the output.
func (d *odfReader) endParagraph() error {
	n := len(d.paras)
	if n == 0 {
		return nil
	}
	p := d.paras[n-1]
	if p.note {
		return nil // unbalanced; the note ends it
	}
	d.paras = d.paras[:n-1]
	s := strings.TrimSpace(p.String())
	switch {
	case n > 1 && d.paras[n-2].note:
		d.write(" " + s)
		return nil
	case n > 1: // a frame inside of a paragraph
		d.write("\n" + s + "\n")
		return nil
	case d.sheet != nil:
		d.sheet.cell = append(d.sheet.cell, s)
		return nil
	case len(d.tables) > 0:
		t := d.tables[len(d.tables)-1]
		t.cell = append(t.cell, s)
		return nil
	}
	return d.print(p.level, s)
}

func (d *odfReader) print(level int, s string) error {
	if s == "" {
		return nil
	}
	b := text.Block{Page: d.page, Text: s}
	switch {
	case d.title && !d.aside:
		b.Kind, b.Level, b.Text = text.Heading, 1, oneLine(s)
	case level > 0:
		b.Kind, b.Level, b.Text = text.Heading, level, oneLine(s)
	case len(d.lists) > 0:
		b.Kind, b.Text = text.ListItem, d.marker()+s
	}
	if err := d.out.add(b); err != nil {
		return err
	}
	return d.flushNotes()
}

func (d *odfReader) flushNotes() error {
	for _, s := range d.notes {
		if err := d.out.add(text.Block{Page: d.page, Text: s}); err != nil {
			return err
		}
	}
	d.notes = nil
	return nil
}

// marker is what stands before the paragraph of an item.
func (d *odfReader) marker() string {
	depth := len(d.lists) - 1
	l := &d.lists[depth]
	indent := strings.Repeat("  ", min(depth, maxListLevels))
	if !l.mark {
		return indent + "  "
	}
	l.mark = false
	if d.numbered[odfLevel{l.style, itoa(depth + 1)}] {
		return indent + itoa(l.next) + ". "
	}
	return indent + "- "
}

// finish prints what remains: notes, headers and footers, each once.
func (d *odfReader) finish() error {
	if err := d.flushNotes(); err != nil {
		return err
	}
	for _, s := range d.running {
		key := strings.Map(letterOrNothing, s)
		if key == "" || d.said[key] || isPageWord(key) || d.page > 0 {
			continue
		}
		d.said[key] = true
		if err := d.out.add(text.Block{Text: s}); err != nil {
			return err
		}
	}
	return nil
}
