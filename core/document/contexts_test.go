package document

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/text"
)

func TestALongDocumentIsSeenThroughWindows(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789", 10) // one window of 40 has a beginning of 5 and quarters of 8
	p := newPanes(body, 40)
	for _, c := range []struct {
		at, window int
		beginning  int
		from, to   int
	}{
		{0, 0, 0, 0, 32},
		{8, 0, 0, 0, 32},
		{23, 0, 0, 0, 32},
		{24, 1, 5, 16, 48},
		{39, 1, 5, 16, 48},
		{40, 2, 5, 32, 64},
		{72, 4, 5, 64, 96},
		{88, 5, 5, 80, 100},
		{99, 5, 5, 80, 100},
	} {
		window := p.of(c.at)
		beginning, around := p.show(window)
		if window != c.window || len(beginning) != c.beginning || around != body[c.from:c.to] {
			t.Errorf("byte %d is shown in window %d with a beginning of %d and %q; want window %d, %d and bytes %d to %d",
				c.at, window, len(beginning), around, c.window, c.beginning, c.from, c.to)
		}
	}
	if b, around := newPanes(body, 100).show(newPanes(body, 100).of(99)); b != "" || around != body {
		t.Errorf("of a document that fits, %q and %q are shown", b, around)
	}
}

func FuzzPanes(f *testing.F) {
	f.Add("Größe und Gewicht. ", 30, 40, 7)
	f.Add("a", 1000, 2000, 999)
	f.Fuzz(func(t *testing.T, piece string, times, chars, at int) {
		body := strings.ToValidUTF8(strings.Repeat(piece, min(max(times, 1), 200)), "")
		if body == "" || chars < 16 || chars > 1<<20 {
			return
		}
		at = max(at, 0) % len(body)
		for !utf8.RuneStart(body[at]) {
			at--
		}
		p := newPanes(body, chars)
		beginning, around := p.show(p.of(at))
		if n := utf8.RuneCountInString(beginning) + utf8.RuneCountInString(around); n > chars {
			t.Errorf("%d characters are shown, want at most %d", n, chars)
		}
		if !utf8.ValidString(beginning) || !utf8.ValidString(around) || !strings.HasPrefix(body, beginning) {
			t.Errorf("what is shown is cut inside of a character, or isn't the beginning")
		}
		from := p.quarters[2*p.of(at)]
		if at < from || at >= from+len(around) || body[from:from+len(around)] != around {
			t.Errorf("byte %d isn't in bytes %d to %d, which are shown", at, from, from+len(around))
		}
		if from+len(around) < len(body) && at >= p.quarters[2*p.of(at)+3] {
			t.Errorf("byte %d stands in the last quarter of what is shown, though more follows", at)
		}
	})
}

func FuzzContextOf(f *testing.F) {
	for _, s := range []string{"One line.", "two\nlines\r\n\x00", "\u202ehidden\u200b", strings.Repeat("x", 700), strings.Repeat("Words and more. ", 80), "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, said string) {
		got := contextOf(said)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > contextLongest || got != strings.TrimSpace(got) {
			t.Errorf("%q became %q", said, got)
		}
		for _, r := range got {
			if !unicode.IsGraphic(r) || r != ' ' && unicode.IsSpace(r) {
				t.Errorf("%q kept %U", said, r)
			}
		}
		if again := contextOf(got); again != got {
			t.Errorf("%q became %q the second time", got, again)
		}
	})
}

func TestACutContextEndsWithASentenceOrAWord(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		strings.Repeat("Pump seven is closed by hand. ", 30): strings.TrimSpace(strings.Repeat("Pump seven is closed by hand. ", 20)),
		"Short. " + strings.Repeat("word ", 200):             "Short. " + strings.TrimSpace(strings.Repeat("word ", 118)),
		strings.Repeat("ñ", 700):                             strings.Repeat("ñ", 600),
		" One.\n\tTwo. ":                                     "One. Two.",
	} {
		if got := contextOf(said); got != want {
			t.Errorf("contextOf(%.40q) = %q, want %q", said, got, want)
		}
	}
}

func TestTheKeyOfAContextIsAllThatItIsAskedForButWhatIsAround(t *testing.T) {
	t.Parallel()
	g := Generation{Language: text.English, Title: "Manual", Body: "One. Two."}
	c := Chunk{Text: "One.", Headings: []string{"a", "b"}, Lead: "x | y", Ordinal: 3, Span: text.Span{Start: 0, End: 4}}
	key := func(model string, g Generation, c Chunk) Hash { p := newPrompter(&g, 100); return p.key(model, c) }
	was := key("m", g, c)
	moved, around := c, g
	moved.Ordinal, moved.Span, around.Body = 7, text.Span{Start: 5, End: 9}, "Else. One."
	if key("m", around, moved) != was {
		t.Error("a change around a chunk changed the key of its context")
	}
	seen := map[Hash]string{was: "as it was"}
	for what, k := range map[string]Hash{
		"another model":    key("n", g, c),
		"another language": key("m", Generation{Language: text.Spanish, Title: g.Title, Body: g.Body}, c),
		"another title":    key("m", Generation{Language: g.Language, Title: "Handbook", Body: g.Body}, c),
		"another text":     key("m", g, Chunk{Text: "One!", Headings: c.Headings, Lead: c.Lead}),
		"another heading":  key("m", g, Chunk{Text: c.Text, Headings: []string{"a"}, Lead: c.Lead}),
		"another lead":     key("m", g, Chunk{Text: c.Text, Headings: c.Headings}),
	} {
		if before, there := seen[k]; there {
			t.Errorf("%s has the key of %s", what, before)
		}
		seen[k] = what
	}
}

func TestThePromptIsInTheLanguageOfTheDocumentAndEndsWithTheChunk(t *testing.T) {
	t.Parallel()
	for l, want := range map[text.Language]string{text.Spanish: "Escribe en español", text.English: "in the language of the document", text.German: "in the language of the document"} {
		body := strings.Repeat("Something is written here. ", 400)
		g := Generation{Language: l, Title: "A \"title\"\nof two lines", Body: body}
		p := newPrompter(&g, 2000)
		c := Chunk{Text: body[5400:5426], Span: text.Span{Start: 5400, End: 5426}, Headings: []string{"One", "Two"}, Lead: "a | b"}
		r := p.show(p.window(c)).request(c)
		rules, said := r.Messages[0].Text, r.Messages[1].Text
		if !strings.Contains(rules, want) {
			t.Errorf("in %s the rules are %q", l, rules)
		}
		end := fmt.Sprintf("<chunk-%s section=%q>\na | b\n%s\n</chunk-%s>\n\n", p.code, "One / Two", c.Text, p.code)
		if said[r.Messages[1].Shared:] != end {
			t.Errorf("the prompt ends with %q, want %q", said[r.Messages[1].Shared:], end)
		}
		if !strings.HasPrefix(said, "<beginning-"+p.code+` title="A \"title\"\nof two lines">`+"\n"+body[:250]+"\n</") || len(said) > 2600 {
			t.Errorf("the prompt is %q", said)
		}
	}
}
