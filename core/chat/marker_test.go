package chat

import (
	"testing"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
)

func TestMarkersThatPointNowhereGo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"plain text", "plain text"},
		{"It is so [1].", "It is so [1]."},
		{"It is so [9].", "It is so."},
		{"It is so [1, 9].", "It is so [1]."},
		{"It is so [1][2][7].", "It is so [1][2]."},
		{"It is so [ 2 ]", "It is so [2]"},
		{"It is so [9]", "It is so"},
		{"[0] first", " first"},
		{"array[1]x stays", "array[1]x stays"},
		{"[note] and [1a] and [] stay", "[note] and [1a] and [] stay"},
		{"open [1", "open [1"},
		{"open [", "open ["},
		{"[[1]] nested", "[[1]] nested"},
		{"[99999999999999999999999] huge", "[99999999999999999999999] huge"},
		{"ends with spaces   ", "ends with spaces   "},
		{"a ] b [1] c", "a ] b [1] c"},
		{"It is so [1; 2].", "It is so [1][2]."},
		{"It is so [1-2].", "It is so [1][2]."},
		{"It is so [1–2].", "It is so [1][2]."},
		{"from [0-9] or [2-1] or [1-] or [-1]", "from [0-9] or [2-1] or [1-] or [-1]"},
		{"It is so 【1】.", "It is so [1]."},
		{"It is so ［１，９］.", "It is so [1]."},
		{"It is so 【9】.", "It is so."},
		{"【1】概要", "【1】概要"},
		{"Größe ändern [2]", "Größe ändern [2]"},
		{"`a[0]` and ``b[7]`` are code, this is none [9].", "`a[0]` and ``b[7]`` are code, this is none."},
		{"Do:\n```go\na[0] = `b[7]`\n```\nThat is it [9].", "Do:\n```go\na[0] = `b[7]`\n```\nThat is it."},
		{"1. ```\na[0]\n```\nso [9]", "1. ```\na[0]\n```\nso"},
		{"one ` alone\nis no code [9].", "one ` alone\nis no code."},
	} {
		for size := 1; size <= len(c.in)+1; size++ {
			f := markerFilter{highest: 2}
			got := ""
			for at := 0; at < len(c.in); at += size {
				got += f.pass(c.in[at:min(at+size, len(c.in))])
			}
			got += f.rest()
			if got != c.want {
				t.Errorf("in pieces of %d bytes, %q became %q, want %q", size, c.in, got, c.want)
			}
		}
	}
}

func TestABracketThatASourceHasAfterTheSameWordIsText(t *testing.T) {
	t.Parallel()
	sources := []retrieval.Hit{
		{Chunk: retrieval.Chunk{Language: text.English, Text: "The first element is arr[0], the next arr[1]. Smith v Jones [2024] UKSC 1 holds."}},
		{Chunk: retrieval.Chunk{Language: text.English, Text: "The tower was built in 1889[3] by Gustave Eiffel.[1] It is 330 metres high."}},
		{Chunk: retrieval.Chunk{Language: text.English, Text: "Zebras juggle quietly."}},
	}
	for in, want := range map[string]string{
		"It is arr[0], as Smith v Jones [2024] has it.":                                "It is arr[0], as Smith v Jones [2024] has it.",
		"It is list[0], as Brown v Jones[2024] has it.":                                "It is list, as Brown v Jones has it.",
		"The tower was built in 1889[3] by Gustave Eiffel.[1] [2]":                     "The tower was built in 1889[ 3] by Gustave Eiffel.[ 1] [2]",
		"In 1889[3] zebras juggle quietly [3].":                                        "In 1889[ 3] zebras juggle quietly [3].",
		"It says \"built in 1889[3] by Gustave Eiffel\" and it is 330 metres high[2].": "It says \"built in 1889[ 3] by Gustave Eiffel\" and it is 330 metres high[2].",
	} {
		f := newMarkerFilter(sources, text.English)
		if got := f.pass(in) + f.rest(); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	ruling := "Smith v Jones [2024] UKSC 1 holds. [1]"
	if got := cite(ruling, sources, text.English).citations; len(got) != 1 || got[0].Quote != "Smith v Jones [2024] UKSC 1 holds." {
		t.Errorf("%q cites %+v", ruling, got)
	}
	said := `It says "built in 1889[ 3] by Gustave Eiffel" [2].`
	if got := cite(said, sources, text.English).citations; len(got) != 1 || got[0].Quote != "built in 1889[3] by Gustave Eiffel" && got[0].Quote != "The tower was built in 1889[3] by Gustave Eiffel.[1]" {
		t.Errorf("%q cites %+v", said, got)
	}
}

func TestASentenceIsSupportedByItsOwnWordsOnly(t *testing.T) {
	t.Parallel()
	sources := []retrieval.Hit{{Chunk: retrieval.Chunk{Language: text.English, Text: "Flights need the approval of a director."}}}
	said := "| so it is [1] Flights need the approval of a director\n** 漢字[1]"
	c := cite(said, sources, text.English)
	if last := c.sentences[len(c.sentences)-1]; last.Supported || said[last.Span.Start:last.Span.End] != "** 漢字[1]" {
		t.Errorf("%q is supported: %v", said[last.Span.Start:last.Span.End], last.Supported)
	}
}

func TestWhatLooksLikeAMarkerInCodeCitesNothing(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		"so [1]": 1, "`a[1]`": 0, "`a[1]` [2]": 1, "```\na[1]\n```\nso [2]": 1, "```\na[1]": 0,
		"a ` alone [1]": 1, "``quoted'' so [1]": 1, "a ` alone [1]\nand ` [2]": 2, "`` a[1] ` b[2] `` [3]": 1,
	} {
		if got := len(runsOf(in)); got != want {
			t.Errorf("%q has %d markers, want %d", in, got, want)
		}
	}
}

func FuzzMarkersAreTheSameHoweverTheyAreCut(f *testing.F) {
	f.Add("It is so [1][22] and [1, 9] or [", 3)
	f.Add("It is 【１】 `so[0]` or ［1-3］ ```\n[9]", 2)
	f.Fuzz(func(t *testing.T, s string, size int) {
		whole := markerFilter{highest: 3}
		want := whole.pass(s) + whole.rest()
		size = max(1, size%50)
		cut := markerFilter{highest: 3}
		got := ""
		for at := 0; at < len(s); at += size {
			got += cut.pass(s[at:min(at+size, len(s))])
		}
		if got += cut.rest(); got != want {
			t.Errorf("%q in pieces of %d became %q, whole %q", s, size, got, want)
		}
	})
}
