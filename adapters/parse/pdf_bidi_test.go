package parse

import "testing"

func TestAlifDoesNotComeBeforeItsLam(t *testing.T) {
	t.Parallel()
	var w placedWord // as LibreOffice writes it: a ligature's letters share a place
	for i, r := range []rune("رحالت") {
		at := 100 - 10*float64(i)
		if r == 'ل' {
			at += 10
		}
		w.add(r, charBox{left: at - 10, right: at, size: 12})
	}
	w.order()
	got := ""
	for _, r := range w.runes {
		got += string(r.r)
	}
	if got != "رحلات" {
		t.Errorf("word = %q", got)
	}
}

func TestWordsThatTouchAreOneWithinARightToLeftLine(t *testing.T) {
	t.Parallel()
	var words []placedWord
	add := func(s string, ltr bool, left float64) {
		w := placedWord{ltr: ltr}
		for i, r := range s {
			w.add(r, charBox{left: left + 6*float64(i), right: left + 6*float64(i+1), size: 12})
		}
		words = append(words, w)
	}
	add("x", false, 90) // the order of places, from right to left
	add("C3", true, 66)
	add("R2", true, 54)
	add("A", true, 40)
	joined := joinTorn(words, 0.6)
	if len(joined) != 3 || len(joined[1].runes) != 4 || joined[1].runes[0].r != 'R' || joined[1].runes[3].r != '3' {
		t.Errorf("words = %+v", joined)
	}
}

func TestPunctuationFollowsTheNumberInARightToLeftLine(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{".1": "1.", "3.5": "3.5", ".": ".", ":12": "12:", "NET.": ".NET"} {
		var w placedWord
		for i, r := range in {
			w.add(r, charBox{left: float64(i), right: float64(i + 1), size: 1})
		}
		words := []placedWord{{ltr: false}, w}
		words[1].ltr = true
		reverseRuns(words)
		got := ""
		for _, r := range words[1].runes {
			got += string(r.r)
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", in, got, want)
		}
	}
}

func TestLinesSeenInAMirrorMakeAParagraph(t *testing.T) {
	t.Parallel()
	line := func(bottom, right, size float64, s string) pdfLine {
		return pdfLine{text: s, left: -530, right: right, bottom: bottom, size: size}
	}
	s := joinedLines(t, []pdfLine{
		line(700, -65, 9.9, "1. העובדים מזמינים כל טיסה דרך משרד הנסיעות קבלות ישנות"),
		line(685, -80, 9.9, "יומית מכסה ארוחות בחוץ לארץ המנהלים מאשרים נסיעות יקרות"),
		line(672, -290, 8.4, "הכתובת המלאה של החברה"),
		line(647, -65, 9.9, "2. העובדים מזמינים כל טיסה דרך משרד הנסיעות קבלות ישנות"),
	})
	want := "1. העובדים מזמינים כל טיסה דרך משרד הנסיעות קבלות ישנות יומית מכסה ארוחות בחוץ לארץ המנהלים מאשרים נסיעות יקרות הכתובת המלאה של החברה\n" +
		"2. העובדים מזמינים כל טיסה דרך משרד הנסיעות קבלות ישנות"
	if s != want {
		t.Errorf("text = %q, want %q", s, want)
	}
}
