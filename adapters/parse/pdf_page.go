package parse

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// pdfPage is a page as lines, in the order of the file.
type pdfPage struct {
	number int     // from 1
	width  float64 // in points
	height float64
	lines  []pdfLine
	grids  []pdfGrid
}

// pdfLine is one line of text and where it stands, in points from the lower left corner of the page. A line whose place
// is not known has size 0.
type pdfLine struct {
	text        string
	left, right float64
	bottom      float64
	size        float64   // height of its characters' boxes, which is in proportion to the size of the font
	hyphen      bool      // it ended with a hyphen, already taken off, that parts a word
	turned      bool      // it isn't upright
	table       *pdfTable // it stands for a whole table, and has no text; nil otherwise
}

// hyphenMarks are what PDFium makes of a hyphen that ends a line inside of a word; it writes no line end then.
const hyphenMarks = "\uFFFE\x02"

// softHyphens are those that stand at the end of a line and nowhere else, and that PDFium takes for ordinary characters.
const softHyphens = "\u2010\u00AD"

func endsInLetter(s string) bool {
	return unicode.IsLetter(lastRune(s))
}

// maxPageChars bounds how many characters of a page are read; the densest real pages have some ten thousand.
const maxPageChars = 4 << 20

// page reads a page: its text at once, then the boxes of the first, middle and last character of each line. Asking for
// every character would cost thirty times as many calls into the engine.
func (f *pdfFile) page(index int) (p pdfPage, err error) {
	p.number = index + 1
	loaded, err := f.engine.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: f.doc, Index: index})
	if err != nil {
		return p, err
	}
	defer func() { _, _ = f.engine.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page}) }()
	ref := requests.Page{ByReference: &loaded.Page}
	p.grids = grids(f.rules(ref))
	if p.lines, err = f.textOf(ref, p.grids); err != nil {
		return p, err
	}
	if f.unturned(ref, p.lines) {
		if p.lines, err = f.textOf(ref, p.grids); err != nil {
			return p, err
		}
	}
	height, err := f.engine.FPDF_GetPageHeightF(&requests.FPDF_GetPageHeightF{Page: ref})
	if err != nil {
		return p, err
	}
	p.height = float64(height.PageHeight)
	if width, err := f.engine.FPDF_GetPageWidthF(&requests.FPDF_GetPageWidthF{Page: ref}); err == nil {
		p.width = float64(width.PageWidth)
	}
	p.lines = f.written(index, ref, p)
	return p, nil
}

// unturned lays a page flat that is shown turned although most of its lines aren't: such as one that was scanned the wrong way
// round, and turned again and again since. The engine reads across what is shown, which tears such lines apart.
func (f *pdfFile) unturned(page requests.Page, lines []pdfLine) bool {
	rotation, err := f.engine.FPDFPage_GetRotation(&requests.FPDFPage_GetRotation{Page: page})
	if err != nil || rotation.PageRotation == enums.FPDF_PAGE_ROTATION_NONE {
		return false
	}
	upright := 0
	for _, l := range lines {
		if !l.turned && l.size > 0 {
			upright++
		}
	}
	if upright*2 <= len(lines) {
		return false
	}
	_, err = f.engine.FPDFPage_SetRotation(&requests.FPDFPage_SetRotation{Page: page, Rotate: enums.FPDF_PAGE_ROTATION_NONE})
	return err == nil
}

// textOf reads the lines of an open page; those in a grid end with their cells. Lines that stand in the same place with the same text, as the shadows of letters do, count once.
func (f *pdfFile) textOf(page requests.Page, grids []pdfGrid) ([]pdfLine, error) {
	opened, err := f.engine.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return nil, err
	}
	t := textPage{f: f, ref: opened.TextPage, grids: grids}
	defer func() { _, _ = f.engine.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: t.ref}) }()
	lines, err := t.lines()
	return withoutShadows(lines), err
}

func withoutShadows(lines []pdfLine) []pdfLine {
	before := make(map[string][]pdfLine, len(lines))
	return slices.DeleteFunc(lines, func(l pdfLine) bool {
		for _, b := range before[l.text] {
			if near := 0.4 * l.size; near > 0 && math.Abs(b.left-l.left) < near && math.Abs(b.bottom-l.bottom) < near {
				return true
			}
		}
		if len(before[l.text]) < 64 {
			before[l.text] = append(before[l.text], l)
		}
		return false
	})
}

// textPage is the open text of a page.
type textPage struct {
	f   *pdfFile
	ref references.FPDF_TEXTPAGE

	grids []pdfGrid
}

func (t textPage) lines() ([]pdfLine, error) {
	count, err := t.f.engine.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: t.ref})
	if err != nil || count.Count <= 0 {
		return nil, err
	}
	all, err := t.f.engine.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: t.ref, Count: min(count.Count, maxPageChars)})
	if err != nil {
		return nil, err
	}
	var lines []pdfLine
	turned, mirrored := false, false
	unit := 0 // of UTF-16, in which the engine counts
	for rest := all.Text; rest != ""; {
		end, next := len(rest), len(rest)
		if i := strings.IndexAny(rest, "\n"+hyphenMarks); i >= 0 {
			_, width := utf8.DecodeRuneInString(rest[i:])
			end, next = i, i+width
		}
		if l, ok := t.line(rest[:end], unit); ok {
			l.hyphen = l.hyphen || end < next && rest[end] != '\n'
			for _, part := range t.inCells(l, rest[:end], unit) {
				lines = addLine(lines, part)
			}
			turned, mirrored = turned || l.turned, mirrored || isRightToLeft(l.text)
		}
		unit += utf16Len(rest[:next])
		rest = rest[next:]
	}
	if turned && !mirrored && count.Count <= maxTurnedChars {
		return t.turnedLines(count.Count), nil
	}
	return lines, nil
}

// addLine appends a line, or adds it to the last one when it is the rest of that.
func addLine(lines []pdfLine, l pdfLine) []pdfLine {
	if n := len(lines); n > 0 && lines[n-1].goesOn(l) {
		lines[n-1].take(l)
		return lines
	}
	return append(lines, l)
}

// line makes a line of the text that begins at the given unit; ok is false when it is blank.
func (t textPage) line(s string, unit int) (l pdfLine, ok bool) {
	trimmed := strings.TrimLeftFunc(s, isBlank)
	unit += utf16Len(s[:len(s)-len(trimmed)])
	trimmed = strings.TrimRightFunc(trimmed, isBlank)
	if short := strings.TrimRight(trimmed, softHyphens); short != trimmed {
		trimmed, l.hyphen = short, endsInLetter(short)
	}
	if trimmed == "" {
		return pdfLine{}, false
	}
	l.turned = t.turnOf(unit) != 0
	l.text = expandLigatures(t.withoutEchoes(t.withoutSpacing(trimmed, unit), unit))
	mirrored, placed, left, right := isRightToLeft(trimmed), false, 0.0, 0.0
	if mirrored {
		l.text, left, right, placed = t.inReadingOrder(trimmed, unit)
		l.text = expandLigatures(l.text)
	}
	length := utf16Len(trimmed)
	first, ok1 := t.box(unit)
	last, ok2 := t.box(unit + length - 1)
	if !ok1 || !ok2 {
		return l, true
	}
	l.left, l.right = min(first.left, last.left), max(first.right, last.right)
	l.bottom, l.size = first.bottom, first.size
	// A raised number at either end says nothing about the line.
	if middle, ok := t.box(unit + length/2); ok && (first.size < 0.9*last.size || last.size < 0.9*first.size) {
		l.size = max(min(first.size, last.size), min(max(first.size, last.size), middle.size))
		l.bottom = middle.bottom
	}
	if placed {
		l.left, l.right = left, right
	}
	if tallest, ok := t.tallest(trimmed, unit); ok {
		l.bottom, l.size = tallest.bottom, tallest.size
	}
	if mirrored {
		l.left, l.right = -l.right, -l.left // the layout sees it in a mirror, where it begins on the left as others do
	}
	return l, true
}

// goesOn reports whether a line is the rest of this one, from which the engine has parted it behind a raised number.
func (l pdfLine) goesOn(rest pdfLine) bool {
	gap := rest.left - l.right
	return l.size > 0 && rest.size > 0 && !l.turned && !rest.turned && !l.hyphen && !isRightToLeft(l.text) &&
		math.Abs(l.size-rest.size) < 0.05*l.size && math.Abs(l.bottom-rest.bottom) < 0.05*l.size && -0.1*l.size < gap && gap < 0.35*l.size
}

// take adds the rest of a line.
func (l *pdfLine) take(rest pdfLine) {
	if rest.left-l.right > 0.1*l.size {
		l.text += " "
	}
	l.text += rest.text
	l.right, l.hyphen = rest.right, rest.hyphen
}

type charBox struct{ left, right, bottom, size float64 }

// box returns the box of the character at a unit of the text, as high as its font.
func (t textPage) box(unit int) (charBox, bool) {
	at, err := t.f.engine.FPDFText_GetCharIndexFromTextIndex(&requests.FPDFText_GetCharIndexFromTextIndex{TextPage: t.ref, NTextIndex: unit})
	if err != nil {
		return charBox{}, false
	}
	res, err := t.f.engine.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: t.ref, Index: at.CharIndex})
	if err != nil {
		return charBox{}, false
	}
	b := charBox{
		left: float64(res.Rect.Left), right: float64(res.Rect.Right),
		bottom: float64(res.Rect.Bottom), size: float64(res.Rect.Top - res.Rect.Bottom),
	}
	// Hostile fonts have boxes of any size, up to no number at all.
	return b, b.size > 0 && b.size < 10_000 && b.left > -1e5 && b.right < 1e5
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// expandLigatures spells out the Latin ligatures of fonts, the block U+FB00 to U+FB06.
func expandLigatures(s string) string {
	if !strings.ContainsAny(s, "ﬀﬁﬂﬃﬄﬅﬆ") {
		return s
	}
	return strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "st", "ﬆ", "st").Replace(s)
}
