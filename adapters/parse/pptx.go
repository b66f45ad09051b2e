package parse

import (
	"context"
	"encoding/xml"
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// pptx reads presentations (ECMA-376, PresentationML): slides are pages, with the speaker's notes below each.
type pptx struct{}

func (pptx) read(ctx context.Context, src source, out *output) error {
	c, err := openContainer(ctx, src, out, "a PowerPoint presentation")
	if err != nil {
		return err
	}
	main, err := c.main("ppt/presentation.xml")
	if err != nil {
		return err
	}
	rels, err := c.relations(main)
	if err != nil {
		return err
	}
	targets := map[string]string{}
	for _, r := range rels {
		targets[r.id] = r.target
	}
	var slides []string
	err = c.walk(main, func(_ *xml.Decoder, t xml.Token) error {
		if s, ok := t.(xml.StartElement); ok && s.Name.Local == "sldId" {
			slides = append(slides, targets[relationID(s)])
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := out.pages(len(slides)); err != nil {
		return err
	}
	p := presentation{container: c, said: map[string]bool{}}
	for i, part := range slides {
		if err := p.slide(part, i+1); err != nil {
			return err
		}
		out.report(i+1, len(slides))
	}
	return c.properties("docProps/core.xml")
}

// relationID is the attribute r:id, which stands beside others called id.
func relationID(s xml.StartElement) string {
	for _, a := range s.Attr {
		if a.Name.Local == "id" && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}

type presentation struct {
	*container
	said map[string]bool // footers so far
}

// slide reads a slide, then the charts and diagrams on it, then its notes and what was remarked on it.
func (p *presentation) slide(part string, number int) error {
	rels, err := p.relations(part)
	if err != nil {
		return err
	}
	r := slideReader{page: number}
	if err := p.walk(part, r.token); err != nil {
		return err
	}
	for _, rel := range rels {
		blocks, err := p.graphic(rel, number)
		if err != nil {
			return err
		}
		r.blocks = append(r.blocks, blocks...)
	}
	for _, rel := range rels {
		if rel.kind != "notesSlide" && rel.kind != "comments" {
			continue
		}
		notes := slideReader{page: number, notes: true}
		if err := p.walk(rel.target, notes.token); err != nil {
			return err
		}
		r.blocks = append(r.blocks, notes.blocks...)
	}
	if len(r.blocks) == 0 {
		p.out.parsed.EmptyPages = append(p.out.parsed.EmptyPages, number)
	}
	return p.print(r)
}

func (p *presentation) print(r slideReader) error {
	for _, b := range r.blocks {
		if err := p.out.add(b); err != nil {
			return err
		}
	}
	for _, s := range r.footers {
		if key := strings.Map(letterOrNothing, s); key != "" && !p.said[key] && !isPageWord(key) {
			p.said[key] = true
			if err := p.out.add(text.Block{Page: r.page, Text: s}); err != nil {
				return err
			}
		}
	}
	return nil
}

// slideReader turns the tokens of a slide or its notes into blocks.
type slideReader struct {
	page    int
	notes   bool
	blocks  []text.Block
	footers []string

	role   string // of the placeholder at hand: "title", "ftr" and so on; "body" for other text
	para   strings.Builder
	level  int
	bullet bool // the paragraph says that it is an item
	plain  bool // or that it is none
	inText int
	tables []*slideTable
}

type slideTable struct {
	rows [][]string
	cell strings.Builder
}

func (r *slideReader) token(x *xml.Decoder, t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return r.start(x, t)
	case xml.EndElement:
		r.end(t.Name.Local)
	case xml.CharData:
		if r.inText > 0 {
			r.para.Write(t)
		}
	}
	return nil
}

func (r *slideReader) start(x *xml.Decoder, s xml.StartElement) error {
	switch s.Name.Local {
	case "Fallback":
		return x.Skip()
	case "sp", "graphicFrame":
		r.role = ""
	case "ph":
		r.role = attr(s, "type")
		if r.role == "" {
			r.role = "body"
		}
	case "text": // of a remark in the older form, which has no paragraphs
		r.para.Reset()
		r.level, r.bullet, r.plain = 0, false, false
		r.inText++
	case "p":
		r.para.Reset()
		r.level, r.bullet, r.plain = 0, false, false
	case "pPr":
		r.level = listLevel(attr(s, "lvl"))
	case "buChar", "buAutoNum", "buBlip":
		r.bullet = true
	case "buNone":
		r.plain = true
	case "t":
		r.inText++
	case "br":
		r.para.WriteByte('\n')
	case "tbl":
		r.tables = append(r.tables, &slideTable{})
	case "tr":
		if n := len(r.tables); n > 0 {
			r.tables[n-1].rows = append(r.tables[n-1].rows, nil)
		}
	}
	return nil
}

func (r *slideReader) end(name string) {
	n := len(r.tables)
	switch name {
	case "t":
		r.inText--
	case "p", "text":
		if name == "text" {
			r.inText--
		}
		s := strings.TrimSpace(r.para.String())
		r.para.Reset()
		if n > 0 {
			r.tables[n-1].cell.WriteString(s + " ")
		} else if s != "" {
			r.paragraph(s)
		}
	case "tc":
		if n > 0 && len(r.tables[n-1].rows) > 0 {
			t := r.tables[n-1]
			last := len(t.rows) - 1
			t.rows[last] = append(t.rows[last], strings.TrimSpace(t.cell.String()))
			t.cell.Reset()
		}
	case "tbl":
		if n > 0 {
			t := r.tables[n-1]
			r.tables = r.tables[:n-1]
			r.table(t.rows)
		}
	case "sp", "graphicFrame":
		r.role = ""
	}
}

func (r *slideReader) table(rows [][]string) {
	if s, ok := markdownTable(rows); ok {
		r.blocks = append(r.blocks, text.Block{Kind: text.Table, Page: r.page, Text: s})
		return
	}
	for _, row := range rows {
		r.blocks = append(r.blocks, text.Block{Page: r.page, Text: strings.Join(row, " ")})
	}
}

func (r *slideReader) paragraph(s string) {
	b := text.Block{Page: r.page, Text: s}
	switch r.role {
	case "sldNum", "dt", "sldImg":
		return
	case "ftr", "hdr":
		if !r.notes {
			r.footers = append(r.footers, s)
		}
		return
	case "title", "ctrTitle":
		if !r.notes {
			b.Kind, b.Level, b.Text = text.Heading, 1, oneLine(s)
		}
	case "body", "obj":
		r.bullet = r.bullet || !r.notes && !r.plain
	}
	if r.bullet && b.Kind != text.Heading {
		b.Kind, b.Text = text.ListItem, strings.Repeat("  ", r.level)+"- "+s
	}
	r.blocks = append(r.blocks, b)
}
