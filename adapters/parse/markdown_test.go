package parse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
)

func TestMarkdownBecomesBlocks(t *testing.T) {
	t.Parallel()
	const fence = "```"
	got := readLocally(t, Markdown, []byte(`---
title: "Visitors"
author: Reception
---
# Visitors & *deliveries* #

Every visitor is **announced**
a day before; see the [rules](https://example.org/a_(b) "x") or <https://example.org>.

Badges
------

1. yellow
2) orange, with
   a second line
   - [x] nested

   A paragraph of the item.

> Quoted
> text &amp; more.

| Goods | Where |
|:------|------:|
| a \| b | `+"`x`"+` |

`+fence+`go
func main() {
	# no heading
}
`+fence+`

    indented code

***

[ref]: https://example.org
<!-- a comment

# that hides this -->
Last ![picture](p.png), snake_case, 2*3*4 and \*stars\*.
`))
	want := document.Parsed{
		Title:    "Visitors",
		Metadata: map[string]string{"author": "Reception"},
		Blocks: []text.Block{
			{Kind: text.Heading, Level: 1, Text: "Visitors & deliveries"},
			{Text: "Every visitor is announced a day before; see the rules or https://example.org."},
			{Kind: text.Heading, Level: 2, Text: "Badges"},
			{Kind: text.ListItem, Text: "1. yellow"},
			{Kind: text.ListItem, Text: "2) orange, with a second line"},
			{Kind: text.ListItem, Text: "- [x] nested"},
			{Text: "A paragraph of the item."},
			{Text: "Quoted text & more."},
			{Kind: text.Table, Text: "| Goods | Where |\n| --- | --- |\n| a \\| b | x |"},
			{Kind: text.Code, Text: "func main() {\n\t# no heading\n}"},
			{Kind: text.Code, Text: "indented code\n"},
			{Text: "Last picture, snake_case, 2*3*4 and *stars*."},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDeepMarkdownIsReadInLinearTime(t *testing.T) {
	t.Parallel()
	const depth = 100_000
	for name, s := range map[string]string{
		"quotes":   strings.Repeat(">", depth) + " end",
		"lists":    strings.Repeat("- ", depth) + "end",
		"brackets": strings.Repeat("[", depth) + "end" + strings.Repeat("](x)", depth),
		"stars":    strings.Repeat("*a ", depth) + "end",
		"ticks":    strings.Repeat("`a", depth) + "end",
		"tags":     strings.Repeat("<a", depth) + "end",
		"images":   strings.Repeat("![", depth) + "end",
		"parens":   strings.Repeat("[a](", depth) + "end",
	} {
		if got := joined(readLocally(t, Markdown, []byte(s)).Blocks); !strings.Contains(got, "end") {
			t.Errorf("%s: the text is lost: %.80q", name, got)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add([]byte("# a\n\n- b\n\n|c|d|\n|-|-|\n|e|f|\n"))
	f.Add([]byte("---\nx: y\n---\n```\ncode"))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzFormat(t, Markdown, data) })
}

// fuzzFormat checks what holds for every file: no panic, and text or a reason.
func fuzzFormat(t *testing.T, mediaType string, data []byte) {
	t.Helper()
	p, err := tryLocally(mediaType, data)
	if err == nil && len(p.Blocks) == 0 {
		t.Error("no blocks and no error")
	}
	if err != nil && broken(err) {
		t.Error(err)
	}
}
