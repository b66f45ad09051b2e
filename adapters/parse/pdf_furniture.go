package parse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Running headers and footers are among so many lines at the top and the bottom of a page, in so high a part of it, and
// not longer than that.
const (
	furnitureLines = 3
	furniturePart  = 0.14
	furnitureBytes = 160
)

// withoutFurniture removes running headers, footers and page numbers: lines near the edge of the page that return at
// the same height on many pages, either with the same words or with a number that counts the pages. Two fifths of the pages are
// enough, since left and right pages differ. If nothing else would remain, everything stays.
func withoutFurniture(pages []pdfPage, usual float64) []pdfPage {
	if len(pages) < 3 {
		return pages
	}
	counts := map[string]int{}
	candidates := make([][]furniture, len(pages))
	for i, p := range pages {
		candidates[i] = edgeLines(p, usual)
		seen := map[string]bool{}
		for _, c := range candidates[i] {
			for _, k := range c.keys {
				if !seen[k] {
					seen[k] = true
					counts[k]++
				}
			}
		}
	}
	enough := max(3, (len(pages)*2+4)/5)
	repeats := func(k string) bool { return counts[k] >= enough }
	cleaned := make([]pdfPage, len(pages))
	remains := 0
	for i, p := range pages {
		cleaned[i] = pdfPage{number: p.number, height: p.height}
		for j, l := range p.lines {
			k := slices.IndexFunc(candidates[i], func(c furniture) bool { return c.line == j })
			if k >= 0 && slices.ContainsFunc(candidates[i][k].keys, repeats) {
				continue
			}
			cleaned[i].lines = append(cleaned[i].lines, l)
			remains++
		}
	}
	if remains == 0 {
		return pages
	}
	return cleaned
}

// furniture is a line that may be a running header or footer, and what would be the same about it on other pages.
type furniture struct {
	line int
	keys []string
}

// edgeLines returns the lines near the edges of a page. usual is the size of running text.
func edgeLines(p pdfPage, usual float64) []furniture {
	var order []int
	for i, l := range p.lines {
		if l.size > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return int(p.lines[b].bottom) - int(p.lines[a].bottom)
	})
	var found []furniture
	for rank, i := range order {
		l := p.lines[i]
		top := rank < furnitureLines && l.bottom > (1-furniturePart)*p.height
		bottom := rank >= len(order)-furnitureLines && l.bottom < furniturePart*p.height
		if !top && !bottom || len(l.text) > furnitureBytes {
			continue
		}
		height := int(l.bottom) / 6
		keys := []string{fmt.Sprintf("t%d %s", height, withoutNumbers(l.text))}
		if l.size > 1.05*usual {
			found = append(found, furniture{line: i, keys: keys})
			continue // a heading's number may count pages by chance
		}
		for _, n := range edgeNumbers(l.text) {
			keys = append(keys, fmt.Sprintf("n%d %d", height, n-p.number))
		}
		found = append(found, furniture{line: i, keys: keys})
	}
	return found
}

// withoutNumbers replaces runs of digits, and small Roman numbers that stand alone, by "#".
func withoutNumbers(s string) string {
	fields := strings.Fields(strings.ToLower(s))
	for i, f := range fields {
		if strings.Trim(f, "ivxlc") == "" {
			fields[i] = "#"
		}
	}
	var b strings.Builder
	inNumber := false
	for _, r := range strings.Join(fields, " ") {
		if unicode.IsDigit(r) {
			if !inNumber {
				b.WriteByte('#')
			}
			inNumber = true
			continue
		}
		inNumber = false
		b.WriteRune(r)
	}
	return b.String()
}

// edgeNumbers returns the numbers at the beginning and the end of a line, where page numbers stand.
func edgeNumbers(s string) []int {
	fields := strings.Fields(s)
	var numbers []int
	for _, i := range []int{0, len(fields) - 1} {
		if n, err := strconv.Atoi(strings.Trim(fields[i], "-–—|·")); err == nil && n > 0 && n < 100_000 {
			numbers = append(numbers, n)
		}
	}
	return numbers
}
