package parse

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
)

// pageOf writes what a page shows: words where they stand, and lines.
func pageOf(parts ...any) string {
	var b strings.Builder
	for _, p := range parts {
		switch p := p.(type) {
		case placed:
			fmt.Fprintf(&b, "BT /F1 %g Tf %g %g Td (%s) Tj ET\n", p.size, p.x, p.y, p.text)
		case [4]float64:
			fmt.Fprintf(&b, "%g %g m %g %g l S\n", p[0], p[1], p[2], p[3])
		case string:
			b.WriteString(p + "\n")
		}
	}
	return b.String()
}

// words places texts in a row, in columns that are 100 points wide.
func words(y float64, texts ...string) []any {
	var out []any
	for i, s := range texts {
		if s != "" {
			out = append(out, placed{75 + 100*float64(i), y, 10, s})
		}
	}
	return out
}

// borders draws the rules between rows at these heights and columns at these places.
func borders(ys, xs []float64) []any {
	var out []any
	for _, y := range ys {
		out = append(out, [4]float64{xs[0], y, xs[len(xs)-1], y})
	}
	for _, x := range xs {
		out = append(out, [4]float64{x, ys[len(ys)-1], x, ys[0]})
	}
	return out
}

func tablesOf(p document.Parsed) (tables []string) {
	for _, b := range p.Blocks {
		if b.Kind == text.Table {
			tables = append(tables, b.Text)
		}
	}
	return tables
}

func TestPDFTablesAreReadByTheirRules(t *testing.T) {
	t.Parallel()
	three, four := []float64{70, 170, 270}, []float64{70, 170, 270, 370}
	before, after := words(760, "Per day we pay:"), words(560, "Nothing else is paid.")
	for name, c := range map[string]struct {
		page []any
		want string
	}{
		"a cell of two lines": {
			slices.Concat(borders([]float64{720, 700, 670, 650}, four), words(706, "City", "Hotel", "Meals"), words(686, "New", "320 USD", "80 USD"), words(674, "York"), words(656, "Berlin", "130 EUR")),
			"| City | Hotel | Meals |\n| --- | --- | --- |\n| New York | 320 USD | 80 USD |\n| Berlin | 130 EUR |  |",
		},
		"no rules at the sides": {
			slices.Concat(borders([]float64{720, 700, 680}, three)[:3], []any{[4]float64{170, 680, 170, 720}}, words(706, "City", "Hotel"), words(686, "Rome", "140")),
			"| City | Hotel |\n| --- | --- |\n| Rome | 140 |",
		},
		"a box around every cell": {
			slices.Concat([]any{"70 701 98 18 re 172 701 98 18 re 70 681 98 18 re 172 681 98 18 re S"}, words(706, "City", "Hotel"), words(686, "Rome", "140")),
			"| City | Hotel |\n| --- | --- |\n| Rome | 140 |",
		},
		"thin boxes for rules": {
			slices.Concat([]any{"70 720 200 .5 re 70 700 200 .5 re 70 680 200 .5 re 70 680 .5 40 re 170 680 .5 40 re 270 680 .5 40 re f"}, words(706, "City", "Hotel"), words(686, "Rome", "140")),
			"",
		},
		"a cell over two columns": {
			slices.Concat(borders([]float64{720, 700, 680, 660}, four)[:6], []any{[4]float64{270, 660, 270, 720}, [4]float64{370, 660, 370, 720}, [4]float64{170, 660, 170, 700}},
				words(706, "City and hotel", "", "Meals"), words(686, "Rome", "140", "50"), words(666, "Oslo", "190", "90")),
			"| City and hotel |  | Meals |\n| --- | --- | --- |\n| Rome | 140 | 50 |\n| Oslo | 190 | 90 |",
		},
		"a rule below the header alone": {
			slices.Concat(borders([]float64{720, 700, 640}, three), words(706, "City", "Hotel"), words(686, "Rome", "140"), words(670, "Oslo", "190"), words(654, "Bern", "210")),
			"| City | Hotel |\n| --- | --- |\n| Rome | 140 |\n| Oslo | 190 |\n| Bern | 210 |",
		},
		"rows that can't be told apart": {
			slices.Concat(borders([]float64{720, 700, 640}, three), words(706, "City", "Hotel"), words(690, "Rome", "140"), words(676, "Oslo"), words(662, "Bern", "210"), words(648, "", "150")),
			"",
		},
		"a line that reaches out of it": {
			slices.Concat(borders([]float64{720, 700, 680}, three), words(706, "City", "Hotel"), words(686, "Rome", "a hotel with a name that is longer than its cell")),
			"",
		},
		"a frame around text": {slices.Concat(borders([]float64{720, 660}, []float64{70, 470}), words(706, "Mind the step."), words(690, "And the door.")), ""},
		"a drawing":           {slices.Concat(borders([]float64{720, 700, 680}, four)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parsePDF(t, makePDFOf(pageOf(slices.Concat(before, c.page, after)...)))
			got := tablesOf(p)
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0] != c.want) {
				t.Errorf("the tables are\n%s\nwant\n%s", strings.Join(got, "\n\n"), c.want)
			}
			s := joined(p.Blocks)
			for _, part := range c.page {
				if w, ok := part.(placed); ok {
					for word := range strings.FieldsSeq(w.text) {
						if !strings.Contains(s, word) {
							t.Errorf("%q lacks %q", s, word)
						}
					}
				}
			}
			first, last := p.Blocks[0].Text, p.Blocks[len(p.Blocks)-1].Text
			if c.want != "" && (first != "Per day we pay:" || last != "Nothing else is paid.") {
				t.Errorf("the table stands between %q and %q", first, last)
			}
		})
	}
}

func TestAPDFTableGoesOnOnTheNextPage(t *testing.T) {
	t.Parallel()
	xs := []float64{70, 170, 270}
	page := func(rows ...[]string) string {
		ys, parts := []float64{760}, []any{}
		for _, r := range rows {
			y := ys[len(ys)-1] - 20
			ys, parts = append(ys, y), append(parts, words(y+6, r...)...)
		}
		return pageOf(append(parts, borders(ys, xs)...)...)
	}
	header := []string{"City", "Hotel"}
	p := parsePDF(t, makePDFOf(
		page(header, []string{"Rome", "140"}, []string{"Oslo", "190"}), page([]string{"Bern", "210"}, []string{"Wien", "150"}), page(header, []string{"Riga", "110"}, []string{"Bonn", "120"}),
	))
	var leads, shown []string
	for _, c := range text.Split(text.Compose(p.Blocks), text.Options{Size: 60}) {
		leads, shown = append(leads, c.Lead), append(shown, c.Text)
	}
	want := []string{
		"| City | Hotel |\n| --- | --- |\n| Rome | 140 |\n| Oslo | 190 |", "| Bern | 210 |\n| Wien | 150 |", "| City | Hotel |\n| --- | --- |\n| Riga | 110 |\n| Bonn | 120 |",
	}
	if !slices.Equal(shown, want) || !slices.Equal(leads, []string{"", "| City | Hotel |", ""}) {
		t.Errorf("the chunks are %q with the headers %q", shown, leads)
	}
	for i, b := range p.Blocks {
		if b.Page != i+1 {
			t.Errorf("block %d is on page %d", i, b.Page)
		}
	}
}
