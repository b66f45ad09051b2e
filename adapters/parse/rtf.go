package parse

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/ragcorp/ragcorp/core/text"
)

// rtf reads Rich Text Format (version 1.9.1).
type rtf struct{}

func (rtf) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(data[:min(len(data), 5)]), `{\rtf`) {
		return corrupt("an RTF file", nil)
	}
	r := rtfReader{ctx: ctx, out: out, data: data, page: charmap.Windows1252, levels: map[int]int{}, fonts: map[int]encoding.Encoding{}}
	r.utf8 = utf8.Valid(data)
	r.group = rtfGroup{skip: 1}
	return r.read()
}

// rtfGroup is the state that ends with a pair of braces.
type rtfGroup struct {
	where string // the destination; "" is the body
	skip  int    // characters that stand for one in Unicode, to be left out
	font  encoding.Encoding
	style int  // of the paragraph
	level int  // of the outline, from 1; 0 is body text
	table bool // the paragraph is in a table
	gone  bool // deleted, or hidden
	fresh bool // nothing has come since the brace
	opt   bool // what comes may be skipped if it isn't known
}

// rtfReader goes through a file once.
type rtfReader struct {
	ctx  context.Context //nolint:containedctx // it lives no longer than one call of read
	out  *output
	data []byte
	at   int
	page encoding.Encoding

	group  rtfGroup
	stack  []rtfGroup
	text   strings.Builder // the paragraph at hand
	raw    []byte          // of its bytes, those not yet decoded
	high   rune            // first half of a surrogate pair
	left   int             // characters still to be left out
	bullet bool            // the paragraph is an item

	utf8     bool // characters stand in it as they are, against the rules
	cells    []string
	cell     strings.Builder
	edges    []int // where the cells of the row at hand end
	rows     []rtfRow
	notes    []string
	numbered int
	note     strings.Builder
	levels   map[int]int // of headings, by style
	fonts    map[int]encoding.Encoding
	current  int // style or font that is being defined
	name     strings.Builder
	info     strings.Builder
	running  []string // headers and footers
}

func (r *rtfReader) read() error {
	for n := 0; r.at < len(r.data); n++ {
		if n%4096 == 0 && r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		c := r.data[r.at]
		r.at++
		var err error
		switch c {
		case '{':
			r.flushRaw()
			r.push()
		case '}':
			r.flushRaw()
			r.pop()
		case '\\':
			err = r.control()
		case '\r', '\n', 0:
		default:
			r.plain(c)
		}
		if err != nil {
			return err
		}
	}
	if len(r.stack) > 0 {
		return corrupt("a whole RTF file", nil)
	}
	return r.finish()
}

// maxRTFDepth bounds groups inside of each other.
const maxRTFDepth = 100_000

func (r *rtfReader) push() {
	if len(r.stack) < maxRTFDepth {
		r.stack = append(r.stack, r.group)
	}
	r.group.fresh, r.group.opt = true, false
}

func (r *rtfReader) pop() {
	ended := r.group
	n := len(r.stack)
	if n == 0 {
		return // more braces than there are groups
	}
	r.group = r.stack[n-1]
	r.stack = r.stack[:n-1]
	if ended.where != r.group.where {
		r.leave(ended.where)
	}
	if n == 1 { // the end of the document; what follows is no part of it
		r.at = len(r.data)
	}
}

// leave ends a destination.
func (r *rtfReader) leave(where string) {
	switch where {
	case "footnote":
		r.numbered++
		mark := "[" + strconv.Itoa(r.numbered) + "]"
		r.notes = append(r.notes, mark+" "+oneLine(r.note.String()))
		r.note.Reset()
		r.write(mark)
	case "title", "author", "subject", "keywords":
		r.out.meta(where, r.info.String())
		r.info.Reset()
	case "running":
		r.running = append(r.running, oneLine(r.info.String()))
		r.info.Reset()
	case "stylesheet":
		r.defineStyle()
	}
}

// control reads what follows a backslash.
func (r *rtfReader) control() error {
	if r.at >= len(r.data) {
		return nil
	}
	c := r.data[r.at]
	if !isLetter(c) {
		r.at++
		return r.symbol(c)
	}
	start := r.at
	for r.at < len(r.data) && isLetter(r.data[r.at]) && r.at-start < 32 {
		r.at++
	}
	word := string(r.data[start:r.at])
	start = r.at
	if r.at < len(r.data) && r.data[r.at] == '-' {
		r.at++
	}
	for r.at < len(r.data) && '0' <= r.data[r.at] && r.data[r.at] <= '9' {
		r.at++
	}
	n, err := strconv.Atoi(string(r.data[start:min(r.at, start+11)])) // all that 32 bits take; dates fill them
	given := err == nil
	if r.at < len(r.data) && r.data[r.at] == ' ' {
		r.at++
	}
	if word == "bin" {
		r.at = min(len(r.data), r.at+max(n, 0))
		return nil
	}
	return r.word(word, n, given)
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func (r *rtfReader) symbol(c byte) error {
	switch c {
	case '\'':
		if r.at+2 <= len(r.data) {
			if v, err := strconv.ParseUint(string(r.data[r.at:r.at+2]), 16, 8); err == nil {
				r.byte(byte(v))
			}
			r.at += 2
		}
	case '*':
		r.group.opt = r.group.fresh // anywhere else it means nothing
		return nil
	case '~':
		r.write("\u00a0")
	case '_':
		r.write("-")
	case '-': // a place where a word may be parted
	case '\n', '\r':
		return r.paragraph()
	case '\\', '{', '}':
		r.byte(c)
	}
	r.group.fresh = false
	return nil
}

// plain takes a character that stands for itself.
func (r *rtfReader) plain(c byte) {
	if c < utf8.RuneSelf || !r.utf8 {
		r.byte(c)
		return
	}
	char, size := utf8.DecodeRune(r.data[r.at-1:])
	r.at += size - 1
	r.group.fresh = false
	if r.left > 0 {
		r.left--
		return
	}
	r.write(string(char))
}

// byte takes a character in the code page of its font.
func (r *rtfReader) byte(c byte) {
	r.group.fresh = false
	if r.left > 0 {
		r.left--
		return
	}
	r.raw = append(r.raw, c)
}

func (r *rtfReader) flushRaw() {
	if len(r.raw) == 0 {
		return
	}
	page := r.page
	if r.group.font != nil {
		page = r.group.font
	}
	decoded, err := page.NewDecoder().Bytes(r.raw)
	if err != nil {
		decoded = r.raw
	}
	r.raw = r.raw[:0]
	r.write(string(decoded))
}

// write puts text where it belongs.
func (r *rtfReader) write(s string) {
	if len(r.raw) > 0 {
		r.flushRaw()
	}
	if r.group.gone {
		return
	}
	switch r.group.where {
	case "":
		r.text.WriteString(s)
	case "footnote":
		r.note.WriteString(s)
	case "title", "author", "subject", "keywords", "running":
		r.info.WriteString(s)
	case "stylesheet":
		r.name.WriteString(s)
		if strings.Contains(s, ";") {
			r.defineStyle()
		}
	}
}

// unicode takes a character of \u; what is beyond the basic plane comes in halves.
func (r *rtfReader) unicode(n int) {
	c := rune(uint16(n)) //nolint:gosec // negative numbers stand for the upper half
	r.flushRaw()
	if utf16.IsSurrogate(c) {
		if r.high != 0 {
			r.write(string(utf16.DecodeRune(r.high, c)))
			r.high = 0
		} else {
			r.high = c
		}
	} else {
		r.write(string(c))
	}
	r.left = r.group.skip
}

// defineStyle remembers a style of headings.
func (r *rtfReader) defineStyle() {
	name := strings.ToLower(strings.Trim(strings.TrimSpace(r.name.String()), ";"))
	r.name.Reset()
	var s wordStyle
	s.named(name)
	if s.level > 0 && r.levels[r.current] == 0 {
		r.levels[r.current] = s.level
	}
}

// paragraph ends the paragraph at hand.
func (r *rtfReader) paragraph() error {
	r.flushRaw()
	switch {
	case r.group.where == "footnote":
		r.note.WriteByte(' ')
		return nil
	case r.group.where != "":
		return nil
	case r.group.table:
		r.cell.WriteString(" " + r.text.String())
		r.text.Reset()
		return nil
	}
	if err := r.table(); err != nil {
		return err
	}
	s := strings.TrimSpace(r.text.String())
	r.text.Reset()
	b := text.Block{Text: s}
	level := r.group.level
	if level == 0 {
		level = r.levels[r.group.style]
	}
	switch {
	case level > 0:
		b.Kind, b.Level, b.Text = text.Heading, level, oneLine(s)
	case bullet.MatchString(s) || r.bullet:
		b.Kind = text.ListItem
	}
	if err := r.out.add(b); err != nil {
		return err
	}
	return r.flushNotes()
}

func (r *rtfReader) flushNotes() error {
	for _, s := range r.notes {
		if err := r.out.add(text.Block{Text: s}); err != nil {
			return err
		}
	}
	r.notes = nil
	return nil
}

func (r *rtfReader) finish() error {
	r.group.where, r.group.table = "", false
	if len(r.cells) > 0 { // of a row that never ends
		r.endRow()
	}
	if err := r.paragraph(); err != nil {
		return err
	}
	if err := r.table(); err != nil {
		return err
	}
	said := map[string]bool{}
	for _, s := range r.running {
		if key := strings.Map(letterOrNothing, s); key != "" && !said[key] && !isPageWord(key) {
			said[key] = true
			if err := r.out.add(text.Block{Text: s}); err != nil {
				return err
			}
		}
	}
	return nil
}

// codePage returns the encoding of a code page of Windows.
func codePage(n int) encoding.Encoding {
	name := "windows-" + strconv.Itoa(n)
	switch n {
	case 932:
		name = "shift_jis"
	case 936:
		name = "gbk"
	case 949:
		name = "euc-kr"
	case 950:
		name = "big5"
	case 437:
		return charmap.CodePage437
	case 850:
		return charmap.CodePage850
	case 65001:
		name = "utf-8"
	case 10000:
		name = "macintosh"
	}
	if e, err := htmlindex.Get(name); err == nil {
		return e
	}
	return charmap.Windows1252
}
