package parse

import (
	"encoding/xml"
	"path"
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// Drawings (ECMA-376, DrawingML) are the same in all documents of Office: shapes with text, diagrams, and charts.

// shapes reads the text of a part with shapes, such as the drawings of a sheet or the data of a diagram.
func (c *container) shapes(part string, page int) ([]text.Block, error) {
	r := slideReader{page: page}
	err := c.walk(part, r.token)
	return r.blocks, err
}

// chart reads what a chart says: its titles, and a table of its categories and values.
func (c *container) chart(part string, page int) ([]text.Block, error) {
	var g chartReader
	if err := c.walk(part, g.token); err != nil {
		return nil, err
	}
	var blocks []text.Block
	if s := oneLine(g.title.String()); s != "" {
		blocks = append(blocks, text.Block{Page: page, Text: s})
	}
	if s, ok := markdownTable(g.rows()); ok {
		blocks = append(blocks, text.Block{Kind: text.Table, Page: page, Text: s})
	}
	return blocks, nil
}

// graphic reads what a relation leads to if it is a chart or a diagram; nothing otherwise.
func (c *container) graphic(r relation, page int) ([]text.Block, error) {
	switch r.kind {
	case "chart":
		return c.chart(r.target, page)
	case "diagramData":
		return c.shapes(r.target, page)
	}
	return nil, nil
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
