package parse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"github.com/ragcorp/ragcorp/core/text"
)

// html reads web pages, token by token: no tree is built, so depth costs nothing. Navigation, page headers and footers
// are left out as long as other text remains.
type html struct{}

func (html) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	s, err := decodeHTML(data)
	if err != nil {
		return corrupt("a web page", err)
	}
	h := htmlReader{out: out}
	if err := h.scan(ctx, s); err != nil {
		return err
	}
	return h.finish()
}

// decodeHTML trusts a byte order mark, then UTF-8 that is valid, then a declaration, and guesses otherwise.
func decodeHTML(data []byte) (string, error) {
	head := data[:min(len(data), 1024)]
	if byteOrder(data) == nil && bytes.Contains(bytes.ToLower(head), []byte("charset")) && (isASCII(data) || !utf8.Valid(data)) {
		if e, name, _ := charset.DetermineEncoding(head, ""); name != "utf-8" {
			if decoded, err := e.NewDecoder().Bytes(data); err == nil {
				data = decoded
			}
		}
	}
	return decodeText(data)
}

func isASCII(data []byte) bool {
	return bytes.IndexFunc(data, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// htmlReader turns tokens into blocks.
type htmlReader struct {
	out    *output
	part   bool // the page is a part of something larger, whose title is another
	blocks []htmlBlock

	text   strings.Builder // of the block in the making
	gap    bool            // white space is due before its next word
	block  text.Block
	marker bool // the block is a list item without text so far
	lists  []htmlList
	pre    int // depth of preformatted elements
	tables []*htmlTable

	skip     element // its content is not text
	frame    element // its content is navigation and the like
	main     int     // depth of main content
	title    bool
	noteMark bool // a link that marks a footnote is open
}

// htmlBlock is a block and where it stood.
type htmlBlock struct {
	text.Block
	frame bool // in navigation, page header or footer
	main  bool // in an element that says it is the main content
}

// element is an open element, found by counting elements of the same name; depth 0 means none.
type element struct {
	name  string
	depth int
}

func (e *element) open() bool { return e.depth > 0 }

func (e *element) count(name string, start bool) {
	switch {
	case name != e.name:
	case start:
		e.depth++
	default:
		e.depth--
	}
}

type htmlList struct {
	ordered bool
	next    int
}

func (h *htmlReader) scan(ctx context.Context, s string) error {
	z := xhtml.NewTokenizer(strings.NewReader(s))
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch z.Next() {
		case xhtml.ErrorToken:
			h.flush()
			for len(h.tables) > 0 {
				h.endTable()
			}
			if err := z.Err(); !errors.Is(err, io.EOF) {
				return corrupt("a web page", err)
			}
			return nil
		case xhtml.TextToken:
			h.characters(string(z.Text()))
		case xhtml.StartTagToken:
			h.start(z.Token())
		case xhtml.SelfClosingTagToken:
			h.selfClosing(z.Token())
		case xhtml.EndTagToken:
			name, _ := z.TagName()
			h.end(string(name))
		case xhtml.CommentToken, xhtml.DoctypeToken:
		}
	}
}

func (h *htmlReader) characters(s string) {
	switch {
	case h.title:
		h.out.meta("title", s)
	case h.skip.open():
	case len(h.tables) > 0:
		if t := h.tables[len(h.tables)-1]; t.inCell || strings.TrimSpace(s) != "" {
			t.inCell = true // also where it has no place, between cells
			t.cell.WriteString(s)
		}
	case h.pre > 0:
		h.text.WriteString(s)
	default:
		h.running(s)
	}
}

// running writes text whose white space means nothing but a gap.
func (h *htmlReader) running(s string) {
	fields := strings.Fields(s)
	h.gap = h.gap || s != "" && (len(fields) == 0 || isSpace(s[0]))
	if len(fields) == 0 {
		return
	}
	if h.gap && h.text.Len() > 0 {
		h.text.WriteByte(' ')
	}
	h.text.WriteString(strings.Join(fields, " "))
	h.gap = isSpace(s[len(s)-1])
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }

// flush ends the block in the making.
func (h *htmlReader) flush() {
	s := h.text.String()
	h.text.Reset()
	h.gap = false
	b := h.block
	h.block = text.Block{}
	if h.pre > 0 {
		b.Kind = text.Code
		s = strings.Trim(s, "\n")
	}
	if strings.TrimSpace(s) == "" {
		if h.marker {
			h.block = b // the paragraph inside an item begins
		}
		return
	}
	h.marker = false
	b.Text += s
	h.blocks = append(h.blocks, htmlBlock{Block: b, frame: h.frame.open(), main: h.main > 0})
}

// finish chooses which blocks count: the marked main content when it holds a good part of the text, else everything
// outside of navigation, else everything.
func (h *htmlReader) finish() error {
	var all, body, main int
	for _, b := range h.blocks {
		all += len(b.Text)
		if !b.frame {
			body += len(b.Text)
			if b.main {
				main += len(b.Text)
			}
		}
	}
	for _, b := range h.blocks {
		if main*3 > body && (!b.main || b.frame) || body*5 > all && b.frame {
			continue
		}
		if err := h.out.add(b.Block); err != nil {
			return err
		}
	}
	return nil
}

func (h *htmlReader) beginItem() {
	marker := "- "
	if n := len(h.lists); n > 0 && h.lists[n-1].ordered {
		marker = strconv.Itoa(h.lists[n-1].next) + ". "
		h.lists[n-1].next++
	}
	h.block = text.Block{Kind: text.ListItem, Text: marker}
	h.marker = true
}

func headingLevel(a atom.Atom) int {
	switch a {
	case atom.H1:
		return 1
	case atom.H2:
		return 2
	case atom.H3:
		return 3
	case atom.H4:
		return 4
	case atom.H5:
		return 5
	case atom.H6:
		return 6
	}
	return 0
}
