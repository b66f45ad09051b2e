package text

import (
	"fmt"
	"strings"
	"testing"
)

func TestChunksKnowTheRowsOfTheirTables(t *testing.T) {
	t.Parallel()
	table := "| Name | Sum |\n| --- | --- |"
	for i := 6; i <= 40; i++ {
		table += fmt.Sprintf("\n| row%d | %d |", i, i*i)
	}
	composed := Compose([]Block{
		{Kind: Heading, Level: 1, Page: 1, Text: "Budget"},
		{Kind: Table, Page: 1, Row: 5, Text: table},
		{Text: "no row"},
		{Row: 77, Text: "a record"},
	})
	chunks := Split(composed, Options{Size: 120, Overlap: 0})
	for _, c := range chunks {
		first, last := 0, 0
		for i := 5; i <= 77; i++ {
			mark := fmt.Sprintf("row%d ", i)
			switch i {
			case 5:
				mark = "Name"
			case 77:
				mark = "a record"
			}
			if strings.Contains(c.Text, mark) {
				last = i
				if first == 0 {
					first = i
				}
			}
		}
		if c.RowFrom != first || c.RowTo != last {
			t.Errorf("chunk %q says rows %d to %d, want %d to %d", c.Text, c.RowFrom, c.RowTo, first, last)
		}
	}
	if len(chunks) < 5 {
		t.Errorf("%d chunks, want several", len(chunks))
	}
}
