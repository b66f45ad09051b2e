package parse

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Running headers and footers are among so many lines at the top and the bottom of a page, in so high a part of it, and
// not longer than that.
const (
	furnitureLines = 3
	furniturePart  = 0.14
	furnitureBytes = 160
)

// withoutFurniture removes running headers, footers and page numbers: lines near the edge of the page that return at
// the same height on many pages, either with the same words or with a number that counts the pages. Words of such lines stay once,
// where they are first. Two fifths of the pages are enough, since left and right pages differ. Where nothing else would remain on
// more than a quarter of the pages, these keep them.
func withoutFurniture(pages []pdfPage, usual float64) []pdfPage {
	if len(pages) < 3 {
		return pages
	}
	candidates := make([][]furniture, len(pages))
	for i, p := range pages {
		candidates[i] = edgeLines(p, usual)
	}
	counts := countPages(candidates)
	enough := max(3, (len(pages)*2+4)/5)
	repeats := func(k string) bool { return counts[k] >= enough }
	cleaned := make([]pdfPage, len(pages))
	said := map[string]bool{}
	var bare []int // pages with nothing else
	for i, p := range pages {
		cleaned[i] = pdfPage{number: p.number, height: p.height, grids: p.grids}
		own := false
		for j, l := range p.lines {
			k := slices.IndexFunc(candidates[i], func(c furniture) bool { return c.line == j })
			if k < 0 || !slices.ContainsFunc(candidates[i][k].keys, repeats) {
				own = true
			} else if words := wordsBesideNumbers(l.text); words == "" || said[words] || isPageWord(words) {
				continue
			} else {
				said[words] = true
			}
			cleaned[i].lines = append(cleaned[i].lines, l)
		}
		if !own && len(p.lines) > 0 {
			bare = append(bare, i)
		}
	}
	if len(bare)*4 > len(pages) { // they are what the file is about
		for _, i := range bare {
			cleaned[i] = pages[i]
		}
	}
	return cleaned
}

// countPages counts for each key the pages that have it.
func countPages(candidates [][]furniture) map[string]int {
	counts := map[string]int{}
	for _, page := range candidates {
		seen := map[string]bool{}
		for _, c := range page {
			for _, k := range c.keys {
				if !seen[k] {
					seen[k] = true
					counts[k]++
				}
			}
		}
	}
	return counts
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
		keys := []string{fmt.Sprintf("t%d %s", height, strings.ToLower(l.text))}
		if l.size > 1.05*usual {
			found = append(found, furniture{line: i, keys: keys})
			continue // a heading's number may count pages by chance
		}
		for _, s := range countingPages(strings.ToLower(l.text), p.number) {
			keys = append(keys, fmt.Sprintf("t%d %s", height, s))
		}
		for _, n := range edgeNumbers(l.text) {
			keys = append(keys, fmt.Sprintf("n%d %d", height, n-p.number))
		}
		found = append(found, furniture{line: i, keys: keys})
	}
	return found
}

var number = regexp.MustCompile(`\d+|\b[ivxlc]+\b`)

// wordsBesideNumbers returns the letters of a line that are no number.
func wordsBesideNumbers(s string) string {
	return strings.Map(letterOrNothing, number.ReplaceAllString(strings.ToLower(s), ""))
}

// countingPages returns the text with each number in it, also a small Roman one, as what it is beyond the number of the page. Of a line
// that counts the pages, one of these is the same on every page. Only so are numbers left out: a page that begins with the number of
// an invoice has to keep it.
func countingPages(s string, page int) []string {
	var out []string
	for _, at := range number.FindAllStringIndex(s, 6) {
		n, err := strconv.Atoi(s[at[0]:at[1]])
		if err != nil {
			n = romanValue(s[at[0]:at[1]])
		}
		out = append(out, fmt.Sprintf("%s#%d#%s", s[:at[0]], n-page, s[at[1]:]))
	}
	return out
}

// romanValue is the value of a number in small Roman digits.
func romanValue(s string) int {
	values := map[byte]int{'i': 1, 'v': 5, 'x': 10, 'l': 50, 'c': 100}
	n := 0
	for i := range len(s) {
		if i+1 < len(s) && values[s[i]] < values[s[i+1]] {
			n -= values[s[i]]
			continue
		}
		n += values[s[i]]
	}
	return n
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
