package parse

import (
	"strings"
)

// word does what a control word says.
func (r *rtfReader) word(word string, n int, given bool) error { //nolint:cyclop // a list of cases, each a line or two; apart they would be harder to follow
	r.flushRaw()
	fresh, optional := r.group.fresh, r.group.opt
	r.group.fresh, r.group.opt = false, false
	if r.left > 0 && word != "u" && !strings.HasPrefix(word, "uc") {
		r.left-- // a word counts as a character that stands for one in Unicode
		if isCharacterWord(word) {
			return nil
		}
		r.left++
	}
	if fresh || optional {
		if r.destination(word, optional) {
			return nil
		}
	}
	if s := character(word); s != "" {
		r.write(s)
		return nil
	}
	switch word {
	case "par", "sect":
		return r.paragraph()
	case "page":
		return r.paragraph()
	case "line":
		r.write("\n")
	case "cell":
		r.endCell()
	case "nestcell":
		r.innerCell()
	case "row":
		r.endRow()
	case "trowd":
		if r.group.where == "" { // and not of a table inside of a cell
			r.edges = nil
		}
	case "cellx":
		if r.group.where == "" && len(r.edges) < 128 {
			r.edges = append(r.edges, n)
		}
	case "pard":
		r.group.style, r.group.level, r.group.table, r.bullet = 0, 0, false, false
	case "intbl":
		r.group.table = true
	default:
		r.setting(word, n, given)
	}
	return nil
}

// setting takes words that change the state and print nothing.
func (r *rtfReader) setting(word string, n int, given bool) { //nolint:cyclop // a list of cases, each a line or two; apart they would be harder to follow
	switch word {
	case "u":
		r.unicode(n)
	case "uc":
		r.group.skip = max(0, min(n, 16))
	case "ansicpg":
		r.page = codePage(n)
	case "mac":
		r.page = codePage(10000)
	case "pc":
		r.page = codePage(437)
	case "f":
		if r.group.where == "fonttbl" {
			r.current = n
		}
		r.group.font = r.fonts[n]
	case "fcharset":
		if r.group.where == "fonttbl" {
			if cp := charsetPage(n); cp != 0 && len(r.fonts) < 4096 {
				r.fonts[r.current] = codePage(cp)
			}
		}
	case "s":
		r.current, r.group.style = n, n
	case "outlinelevel":
		if level := max(0, min(n+1, 10)); level < 10 {
			r.group.level = level
			if r.group.where == "stylesheet" {
				r.levels[r.current] = level
				r.group.level = 0
			}
		}
	case "deleted", "v":
		r.group.gone = !given || n != 0
	case "plain":
		r.group.gone, r.group.font = false, nil
	case "ls":
		r.bullet = n > 0
	}
}

// destination tells whether a group that begins with this word is something other than text, and notes it.
func (r *rtfReader) destination(word string, optional bool) bool {
	if r.group.where == "nothing" {
		return true
	}
	switch word {
	case "annotation":
		r.group.where = "footnote"
		return true
	case "footnote", "stylesheet", "fonttbl", "info", "title", "author", "subject", "keywords":
		r.group.where = word
		return true
	case "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf":
		r.group.where = "running"
		return true
	case "colortbl", "pict", "object", "fldinst", "sp", "ud", "shppict", "shprslt", "doccomm",
		"listtable", "listoverridetable", "revtbl", "rsidtbl", "generator", "themedata", "datastore", "latentstyles", "xmlnstbl",
		"nonshppict", "pgptbl", "filetbl", "bkmkstart", "bkmkend", "ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn",
		"operator", "company", "manager", "category", "creatim", "revtim", "printim", "buptim", "comment", "tc", "xe", "nesttableprops":
		r.group.where = "nothing"
		return true
	case "shptxt", "shpinst", "shp", "fldrslt", "listtext", "pntext", "upr":
		return true
	}
	if optional {
		r.group.where = "nothing"
		return true
	}
	return false
}

// character returns what a word that stands for a character prints.
func character(word string) string {
	switch word {
	case "tab":
		return "\t"
	case "emdash":
		return "—"
	case "endash":
		return "–"
	case "lquote":
		return "‘"
	case "rquote":
		return "’"
	case "ldblquote":
		return "“"
	case "rdblquote":
		return "”"
	case "bullet":
		return "•"
	case "emspace", "enspace", "qmspace":
		return " "
	}
	return ""
}

func isCharacterWord(word string) bool { return character(word) != "" }

// charsetPage maps the charset of a font to a code page; 0 where it says nothing.
func charsetPage(n int) int {
	return map[int]int{
		77:  10000,
		128: 932,
		129: 949,
		134: 936,
		136: 950,
		161: 1253,
		162: 1254,
		163: 1258,
		177: 1255,
		178: 1256,
		186: 1257,
		204: 1251,
		222: 874,
		238: 1250,
		0:   1252,
	}[n]
}
