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
