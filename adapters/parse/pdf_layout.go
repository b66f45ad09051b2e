package parse

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/text"
)

// layOut turns the lines of all pages into paragraphs and headings.
func layOut(pages []pdfPage, out *output) error {
	for _, p := range pages {
		if len(p.lines) == 0 {
			out.parsed.EmptyPages = append(out.parsed.EmptyPages, p.number)
		}
	}
	l := measure(pages)
	pages = withoutFurniture(pages, l.body)
	var all []pdfParagraph
	var above *pdfTable // with which the page before ends
	for _, p := range pages {
		p.lines = l.withTables(p)
		if n := len(p.lines); n > 0 {
			if t := p.lines[0].table; t != nil {
				t.goOn(above)
			}
			above = p.lines[n-1].table
		}
		all = append(all, l.paragraphs(p)...)
	}
	levels := l.headingLevels(all)
	for _, p := range all {
		b := text.Block{Page: p.page, Text: p.text.String(), Kind: p.kind}
		if level := levels[sizeStep(p.size)]; level > 0 && l.isHeading(p) {
			b.Kind, b.Level, b.Text = text.Heading, level, oneLine(b.Text)
		}
		if err := out.add(b); err != nil {
			return err
		}
	}
	return nil
}

// layout is what is usual in a document.
type layout struct {
	body  float64         // size of running text
	pitch float64         // distance of lines of a paragraph, in sizes
	words map[string]bool // those with a hyphen inside, and those that a hyphen might part
}

// pdfParagraph is a paragraph in the making.
type pdfParagraph struct {
	page  int
	kind  text.Kind
	size  float64
	text  strings.Builder
	lines int
	last  pdfLine
}

func measure(pages []pdfPage) layout {
	sizes, pitches := map[int]int{}, map[int]int{}
	parted := false
	for _, p := range pages {
		for i, l := range p.lines {
			parted = parted || l.hyphen || strings.HasSuffix(l.text, "-")
			if l.size <= 0 {
				continue
			}
			sizes[sizeStep(l.size)] += len(l.text)
			if i == 0 || p.lines[i-1].size <= 0 {
				continue
			}
			if gap := (p.lines[i-1].bottom - l.bottom) / l.size; 0.7 < gap && gap < 3 {
				for _, step := range []int{-1, 0, 1} { // what hardly differs is the same
					pitches[int(gap*20)+step] += len(l.text)
				}
			}
		}
	}
	l := layout{body: float64(mode(sizes)) / 4, pitch: (float64(mode(pitches)) + 2) / 20}
	if len(pitches) == 0 {
		l.pitch = 1.3
	}
	if parted {
		l.words = vocabulary(pages)
	}
	return l
}

// sizeStep rounds a size to quarters of a point.
func sizeStep(size float64) int { return int(math.Round(size * 4)) }

// mode returns the key with the highest count, the smaller one of equals.
func mode(counts map[int]int) int {
	best, highest := 0, 0
	for k, n := range counts {
		if n > highest || n == highest && k < best {
			best, highest = k, n
		}
	}
	return best
}

// vocabulary collects the words of a document, other than halves that a line end parts, to find out which hyphens at line
// ends belong to the word.
func vocabulary(pages []pdfPage) map[string]bool {
	words := map[string]bool{}
	for _, p := range pages {
		for i, l := range p.lines {
			fields := strings.Fields(l.text)
			if i > 0 && p.lines[i-1].hyphen && len(fields) > 0 {
				fields = fields[1:]
			}
			if l.hyphen && len(fields) > 0 {
				fields = fields[:len(fields)-1]
			}
			for _, w := range fields {
				if w = bare(w); len(w) > 3 {
					words[w] = true
				}
			}
		}
	}
	return words
}

func bare(word string) string {
	return strings.ToLower(strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
}

var bullet = regexp.MustCompile(`^(?:[•◦▪‣●○■–*·]|-)\s+|^(?:\(?\d{1,3}[.)]|\(?[a-z][.)])\s`)

func (l layout) paragraphs(p pdfPage) []pdfParagraph {
	margins := rightMargins(p.lines)
	var done []pdfParagraph
	for _, line := range p.lines {
		if line.table != nil {
			done = append(done, pdfParagraph{page: p.number, kind: text.Table})
			done[len(done)-1].text.WriteString(line.table.written)
			continue
		}
		var joint string
		joins := false
		if n := len(done); n > 0 && done[n-1].kind != text.Table {
			joint, joins = l.joint(&done[n-1], line, margins)
		}
		if !joins {
			joint = ""
			done = append(done, pdfParagraph{page: p.number, size: line.size})
			if loc := bullet.FindStringIndex(line.text); loc != nil {
				done[len(done)-1].kind = text.ListItem
			}
		}
		at := &done[len(done)-1]
		l.append(at, joint, line)
	}
	return done
}

// append adds a line to a paragraph, repairing a word that the line end parted.
func (l layout) append(p *pdfParagraph, joint string, line pdfLine) {
	if p.lines > 0 && p.last.hyphen {
		joint = ""
		if !l.partsWord(p.last.text, line.text) {
			joint = "-"
		}
	} else if p.lines > 0 && strings.HasSuffix(p.last.text, "-") && !strings.HasSuffix(p.last.text, " -") {
		joint = "" // the engine saw no parted word in it, so the hyphen stays
	} else if joint == " " && partsNoWords(p.last.text, line.text) {
		joint = ""
	}
	p.text.WriteString(joint)
	p.text.WriteString(line.text)
	p.lines++
	p.last = line
}

// isUnspaced reports whether a character belongs to a script that has no space between words.
func isUnspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) ||
		'\u3000' <= r && r <= '\u30FF' || '\uFF01' <= r && r <= '\uFF65'
}

// partsNoWords reports whether the end of a line within a sentence is no place between words.
func partsNoWords(before, after string) bool {
	return isUnspaced(lastRune(before)) && isUnspaced(firstRune(after))
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// partsWord decides whether a hyphen between two lines goes. It stays in front of anything but a small letter, and when
// the rest of the document knows the word with it, or both of its halves as words, and not the word without it.
func (l layout) partsWord(before, after string) bool {
	head, tail := lastField(before), firstField(after)
	if !unicode.IsLower(firstRune(tail)) {
		return false
	}
	if l.words[bare(head+tail)] {
		return true
	}
	return !l.words[bare(head+"-"+tail)] && !(l.words[bare(head)] && l.words[bare(tail)])
}

func lastField(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }

func firstField(s string) string {
	first, _, _ := strings.Cut(s, " ")
	return first
}

// rightMargins maps left margins, in steps of ten points, to how far lines that begin there reach.
func rightMargins(lines []pdfLine) map[int]float64 {
	margins := map[int]float64{}
	for _, l := range lines {
		if l.table != nil {
			continue
		}
		for _, step := range []int{-1, 0, 1} {
			k := int(l.left)/10 + step
			if reach, ok := margins[k]; !ok || l.right > reach { // below zero where lines are seen in a mirror
				margins[k] = l.right
			}
		}
	}
	return margins
}

// joint tells whether a line continues a paragraph, and what comes between them: a space, or a line end where the line
// before was left early on purpose.
func (l layout) joint(p *pdfParagraph, next pdfLine, margins map[int]float64) (string, bool) { //nolint:cyclop // a list of cases, each a line or two; apart they would be harder to follow
	last := p.last
	if last.hyphen {
		return "", true
	}
	if last.size <= 0 || next.size <= 0 {
		return "\n", last.size == next.size && p.lines < 100
	}
	gap := (last.bottom - next.bottom) / next.size
	ratio := next.size / last.size
	room := margins[int(last.left)/10] - last.right
	widest, likeness := 1.25*l.pitch, 0.93
	if isShaped(last.text) && isShaped(next.text) {
		likeness = 0.75
	}
	if room < last.size && partsNoWords(last.text, next.text) && !endsSentence(last.text) {
		// Such fonts have lines further apart than others of the same document, and signs that are higher than others.
		widest, likeness = max(widest, 2.2), min(likeness, 0.85)
	}
	if ratio < likeness || ratio > 1/likeness || gap > widest || gap < 0.5 || bullet.MatchString(next.text) {
		// Parts of one line, such as cells of a table, are set side by side.
		return " ", math.Abs(gap) < 0.1 && next.left > last.right && ratio > 0.93 && ratio < 1.07 && p.lines > 0
	}
	if indent := (next.left - last.left) / next.size; indent > 0.7 {
		hanging := p.kind == text.ListItem && p.lines == 1 && indent < 5
		if !hanging {
			return "", false
		}
	} else if indent < -0.7 && (p.lines > 1 || indent < -4 || p.kind == text.ListItem) {
		return "", false
	}
	if room <= wordWidth(next)+0.3*next.size {
		return " ", true
	}
	return "\n", !endsSentence(last.text)
}

// wordWidth estimates the width of the first word of a line. Where there are no spaces, that is a sign and the one that mustn't stand
// without it, or a word of usual length.
func wordWidth(l pdfLine) float64 {
	width := (l.right - l.left) * float64(len(firstField(l.text))) / float64(len(l.text))
	switch r := firstRune(l.text); {
	case unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return min(width, 6*l.size)
	case isUnspaced(r):
		return min(width, 2.2*l.size)
	}
	return width
}

func endsSentence(s string) bool {
	return strings.ContainsRune(".!?:。", lastRune(strings.TrimRight(s, `"'”’»)`)))
}

// isHeading is careful: a heading is clearly larger than running text, short, and no sentence.
func (l layout) isHeading(p pdfParagraph) bool {
	s := p.text.String()
	larger := 1.12
	if isShaped(s) {
		larger = 1.3
	}
	if p.size <= 0 || p.size < larger*l.body || p.lines > 3 || len(s) > 200 {
		return false
	}
	letters := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters >= 2 && !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, ",") && !strings.HasSuffix(s, ";")
}

// headingLevels maps sizes of headings to levels, the largest first. Sizes that hardly differ share a level.
func (l layout) headingLevels(all []pdfParagraph) map[int]int {
	var steps []int
	for _, p := range all {
		if step := sizeStep(p.size); l.isHeading(p) && !slices.Contains(steps, step) && len(steps) < 64 {
			steps = append(steps, step)
		}
	}
	slices.SortFunc(steps, func(a, b int) int { return b - a })
	levels := map[int]int{}
	level, previous := 0, 0.0
	for _, s := range steps {
		if size := float64(s); level == 0 || size < 0.95*previous {
			level, previous = min(level+1, 6), size
		}
		levels[s] = level
	}
	return levels
}
