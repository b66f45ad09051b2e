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

func TestATableWithoutAHeaderGoesOnWithTheOneBeforeIt(t *testing.T) {
	t.Parallel()
	composed := text.Compose([]text.Block{
		{Kind: text.Table, Page: 1, Text: "| part | price |\n| --- | --- |\n| bolt | 1 |"},
		{Kind: text.Table, Page: 2, Text: "| a nut that takes a long line for itself | 2 |"},
		{Kind: text.Table, Page: 3, Text: "| a pin that takes a long line for itself | 3 |"},
		{Text: "After that comes a sentence of some length.", Page: 3},
		{Kind: text.Table, Page: 3, Text: "| a ring that takes a long line for itself | 4 |"},
	})
	var leads []string
	for _, c := range text.Split(composed, text.Options{Size: 50}) {
		leads = append(leads, c.Lead)
	}
	if !slices.Equal(leads, []string{"", "| part | price |", "| part | price |", "", ""}) {
		t.Errorf("the leads are %q", leads)
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
