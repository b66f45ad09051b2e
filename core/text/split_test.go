package text

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/fault"
)

// checkChunks checks what holds for the chunks of any text.
func checkChunks(t *testing.T, text Text, o Options, chunks []Chunk) {
	t.Helper()
	body := text.Body
	covered := 0
	for i, c := range chunks {
		if c.Ordinal != i || c.Start < 0 || c.End > len(body) || c.Start >= c.End || c.Text != body[c.Start:c.End] {
			t.Fatalf("chunk %d is %+v, want its text to be the body at its span", i, c)
		}
		if strings.TrimSpace(c.Text) != c.Text || c.Text == "" {
			t.Errorf("chunk %q is blank or not trimmed", c.Text)
		}
		if n := o.Length(c.Text); n > o.Size {
			t.Errorf("chunk of %d characters or tokens, want at most %d", n, o.Size)
		}
		checkSection(t, text, c)
		if i > 0 && (c.Start <= chunks[i-1].Start || c.End <= chunks[i-1].End) {
			t.Errorf("chunk %v follows %v, want it to go on", c.Span, chunks[i-1].Span)
		}
		if c.Start > covered && strings.TrimSpace(body[covered:c.Start]) != "" {
			t.Errorf("no chunk holds %q", body[covered:c.Start])
		}
		if i > 0 && c.Start < covered {
			checkOverlap(t, body, o, Span{Start: c.Start, End: covered})
		}
		covered = c.End
	}
	if strings.TrimSpace(body[covered:]) != "" {
		t.Errorf("no chunk holds %q", body[covered:])
	}
}

// checkSection checks that a chunk ends in its section, and that the section is the last of its path.
func checkSection(t *testing.T, text Text, c Chunk) {
	t.Helper()
	if (c.Section == Span{}) != (len(c.Headings) == 0) {
		t.Fatalf("chunk %v is under %q in a section at %v", c.Span, c.Headings, c.Section)
	}
	if c.Section == (Span{}) {
		return
	}
	if c.Section.Start >= c.End || c.Section.End < c.End || c.Section.End > len(text.Body) {
		t.Fatalf("chunk at %v is in a section at %v", c.Span, c.Section)
	}
	last := c.Headings[len(c.Headings)-1]
	if !slices.ContainsFunc(text.Sections, func(s Section) bool { return s.Start == c.Section.Start && s.Title == last }) {
		t.Errorf("no section %q is at %v", last, c.Section)
	}
}

func checkOverlap(t *testing.T, body string, o Options, repeated Span) {
	t.Helper()
	if n := o.Length(body[repeated.Start:repeated.End]); n > o.Overlap+1 || n > o.Overlap && !o.Tokens {
		t.Errorf("%d characters or tokens are repeated, want at most %d", n, o.Overlap)
	}
	context := strings.TrimRightFunc(body[:repeated.Start], func(r rune) bool { return unicode.In(r, unicode.M, unicode.Cf) })
	before, _ := utf8.DecodeLastRuneInString(context)
	if !unicode.IsSpace(before) && !unicode.IsPunct(before) {
		t.Errorf("overlap %q begins inside a word", body[repeated.Start:repeated.End])
	}
}

func TestChunksOfTokensAreShorterInScriptsWithMoreTokens(t *testing.T) {
	t.Parallel()
	o := Options{Size: 50, Overlap: 5, Tokens: true}
	longest := func(s string) int {
		body := Text{Body: strings.TrimSpace(strings.Repeat(s+" ", 200))}
		chunks := Split(body, o)
		checkChunks(t, body, o, chunks)
		most := 0
		for _, c := range chunks {
			most = max(most, utf8.RuneCountInString(c.Text))
		}
		return most
	}
	for _, c := range []struct {
		text      string
		low, high int // characters
	}{
		{"Every visitor is announced at reception before the visit.", 120, 200},
		{"Каждого посетителя записывают перед визитом.", 60, 110},
		{"每位访客须在来访前登记。", 30, 54},
	} {
		if n := longest(c.text); n < c.low || n > c.high {
			t.Errorf("chunks of %q are up to %d characters long, want %d to %d", c.text, n, c.low, c.high)
		}
	}
	if err := (Options{Size: 10, Overlap: 10, Tokens: true}).Validate(); err == nil {
		t.Error("an overlap as long as a chunk is accepted")
	}
}

// prose returns paragraphs of made-up sentences, the same for the same seed.
func prose(seed uint64, paragraphs int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for range paragraphs {
		for range 1 + r.IntN(8) {
			b.WriteString("Word")
			for range r.IntN(25) {
				b.WriteString([]string{" ", " ", " ", ", "}[r.IntN(4)] + strings.Repeat("abcdefghijklmn"[:1+r.IntN(13)], 1))
			}
			b.WriteString(". ")
		}
		b.WriteString("\n\n")
	}
	return Normalise(b.String())
}

func TestOptionsOutOfRangeAreNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options Options
		field   string // empty when the options are valid
	}{
		{Options{}, ""},
		{Options{Size: 1}, ""},
		{Options{Size: 900, Overlap: 899}, ""},
		{Options{Size: -1}, "chunk_size"},
		{Options{Size: 0, Overlap: 1}, "chunk_size"},
		{Options{Size: 10, Overlap: -1}, "chunk_overlap"},
		{Options{Size: 10, Overlap: 10}, "chunk_overlap"},
	} {
		err := c.options.Validate()
		if c.field == "" && err != nil || c.field != "" && (!errors.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Field != c.field) {
			t.Errorf("%+v.Validate() = %v, want a fault of %q", c.options, err, c.field)
		}
	}
}

func TestChunksHoldTheirInvariantsOnProse(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		text := Text{Body: prose(seed, 15)}
		for _, o := range []Options{{}, {Size: 900, Overlap: 120}, {Size: 300, Overlap: 60}, {Size: 200, Overlap: 199}, {Size: 120}, {Size: 80, Overlap: 79}, {Size: 20, Overlap: 5}, {Size: 7, Overlap: 3}, {Size: 2, Overlap: 1}, {Size: 1}} {
			chunks := Split(text, o)
			o = o.orDefaults()
			checkChunks(t, text, o, chunks)
			if !cmp.Equal(chunks, Split(text, o)) {
				t.Fatalf("two runs with %+v differ", o)
			}
			if o.Size < 200 || o.Overlap > o.Size/2 {
				continue
			}
			for i, c := range chunks {
				fresh := c.Start
				if i > 0 {
					fresh = max(fresh, chunks[i-1].End)
				}
				if n := utf8.RuneCountInString(text.Body[fresh:c.End]); n < o.Size/5 {
					t.Errorf("seed %d, %+v: chunk %d of %d has only %d new characters", seed, o, i, len(chunks), n)
				}
			}
		}
	}
}

func TestOverlapIsWholeSentencesOrElseWords(t *testing.T) {
	t.Parallel()
	text := Text{Body: "One two three four five. Six seven eight. Nine ten eleven twelve thirteen. Fourteen fifteen sixteen."}
	var got []string
	for _, c := range Split(text, Options{Size: 50, Overlap: 20}) {
		got = append(got, c.Text)
	}
	want := []string{
		"One two three four five. Six seven eight.",
		"Six seven eight. Nine ten eleven twelve thirteen.",
		"twelve thirteen. Fourteen fifteen sixteen.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSliversOfThePredecessorAreGone(t *testing.T) {
	t.Parallel()
	t.Run("a small size makes no crawl", func(t *testing.T) {
		t.Parallel()
		var got []string
		for _, c := range Split(Text{Body: "Alpha beta gamma. Delta epsilon; zeta eta, theta iota kappa."}, Options{Size: 20, Overlap: 5}) {
			got = append(got, c.Text)
		}
		want := []string{"Alpha beta gamma.", "Delta epsilon; zeta", "zeta eta, theta iota", "iota kappa."}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a tail is shared, not appended", func(t *testing.T) {
		t.Parallel()
		for _, n := range []int{901, 950, 1000, 1801, 2000} {
			chunks := Split(Text{Body: strings.Repeat("a", n)}, Options{})
			for _, c := range chunks {
				if len(c.Text) > 900 || len(c.Text) < 225 {
					t.Errorf("%d letters: a chunk of %d", n, len(c.Text))
				}
			}
		}
	})
	t.Run("nothing is dropped from a huge text", func(t *testing.T) {
		t.Parallel()
		chunks := Split(Text{Body: strings.Repeat("word ", 600_000)}, Options{})
		if last := chunks[len(chunks)-1]; last.End != 3_000_000-1 || len(chunks) < 3300 {
			t.Errorf("%d chunks, the last at %v", len(chunks), last.Span)
		}
	})
}

func TestHeadingsBeginChunksAndNameTheirPath(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Some sentence about it. ", 20) // 480 characters
	text := Compose([]Block{
		{Kind: Heading, Level: 1, Text: "Manual", Page: 1},
		{Kind: Heading, Level: 2, Text: "Install", Page: 1},
		{Text: long, Page: 1},
		{Text: long, Page: 2},
		{Kind: Heading, Level: 2, Text: "Use", Page: 2},
		{Text: long, Page: 4},
		{Kind: Heading, Level: 3, Text: "Short", Page: 4},
		{Text: "Tiny.", Page: 4},
		{Kind: Heading, Level: 3, Text: "Shorter", Page: 4},
		{Text: "Tinier.", Page: 4},
		{Kind: Heading, Level: 1, Text: "Licence", Page: 5},
		{Text: long, Page: 5},
	})
	var got []string
	for _, c := range Split(text, Options{}) {
		first, _, _ := strings.Cut(c.Text, "\n")
		section := strings.Fields(text.Body[c.Section.Start:c.Section.End])
		got = append(got, fmt.Sprintf("%s | %s | %d-%d | %s…%s", first[:min(len(first), 16)], strings.Join(c.Headings, " > "), c.PageFrom, c.PageTo,
			section[0], section[len(section)-1]))
	}
	want := []string{
		"Manual | Manual > Install | 1-1 | Install…it.",
		"Some sentence ab | Manual > Install | 1-2 | Install…it.",
		"Use | Manual > Use | 2-4 | Use…Tinier.",
		"Short | Manual > Use | 4-4 | Use…Tinier.",
		"Licence | Licence | 5-5 | Licence…it.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTablesAndCodeStayWholeWhenTheyFit(t *testing.T) {
	t.Parallel()
	table := strings.TrimSpace(strings.Repeat("| cell one | cell two |\n", 20)) // 479
	code := strings.TrimSpace(strings.Repeat("if x {\n\treturn y\n}\n\n", 20))  // 398
	text := Compose([]Block{
		{Text: strings.Repeat("Before the table. ", 20)},
		{Kind: Table, Text: table},
		{Text: "Between them."},
		{Kind: Code, Text: code},
		{Text: strings.Repeat("After it all. ", 20)},
	})
	for _, size := range []int{480, 500, 600, 900} {
		o := Options{Size: size, Overlap: 100}
		chunks := Split(text, o)
		checkChunks(t, text, o, chunks)
		for _, whole := range []string{table, code} {
			held := false
			for _, c := range chunks {
				held = held || strings.Contains(c.Text, whole)
			}
			if !held {
				t.Errorf("size %d: no chunk holds the region that begins %q", size, whole[:12])
			}
		}
	}
}

func TestLongTablesAreCutBetweenLines(t *testing.T) {
	t.Parallel()
	text := Compose([]Block{{Kind: Table, Text: strings.Repeat("| one cell | another, with a sentence. And more |\n", 100)}})
	o := Options{Size: 300, Overlap: 60}
	chunks := Split(text, o)
	checkChunks(t, text, o, chunks)
	for _, c := range chunks {
		if !strings.HasPrefix(c.Text, "| one") || !strings.HasSuffix(c.Text, "more |") {
			t.Errorf("chunk %q isn't made of whole lines", c.Text)
		}
	}
}

func TestGraphemeClustersAreNeverCut(t *testing.T) {
	t.Parallel()
	for _, cluster := range []string{"👨‍👩‍👧‍👦", "e\u0323\u0302", "🇪🇸", "한", "नि"} {
		text := Text{Body: strings.Repeat(cluster, 200)}
		for _, o := range []Options{{Size: 30, Overlap: 10}, {Size: 8}, {Size: 15, Overlap: 14}} {
			chunks := Split(text, o)
			checkChunks(t, text, o, chunks)
			for _, c := range chunks {
				if c.Start%len(cluster) != 0 || c.End%len(cluster) != 0 {
					t.Fatalf("%+v cuts %q at %v", o, cluster, c.Span)
				}
			}
		}
	}
}

func TestHostileTextTakesLinearTime(t *testing.T) {
	t.Parallel()
	const patience = 20 * time.Second // linear time takes a fraction of a second, quadratic time minutes
	for _, unit := range []string{
		"a", "\n", " ", "a\n", "\u0301", "a. ", "A. ", "👨‍", "-", "a-", "a'", "_a", "1.", "a \n", "\"", "\"\n", "- a\n", "中", "# a\n", "Dr. A\n",
	} {
		body := strings.Repeat(unit, 300_000/len(unit))
		began := time.Now()
		Normalise(body)
		Detect(body)
		Analyse(French, body)
		Split(Text{Body: body}, Options{})
		if took := time.Since(began); took > patience {
			t.Errorf("%q repeated took %v", unit, took)
		}
	}
}

func BenchmarkSplit(b *testing.B) {
	text := Text{Body: prose(1, 2000)}
	b.SetBytes(int64(len(text.Body)))
	for b.Loop() {
		Split(text, Options{})
	}
}

func TestATableTakesItsCaptionRatherThanAnOverlap(t *testing.T) {
	t.Parallel()
	table := strings.TrimSpace(strings.Repeat("| cell one | cell two |\n", 15)) // 359 characters
	text := Compose([]Block{
		{Text: strings.Repeat("Before the table. ", 21)},
		{Text: "The caption is."},
		{Kind: Table, Text: table},
	})
	o := Options{Size: 390, Overlap: 100}
	chunks := Split(text, o)
	checkChunks(t, text, o, chunks)
	if last := chunks[len(chunks)-1].Text; last != "The caption is.\n\n"+table {
		t.Errorf("the last chunk is %q", last)
	}
}
