package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{
		"", " a\t b \r\n\r\n\r\n c", "e\u00ad\u0301", "a\x00b\xff\xfe", "\ufeff\u200bx", " \n \n \n ", "A\u0301\u0301 \u00a0\u3000b",
		"\tif x:\n\t\treturn  1 \n\n\n\n", "a" + strings.Repeat("\u0301", 40), "\u2028\u2029\u0085\f\v",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkNormal(t, "Normalise", s, Normalise)
		checkNormal(t, "NormaliseCode", s, NormaliseCode)
		if got := Normalise(s); got != strings.TrimSpace(got) || strings.Contains(got, "  ") || strings.Contains(got, "\n ") {
			t.Errorf("Normalise(%q) = %q, want no white space at the ends, in runs or after line ends", s, got)
		}
	})
}

func checkNormal(t *testing.T, name, s string, normalise func(string) string) {
	t.Helper()
	got := normalise(s)
	if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) {
		t.Errorf("%s(%q) = %q, want valid UTF-8 in normal form C", name, s, got)
	}
	if again := normalise(got); again != got {
		t.Errorf("%s is not idempotent on %q: %q, then %q", name, s, got, again)
	}
	for _, r := range got {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || strings.ContainsRune("\ufeff\u00ad\u200b\u00a0\u3000", r) {
			t.Errorf("%s(%q) = %q, want no %U", name, s, got, r)
		}
	}
	if strings.Contains(got, "\n\n\n") || strings.Contains(got, " \n") || strings.HasSuffix(got, "\n") {
		t.Errorf("%s(%q) = %q, want at most one blank line and no white space before a line end", name, s, got)
	}
}

// blocksFrom reads blocks out of fuzz data: lines, the first two letters of which say kind, level and page.
func blocksFrom(data string) []Block {
	var blocks []Block
	for line := range strings.SplitSeq(data, "\x1e") {
		b := Block{Text: line}
		if len(line) >= 2 {
			b = Block{Kind: Kind(line[0] % 5), Level: int(line[0] / 5 % 8), Page: int(line[1] % 16), Text: line[2:]}
		}
		blocks = append(blocks, b)
	}
	return blocks
}

func FuzzCompose(f *testing.F) {
	f.Add("\x01\x01Title\x1e\x00\x01Some text.\x1e\x02\x02- one\x1e\x02\x02- two\x1e\x03\x04| a |\n\n| b |\x1e\x04\x05\tcode\n")
	f.Add("\x00\x00before\x1e\x00\x03 \x1e\x00\x05late\x1e\x00\x02earlier")
	f.Fuzz(func(t *testing.T, data string) {
		text := Compose(blocksFrom(data))
		checkText(t, text)
	})
}

// checkText checks that the structure of a composed text fits its body.
func checkText(t *testing.T, text Text) {
	t.Helper()
	at, number := 0, 0
	for _, p := range text.Pages {
		if p.Start != at || p.End < p.Start || p.Number <= number {
			t.Fatalf("pages %v don't cover the body one after the other", text.Pages)
		}
		at, number = p.End, p.Number
	}
	if n := len(text.Pages); n > 0 && (at != len(text.Body) || text.Pages[n-1].Start == at) {
		t.Errorf("pages %v of %d bytes, want all of the body covered and text on the last page", text.Pages, len(text.Body))
	}
	at = 0
	for _, s := range text.Sections {
		if s.Start < at || text.Body[s.Start:s.End] != s.Title || strings.Contains(s.Title, "\n") || s.Title == "" || s.Level < 1 {
			t.Errorf("section %+v isn't a line of the body", s)
		}
		at = s.End
	}
	at = 0
	for _, r := range text.Regions {
		if r.Start < at || r.End > len(text.Body) || strings.TrimSpace(text.Body[r.Start:r.End]) == "" {
			t.Errorf("region %+v isn't a stretch of the body", r)
		}
		at = r.End
	}
	if !utf8.ValidString(text.Body) || strings.Contains(text.Body, "\n\n\n") {
		t.Errorf("body %q isn't normalised", text.Body)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("\x01\x01Title\x1e\x00\x01One sentence. Another one, with a comma. \x1e\x04\x02code {\n  x\n}", uint16(20), uint16(5))
	f.Add("\x00\x00"+strings.Repeat("a", 200)+"\x1e\x03\x00|a|\n|b|\n|c|\n|dddddddddd|", uint16(9), uint16(8))
	f.Add("\x00\x00👨‍👩‍👧‍👦👨‍👩‍👧‍👦 e\u0301\u0301\u0301\u0301 x ̈y\x1e\x06\x00a\x1e\x0b\x00b\x1e\x0b\x00c", uint16(8), uint16(4))
	f.Add("\x00\x00一二三。四五六，七八九。十\x1e\x02\x00- a\x1e\x02\x00- b", uint16(4), uint16(2))
	f.Fuzz(func(t *testing.T, data string, size, overlap uint16) {
		o := Options{Size: 1 + int(size%1000), Overlap: int(overlap) % (1 + int(size%1000))}
		if o.Validate() != nil {
			t.Fatalf("%+v should be valid", o)
		}
		composed := Compose(blocksFrom(data))
		checkChunks(t, composed, o, Split(composed, o))
		raw := Text{Body: data}
		checkChunks(t, raw, o, Split(raw, o))
		o.Tokens = true
		checkChunks(t, raw, o, Split(raw, o))
	})
}

func FuzzSentences(f *testing.F) {
	f.Add("El Sr. Pérez llegó. Los EE. UU. Art. 5\n- uno\n\nJ. R. R. Tolkien wrote it. \"Yes.\" No")
	f.Fuzz(func(t *testing.T, s string) {
		at := 0
		for _, span := range Sentences(s) {
			if span.Start < at || span.End <= span.Start || span.End > len(s) {
				t.Fatalf("Sentences(%q): %v is out of order", s, span)
			}
			if part := s[span.Start:span.End]; strings.TrimSpace(part) != part {
				t.Errorf("Sentences(%q): %q isn't trimmed", s, part)
			}
			if strings.TrimSpace(s[at:span.Start]) != "" {
				t.Errorf("Sentences(%q) leaves out %q", s, s[at:span.Start])
			}
			at = span.End
		}
		if strings.TrimSpace(s[at:]) != "" {
			t.Errorf("Sentences(%q) leaves out %q", s, s[at:])
		}
	})
}

func FuzzAnalyse(f *testing.F) {
	for _, s := range []string{
		"Don't use C++ or C# with IL-6, COVID-19 and user_id in the U.S. (3.5, 1,000,000)!", "¿Cuáles canciones cantó?",
		"東京タワー 한국어 ภาษาไทย ｶﾞ", "l’homme qu'il O'Brien ﬁn m² İI ß ǅ", "a-b-c-1-2-3-d-e-f-g", "1.2.3,4 ١٢٣ ½", "a\u200db\u00adc \xff",
	} {
		for i := range 7 {
			f.Add(s, uint8(i))
		}
	}
	languages := []Language{English, Spanish, Portuguese, French, German, Italian, Simple}
	f.Fuzz(func(t *testing.T, s string, l uint8) {
		language := languages[int(l)%len(languages)]
		for _, token := range Analyse(language, s) {
			checkToken(t, s, token)
		}
		Detect(s)
	})
}

func checkToken(t *testing.T, s string, token Token) {
	t.Helper()
	if token.Start < 0 || token.Start >= token.End || token.End > len(s) {
		t.Fatalf("Analyse(%q): token %+v has a wrong span", s, token)
	}
	if len(token.Term) == 0 || len(token.Term) > longestTerm || !utf8.ValidString(token.Term) {
		t.Errorf("Analyse(%q): term %q is empty, too long or no UTF-8", s, token.Term)
	}
	if lower := strings.ToLower(token.Term); lower != token.Term {
		t.Errorf("Analyse(%q): term %q isn't in lower case", s, token.Term)
	}
	useful := false
	for _, r := range token.Term {
		useful = useful || unicode.IsLetter(r) || unicode.IsNumber(r)
		if !isWordRune(r) && r != '.' {
			t.Errorf("Analyse(%q): term %q holds %q", s, token.Term, r)
		}
	}
	if !useful {
		t.Errorf("Analyse(%q): term %q has neither letter nor digit", s, token.Term)
	}
}
