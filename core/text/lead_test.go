package text_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/core/text"
)

func TestChunksOfALongTableHaveItsHeaderBesideThem(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("| part | price |\n| --- | ---: |\n")
	for i := range 100 {
		fmt.Fprintf(&table, "| bolt %d | %d |\n", i, i*i)
	}
	composed := text.Compose([]text.Block{
		{Text: "Before."}, {Kind: text.Table, Text: table.String()}, {Text: "After."}, {Kind: text.Table, Text: "a line\nwithout\na header"},
	})
	inside := 0
	for _, c := range text.Split(composed, text.Options{Size: 200, Overlap: 20}) {
		want := ""
		if strings.HasPrefix(c.Text, "| bolt") {
			want = "| part | price |"
			inside++
		}
		if c.Lead != want || composed.Body[c.Start:c.End] != c.Text {
			t.Errorf("chunk %d, %.30q, has the lead %q, want %q", c.Ordinal, c.Text, c.Lead, want)
		}
	}
	if inside < 5 {
		t.Errorf("%d chunks begin inside the table, want many", inside)
	}
}

func TestAnAnalyserGivesTheSameTextAfterText(t *testing.T) {
	t.Parallel()
	a := text.NewAnalyser(text.English)
	for _, s := range []string{"The running WHO's e-mail", "user_id and COVID-19", "who is in the US?", "東京タワー", "", "a-b-c", "running", strings.Repeat("x", 200)} {
		want, got := text.Analyse(text.English, s), a.Analyse(s)
		if !slices.Equal(want, got) {
			t.Errorf("Analyse(%q) = %v, want %v", s, got, want)
		}
	}
}
