package text

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNormaliseGivesOneFormToEverySpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want, code string }{
		{"", "", ""},
		{" \n\t ", "", ""},
		{"\x00 A \t B\n\n\n\nC ", "A B\n\nC", " A \t B\n\nC"},
		{"a \n \n \n b", "a\n\nb", "a\n\n b"},
		{"a\r\nb\rc", "a\nb\nc", "a\nb\nc"},
		{"cafe\u0301", "café", "café"},
		{"e\u00ad\u0301", "é", "é"},
		{"co\u00adope\u200bra\ufefftion", "cooperation", "cooperation"},
		{"a\xffb\xc3", "a\ufffdb\ufffd", "a\ufffdb\ufffd"},
		{"a\u00a0\u00a0\u202fb", "a b", "a   b"},
		{"one\ftwo\u2028three\u0085four", "one\ntwo\nthree\nfour", "one\ntwo\nthree\nfour"},
		{"a\x1b\x7f\u0090b", "ab", "ab"},
		{"\n\n\tif x:\n\t\treturn  1  \n\n\n\nend\n", "if x:\nreturn 1\n\nend", "\tif x:\n\t\treturn  1\n\nend"},
		{"👨‍👩‍👧 می‌خواهم", "👨‍👩‍👧 می‌خواهم", "👨‍👩‍👧 می‌خواهم"},
	} {
		if got := Normalise(c.in); got != c.want {
			t.Errorf("Normalise(%q) = %q, want %q", c.in, got, c.want)
		}
		if got := NormaliseCode(c.in); got != c.code {
			t.Errorf("NormaliseCode(%q) = %q, want %q", c.in, got, c.code)
		}
	}
}

func TestTidyTextIsNotCopied(t *testing.T) { // alone, for it counts allocations
	tidy := strings.Repeat("Nothing to do here, señor.\nOr here.\n\n", 50) + "End."
	if n := testing.AllocsPerRun(10, func() { Normalise(tidy) }); n > 0 {
		t.Errorf("Normalise of tidy text makes %v allocations, want none", n)
	}
}

func TestComposeRecordsStructureByteByByte(t *testing.T) {
	t.Parallel()
	got := Compose([]Block{
		{Text: "Before any page."},
		{Kind: Heading, Level: 1, Text: " The\n Título ", Page: 2},
		{Text: "  \n ", Page: 2},
		{Kind: ListItem, Text: "- one", Page: 2},
		{Kind: ListItem, Text: "- two", Page: 2},
		{Text: "", Page: 3},
		{Kind: Table, Text: "| a  |\n\n| b |", Page: 4},
		{Kind: Code, Text: "\n\tx = 1\n", Page: 1},
		{Kind: Heading, Text: "No level"},
		{Text: "", Page: 9},
	})
	want := Text{
		Body:     "Before any page.\n\nThe Título\n\n- one\n- two\n\n| a |\n| b |\n\n\tx = 1\n\nNo level",
		Pages:    []Page{{1, Span{0, 0}}, {2, Span{0, 44}}, {3, Span{44, 44}}, {4, Span{44, 73}}},
		Sections: []Section{{1, "The Título", Span{18, 29}}, {1, "No level", Span{65, 73}}},
		Regions:  []Region{{Table, Span{44, 55}}, {Code, Span{57, 63}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	checkText(t, got)
}

func TestComposeOfNothingIsNothing(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(Text{}, Compose([]Block{{Text: " ", Page: 1}, {Kind: Code, Page: 2}})); diff != "" {
		t.Error(diff)
	}
}

func TestAWildPageNumberCostsNothing(t *testing.T) {
	t.Parallel()
	got := Compose([]Block{{Text: "a", Page: 1}, {Text: "b", Page: 1<<63 - 1}, {Text: "c", Page: -5}})
	want := []Page{{1, Span{0, 3}}, {1<<63 - 1, Span{3, 7}}}
	if diff := cmp.Diff(want, got.Pages); diff != "" {
		t.Error(diff)
	}
}
