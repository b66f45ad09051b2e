package parse

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium/requests"
)

// The engine takes it that a page is written in one direction: where some of it is turned, it tears the letters of the rest apart. Such
// pages are read character by character, and put together by where the characters stand.

// maxTurnedChars bounds how many characters of a page are read that way, which takes several calls for each.
const maxTurnedChars = 50_000

// glyph is a character and its box, which is upright whatever the direction of the writing.
type glyph struct {
	r                        rune
	left, right, bottom, top float64
	turn                     int  // quarters of a circle; slanted for angles in between
	made                     bool // by the engine: spaces and line ends that the file doesn't have
}

const slanted = 4

// turnOf returns how far the character at a unit of the text is turned.
func (t textPage) turnOf(unit int) int {
	at, err := t.f.engine.FPDFText_GetCharIndexFromTextIndex(&requests.FPDFText_GetCharIndexFromTextIndex{TextPage: t.ref, NTextIndex: unit})
	if err != nil {
		return 0
	}
	return t.turn(at.CharIndex)
}

func (t textPage) turn(index int) int {
	res, err := t.f.engine.FPDFText_GetCharAngle(&requests.FPDFText_GetCharAngle{TextPage: t.ref, Index: index})
	if err != nil || res.CharAngle < 0 {
		return 0
	}
	quarters := float64(res.CharAngle) / (math.Pi / 2)
	if math.Abs(quarters-math.Round(quarters)) > 0.05 {
		return slanted
	}
	return int(math.Round(quarters)) % 4
}

// turnedLines reads a page of which some is turned: first what is written in the direction that most is, then the rest, of which
// no place is known.
func (t textPage) turnedLines(count int) []pdfLine {
	glyphs := make([]glyph, 0, count)
	var written [slanted + 1]int
	for i := range count {
		g, ok := t.glyph(i)
		if ok && g.made && len(glyphs) > 0 {
			g.turn = glyphs[len(glyphs)-1].turn
		}
		if ok {
			glyphs = append(glyphs, g)
			written[g.turn]++
		}
	}
	usual := 0
	for turn := range slanted {
		if written[turn] > written[usual] {
			usual = turn
		}
	}
	grids := t.grids
	if usual != 0 {
		grids = nil
	}
	lines := linesOf(glyphs, usual, grids)
	for turn := range slanted + 1 {
		if turn == usual {
			continue
		}
		for _, l := range linesOf(glyphs, turn, nil) {
			lines = append(lines, pdfLine{text: l.text, hyphen: l.hyphen})
		}
	}
	return lines
}

func (t textPage) glyph(index int) (glyph, bool) {
	char, err := t.f.engine.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: t.ref, Index: index})
	if err != nil || char.Unicode == 0 || char.Unicode > unicode.MaxRune {
		return glyph{}, false
	}
	g := glyph{r: rune(char.Unicode), turn: t.turn(index)} //nolint:gosec // bounded just above
	made, err := t.f.engine.FPDFText_IsGenerated(&requests.FPDFText_IsGenerated{TextPage: t.ref, Index: index})
	g.made = err == nil && made.IsGenerated
	res, err := t.f.engine.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: t.ref, Index: index})
	if err != nil {
		return g, g.made
	}
	g.left, g.right = float64(res.Rect.Left), float64(res.Rect.Right)
	g.bottom, g.top = float64(res.Rect.Bottom), float64(res.Rect.Top)
	return g, true
}

// linesOf puts together the lines of what is turned so far. Their places are those that they would have if the page were turned back.
// A grid parts those that are upright.
func linesOf(glyphs []glyph, turn int, grids []pdfGrid) []pdfLine {
	own := slices.DeleteFunc(slices.Clone(glyphs), func(g glyph) bool { return g.turn != turn })
	if turn == slanted {
		return slantedLines(textOf(own))
	}
	right, up := direction(own)
	var lines []pdfLine
	var line strings.Builder
	var at pdfLine
	end := func() {
		if at.text = strings.TrimSpace(expandLigatures(line.String())); at.text != "" {
			lines = append(lines, at)
		}
		line.Reset()
		at = pdfLine{}
	}
	for _, g := range own {
		if g.made {
			continue
		}
		if strings.ContainsRune(hyphenMarks, g.r) {
			at.hyphen = true
			end()
			continue
		}
		box := g.along(right, up)
		if line.Len() > 0 && (!follows(at, box) || apart(grids, at, box)) {
			end()
		}
		switch {
		case line.Len() == 0:
			at = pdfLine{left: box.left, bottom: box.bottom, size: box.size}
		case box.left-at.right > 0.15*box.size && !unicode.IsSpace(g.r):
			line.WriteByte(' ')
		}
		at.right = box.right
		line.WriteRune(g.r)
	}
	end()
	return lines
}

// slantedLines are lines of which no place is known.
func slantedLines(all string) (lines []pdfLine) {
	for s := range strings.FieldsFuncSeq(all, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if s = strings.TrimSpace(s); s != "" {
			lines = append(lines, pdfLine{text: expandLigatures(s)})
		}
	}
	return lines
}

func textOf(glyphs []glyph) string {
	var b strings.Builder
	for _, g := range glyphs {
		b.WriteRune(g.r)
	}
	return b.String()
}

// apart reports whether a line and what goes on with it stand in different cells.
func apart(grids []pdfGrid, l pdfLine, next charBox) bool {
	return next.left-l.right > 0.15*next.size && len(edgesAt(grids, l.middle(), l.right-slack, next.left+slack)) > 0
}

// follows reports whether a character goes on with a line.
func follows(l pdfLine, next charBox) bool {
	gap := next.left - l.right
	return math.Abs(next.bottom-l.bottom) < 0.6*next.size && -1.5*next.size < gap && gap < 3*next.size
}

// direction tells, by how each character follows the one before, in which direction the writing goes.
func direction(glyphs []glyph) (right, up float64) {
	var x, y float64
	for i, g := range glyphs {
		if i > 0 && !g.made && !glyphs[i-1].made {
			before := glyphs[i-1]
			dx, dy := (g.left+g.right-before.left-before.right)/2, (g.bottom+g.top-before.bottom-before.top)/2
			if reach := 3 * (g.top - g.bottom + g.right - g.left); math.Abs(dx)+math.Abs(dy) < reach { // not to another line
				x, y = x+dx, y+dy
			}
		}
	}
	switch {
	case math.Abs(x) >= math.Abs(y) && x >= 0:
		return 1, 0
	case math.Abs(x) >= math.Abs(y):
		return -1, 0
	case y > 0:
		return 0, 1
	}
	return 0, -1
}

// along is the box of the character when the page is turned so that the writing goes from left to right.
func (g glyph) along(right, up float64) charBox {
	u1, u2 := right*g.left+up*g.bottom, right*g.right+up*g.top
	v1, v2 := right*g.bottom-up*g.left, right*g.top-up*g.right
	return charBox{left: min(u1, u2), right: max(u1, u2), bottom: min(v1, v2), size: max(math.Abs(v2-v1), 0.1)}
}
