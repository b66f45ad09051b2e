package parse

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// wordStyles are the paragraph styles of a document by id.
type wordStyles map[string]wordStyle

type wordStyle struct {
	basedOn  string
	level    int // of headings, from 1; 0 when the style says nothing, -1 when it says body text
	num      wordNumber
	contents bool // lines of a table of contents
}

// resolve returns a style with what it inherits.
func (s wordStyles) resolve(id string) wordStyle {
	style := s[id]
	parent := style.basedOn
	for range 16 { // Word allows a chain of eleven; a file may claim a circle
		if parent == "" {
			break
		}
		p := s[parent]
		if style.level == 0 {
			style.level = p.level
		}
		if style.num.id == "" {
			style.num.id = p.num.id
		}
		style.contents = style.contents || p.contents
		parent = p.basedOn
	}
	return style
}

func (d *wordFile) readStyles(part string) error {
	d.styles = wordStyles{}
	var id string
	var style wordStyle
	return d.walk(part, func(_ *xml.Decoder, t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "style":
				id, style = attr(t, "styleId"), wordStyle{}
			case "name":
				style.named(attr(t, "val"))
			case "basedOn":
				style.basedOn = attr(t, "val")
			case "outlineLvl":
				style.level = outlineLevel(attr(t, "val"))
			case "numId":
				style.num.id = attr(t, "val")
			case "ilvl":
				style.num.level = listLevel(attr(t, "val"))
			}
		case xml.EndElement:
			if t.Name.Local == "style" && id != "" {
				d.styles[id] = style
				id = ""
			}
		}
		return nil
	})
}

// named reads what the name of a style tells. Word itself stores built-in names in English whatever its language;
// other programs translate them.
func (s *wordStyle) named(name string) {
	name = strings.ToLower(strings.TrimSpace(name))
	word := strings.TrimRight(name, " 0123456789")
	number, _ := strconv.Atoi(strings.TrimSpace(name[len(word):]))
	switch word {
	case "toc", "table of contents", "contents":
		s.contents = true
	case "title", "título", "titel", "titre", "titolo":
		if number <= 1 && s.level == 0 {
			s.level = 1
		} else if number <= 9 && s.level == 0 {
			s.level = number // "Título 2" is a heading in Spanish
		}
	case "heading", "überschrift", "encabezado", "titre de niveau", "rubrik", "overskrift", "kop", "nagłówek", "otsikko":
		if 1 <= number && number <= 9 && s.level == 0 {
			s.level = number
		}
	}
}

// wordNumbering knows the lists of a document and counts their items.
type wordNumbering struct {
	abstract map[string][]wordListLevel // by abstractNumId
	lists    map[string]string          // numId to abstractNumId
	counts   map[string][]int           // by abstractNumId: items so far, per level
}

type wordListLevel struct {
	format string // numFmt, such as "decimal", "bullet"
	text   string // such as "%1.%2."
	start  int
}

// maxListLevels is how many levels a list of Word has.
const maxListLevels = 9

func listLevel(val string) int {
	n, _ := strconv.Atoi(val)
	return max(0, min(n, maxListLevels-1))
}

func (d *wordFile) readNumbering(part string) error {
	n := wordNumbering{abstract: map[string][]wordListLevel{}, lists: map[string]string{}, counts: map[string][]int{}}
	var abstract, num string
	var level int
	err := d.walk(part, func(_ *xml.Decoder, t xml.Token) error {
		s, ok := t.(xml.StartElement)
		if !ok {
			return nil
		}
		switch s.Name.Local {
		case "abstractNum":
			abstract, num = attr(s, "abstractNumId"), ""
			n.abstract[abstract] = make([]wordListLevel, maxListLevels)
		case "num":
			abstract, num = "", attr(s, "numId")
		case "abstractNumId":
			n.lists[num] = attr(s, "val")
		case "lvl":
			level = listLevel(attr(s, "ilvl"))
		}
		if levels := n.abstract[abstract]; abstract != "" && levels != nil {
			switch s.Name.Local {
			case "start":
				levels[level].start, _ = strconv.Atoi(attr(s, "val"))
			case "numFmt":
				levels[level].format = attr(s, "val")
			case "lvlText":
				levels[level].text = cut(attr(s, "val"), 64)
			}
		}
		return nil
	})
	d.numbering = n
	return err
}

// marker counts an item of a list and returns what stands before it: "-" for bullets and unknown lists.
func (n wordNumbering) marker(num wordNumber) string {
	abstract := n.lists[num.id]
	levels := n.abstract[abstract]
	if levels == nil || levels[num.level].format == "bullet" || levels[num.level].format == "" {
		return "-"
	}
	counts := n.counts[abstract]
	if counts == nil {
		counts = make([]int, maxListLevels)
		n.counts[abstract] = counts
	}
	counts[num.level]++
	clear(counts[num.level+1:])
	if levels[num.level].format == "none" {
		return ""
	}
	s := levels[num.level].text
	for i := range num.level + 1 {
		at := "%" + strconv.Itoa(i+1)
		value := max(counts[i], 1) - 1 + max(levels[i].start, 0)
		s = strings.ReplaceAll(s, at, numeral(value, levels[i].format))
	}
	return strings.TrimSpace(s)
}

func numeral(n int, format string) string {
	switch format {
	case "lowerLetter", "upperLetter":
		s := strings.Repeat(string(rune('a'+(max(n, 1)-1)%26)), min((max(n, 1)-1)/26+1, 8))
		if format == "upperLetter" {
			return strings.ToUpper(s)
		}
		return s
	case "lowerRoman":
		return strings.ToLower(roman(n))
	case "upperRoman":
		return roman(n)
	}
	return strconv.Itoa(n)
}

func roman(n int) string {
	if n < 1 || n > 3999 {
		return strconv.Itoa(n)
	}
	values := []int{1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1}
	symbols := []string{"M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"}
	var b strings.Builder
	for i, v := range values {
		for n >= v {
			b.WriteString(symbols[i])
			n -= v
		}
	}
	return b.String()
}
