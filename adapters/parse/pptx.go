package parse

import (
	"context"
	"encoding/xml"
	"path"
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

// slide reads a slide, then the charts and diagrams on it, then its notes.
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
		switch rel.kind {
		case "diagramData":
			err = p.walk(rel.target, r.token)
		case "chart":
			err = p.chart(rel.target, &r)
		}
		if err != nil {
			return err
		}
	}
	for _, rel := range rels {
		if rel.kind != "notesSlide" {
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

// chart gathers what a chart says: its titles, and a table of its categories and values.
func (p *presentation) chart(part string, r *slideReader) error {
	var g chartReader
	if err := p.walk(part, g.token); err != nil {
		return err
	}
	if s := oneLine(g.title.String()); s != "" {
		r.blocks = append(r.blocks, text.Block{Page: r.page, Text: s})
	}
	if s, ok := markdownTable(g.rows()); ok {
		r.blocks = append(r.blocks, text.Block{Kind: text.Table, Page: r.page, Text: s})
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
	case "p":
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

// chartReader gathers the cached values of a chart.
type chartReader struct {
	title  strings.Builder
	series []chartSeries
	where  []string // names of the elements around
}

type chartSeries struct{ name, categories, values []string }

func (g *chartReader) token(_ *xml.Decoder, t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		if len(g.where) < 64 {
			g.where = append(g.where, t.Name.Local)
		}
		if t.Name.Local == "ser" {
			g.series = append(g.series, chartSeries{})
		}
	case xml.EndElement:
		if n := len(g.where); n > 0 && g.where[n-1] == t.Name.Local {
			g.where = g.where[:n-1]
		}
	case xml.CharData:
		g.value(string(t))
	}
	return nil
}

func (g *chartReader) value(s string) {
	in := strings.Join(g.where, "/")
	switch base := path.Base(in); {
	case base == "t":
		g.title.WriteString(s + " ")
	case base != "v" || len(g.series) == 0:
	default:
		ser := &g.series[len(g.series)-1]
		switch {
		case strings.Contains(in, "/tx/"):
			ser.name = append(ser.name, s)
		case strings.Contains(in, "/cat/"), strings.Contains(in, "/xVal/"):
			ser.categories = append(ser.categories, s)
		case strings.Contains(in, "/val/"), strings.Contains(in, "/yVal/"):
			ser.values = append(ser.values, s)
		}
	}
}

// rows puts the categories into the first column and each series into one of its own.
func (g *chartReader) rows() [][]string {
	if len(g.series) == 0 {
		return nil
	}
	head := []string{""}
	for _, s := range g.series {
		head = append(head, strings.Join(s.name, " "))
	}
	rows := [][]string{head}
	for i, c := range g.series[0].categories {
		row := []string{c}
		for _, s := range g.series {
			if i < len(s.values) {
				row = append(row, s.values[i])
			}
		}
		rows = append(rows, row)
	}
	return rows
}
