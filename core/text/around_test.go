package text

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

func TestAroundAddsWholeSentencesOnBothSides(t *testing.T) {
	t.Parallel()
	const s = "First one. Second one. Third one. Fourth one. Fifth one."
	long := strings.Repeat("word ", 20) + "HIT " + strings.Repeat("word ", 20) + "end."
	for _, c := range []struct {
		s, hit string
		size   int
		want   string
	}{
		{s, "Third one.", 5, "Third one."},
		{s, "Third one.", 31, "Third one."},
		{s, "Third one.", 34, "Second one. Third one. Fourth one."},
		{s, "First one.", 35, "First one. Second one. Third one."},
		{s, "Fifth one.", 36, "Third one. Fourth one. Fifth one."},
		{s, "d one. Fou", 34, "Third one. Fourth one."},
		{s, "Third one.", 1000, s},
		{long, "HIT", 20, "word HIT word"},
		{"Ünïcödé is fine. ¿Y esto? 一二三。四五六。", "esto", 16, "¿Y esto? 一二三。"},
		{"👨‍👩‍👧‍👦👨‍👩‍👧‍👦x👨‍👩‍👧‍👦👨‍👩‍👧‍👦", "x", 20, "👨‍👩‍👧‍👦x👨‍👩‍👧‍👦"},
	} {
		at := strings.Index(c.s, c.hit)
		got := Around(c.s, Span{Start: at, End: at + len(c.hit)}, c.size)
		if c.s[got.Start:got.End] != c.want {
			t.Errorf("Around(%q, %q, %d) = %q, want %q", c.s, c.hit, c.size, c.s[got.Start:got.End], c.want)
		}
	}
}

func FuzzAround(f *testing.F) {
	f.Add("El Sr. Pérez llegó. Los EE. UU. Art. 5\n- uno\n\nJ. R. R. Tolkien wrote it. \"Yes.\" No", uint16(9), uint16(4), uint16(40))
	f.Add("👨‍👩‍👧‍👦👨‍👩‍👧‍👦 e\u0301\u0301 x ̈y一二三。四五六，七八九。十", uint16(30), uint16(1), uint16(9))
	f.Fuzz(func(t *testing.T, s string, start, length, size uint16) {
		if !utf8.ValidString(s) || s == "" {
			t.Skip()
		}
		ends := []int{0}
		for it := graphemes.FromString(s); it.Next(); {
			ends = append(ends, it.End())
		}
		from := int(start) % len(ends)
		to := min(from+int(length), len(ends)-1)
		hit := Span{Start: ends[from], End: ends[to]}
		got := Around(s, hit, int(size))
		if got.Start > hit.Start || got.End < hit.End || got.Start < 0 || got.End > len(s) {
			t.Fatalf("Around(%q, %v, %d) = %v, want it to hold the hit", s, hit, size, got)
		}
		if n := utf8.RuneCountInString(s[got.Start:got.End]); got != hit && n > int(size) {
			t.Errorf("Around(%q, %v, %d) has %d characters", s, hit, size, n)
		}
		sentences := Sentences(s)
		begins := slices.ContainsFunc(sentences, func(x Span) bool { return x.Start == got.Start })
		if !begins && !slices.Contains(ends, got.Start) {
			t.Errorf("Around(%q, %v, %d) begins inside a character at %d", s, hit, size, got.Start)
		}
		stops := slices.ContainsFunc(sentences, func(x Span) bool { return x.End == got.End })
		if !stops && !slices.Contains(ends, got.End) {
			t.Errorf("Around(%q, %v, %d) ends inside a character at %d", s, hit, size, got.End)
		}
	})
}
