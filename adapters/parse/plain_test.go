package parse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
)

func TestPlainTextHasParagraphsTitlesAndLists(t *testing.T) {
	t.Parallel()
	got := readLocally(t, Plain, []byte(`Opening hours
=============

The canteen serves lunch from a quarter to twelve until ten past
two, except on the days before holidays.

- soup
- salad
  with bread

Roses are red
Violets are blue
`))
	want := []text.Block{
		{Kind: text.Heading, Level: 1, Text: "Opening hours"},
		{Text: "The canteen serves lunch from a quarter to twelve until ten past two, except on the days before holidays."},
		{Kind: text.ListItem, Text: "- soup"},
		{Kind: text.ListItem, Text: "- salad\n  with bread"},
		{Text: "Roses are red\nViolets are blue"},
	}
	if diff := cmp.Diff(want, got.Blocks); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestFormFeedsPartPages(t *testing.T) {
	t.Parallel()
	got := readLocally(t, Plain, []byte("one\f\f three\n\f"))
	want := document.Parsed{Pages: 3, EmptyPages: []int{2}, Blocks: []text.Block{{Page: 1, Text: "one"}, {Page: 3, Text: " three"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNulBytesAndInvalidUTF8NeverLeaveTheParser(t *testing.T) {
	t.Parallel()
	got := readLocally(t, Plain, []byte("a\x00b and some more ordinary text, so that it counts as one; "+strings.Repeat("words ", 200)+"ñ ñ ñ ñ ñ ñ \xff"))
	s := joined(got.Blocks)
	if strings.ContainsRune(s, 0) || !strings.Contains(s, "ab and") || !strings.Contains(s, "\uFFFD") {
		t.Errorf("text = %q", s)
	}
}

func TestFilesWithoutTextAreErrors(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{Plain, Markdown, HTML} {
		for _, s := range []string{"", " \n\t\r\n", "\uFEFF"} {
			_, err := tryLocally(mediaType, []byte(s))
			wantReason(t, err, document.ReasonNoText)
		}
	}
	_, err := tryLocally(HTML, []byte("<html><script>only()</script></html>"))
	wantReason(t, err, document.ReasonNoText)
}

func TestBinaryFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{Plain, Markdown, HTML, DOCX, PDF} {
		_, err := tryLocally(mediaType, []byte(strings.Repeat("\x00\x01\xfe\x05garbage", 1000)))
		wantReason(t, err, document.ReasonCorrupt)
	}
}
