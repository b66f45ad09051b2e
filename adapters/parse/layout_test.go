package parse

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lineAt(y float64, s string) pdfLine {
	return pdfLine{text: s, left: 72, right: 72 + 5*float64(len(s)), bottom: y, size: 11}
}

func TestHyphensAreRepairedByTheWordsOfTheDocument(t *testing.T) {
	t.Parallel()
	l := layout{words: vocabulary([]pdfPage{{lines: []pdfLine{
		{text: "a well-known rule, information for long term use and re", hyphen: true}, {text: "port cards"},
	}}})}
	cases := []struct {
		before, after string
		parts         bool
	}{
		{"this infor", "mation is", true},     // the word is known
		{"some unheard", "ofthing,", true},    // nothing is known: most hyphens at line ends part words
		{"the well", "known rule", false},     // the word is known with its hyphen
		{"a long", "term plan", false},        // both halves are words
		{"the Anglo", "Saxon", false},         // before a capital it belongs to the word
		{"we re", "port it", true},            // halves of parted words are no words
		{"covid", "19 cases", false},          // nor before a digit
		{"(infor", "mation), they say", true}, // punctuation is no part of a word
	}
	for _, c := range cases {
		if got := l.partsWord(c.before, c.after); got != c.parts {
			t.Errorf("partsWord(%q, %q) = %v, want %v", c.before, c.after, got, c.parts)
		}
	}
}

func TestLinesBecomeParagraphs(t *testing.T) {
	t.Parallel()
	full := "A line that reaches the right margin of this page, yes"
	cases := map[string]struct {
		lines []pdfLine
		want  []string
	}{
		"lines of a paragraph":            {[]pdfLine{lineAt(100, full), lineAt(86, "and ends here.")}, []string{full + " and ends here."}},
		"a gap":                           {[]pdfLine{lineAt(100, full), lineAt(70, full)}, []string{full, full}},
		"an indented first line":          {[]pdfLine{lineAt(100, full), indented(86, full), lineAt(72, full)}, []string{full, full + " " + full}},
		"a sentence that ends early":      {[]pdfLine{lineAt(100, full), lineAt(86, "Short."), lineAt(72, full)}, []string{full + " Short.", full}},
		"lines left early on purpose":     {[]pdfLine{lineAt(100, full), lineAt(86, "Roses are red"), lineAt(72, "Violets are blue")}, []string{full + " Roses are red\nViolets are blue"}},
		"another size":                    {[]pdfLine{lineAt(100, full), {text: "small", left: 72, right: 90, bottom: 88, size: 8}}, []string{full, "small"}},
		"cells side by side":              {[]pdfLine{lineAt(100, "one"), {text: "two", left: 200, right: 220, bottom: 100, size: 11}}, []string{"one two"}},
		"a column that starts at the top": {[]pdfLine{lineAt(100, full), {text: "right column", left: 400, right: 460, bottom: 700, size: 11}}, []string{full, "right column"}},
		"lines of unknown place":          {[]pdfLine{{text: "a"}, {text: "b"}}, []string{"a\nb"}},
	}
	for name, c := range cases {
		l := layout{body: 11, pitch: 1.3}
		var got []string
		for _, p := range l.paragraphs(pdfPage{number: 1, lines: c.lines}) {
			got = append(got, p.text.String())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func indented(y float64, s string) pdfLine {
	l := lineAt(y, s)
	l.left += 15
	l.right += 15
	return l
}

func TestFurnitureNeedsToReturn(t *testing.T) {
	t.Parallel()
	page := func(n int, head, foot string) pdfPage {
		return pdfPage{number: n, height: 800, lines: []pdfLine{
			lineAt(780, head), lineAt(400, "The same text in the middle of each page"), lineAt(20, foot),
		}}
	}
	var pages []pdfPage
	for n := range 5 {
		pages = append(pages, page(n+1, fmt.Sprintf("Section %c, as its text goes", 'A'+n), fmt.Sprintf("%d / 5", n+1)))
	}
	for _, p := range withoutFurniture(pages, 11) {
		if len(p.lines) != 2 || p.lines[1].bottom != 400 {
			t.Errorf("page %d keeps %+v, want the head and the middle", p.number, p.lines)
		}
	}
	if got := withoutFurniture(pages[:2], 11); len(got[0].lines) != 3 {
		t.Errorf("two pages lost %+v", got)
	}
}
