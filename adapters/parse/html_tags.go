package parse

import (
	"strconv"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/ragcorp/ragcorp/core/text"
)

// maxNested bounds lists and tables inside each other; what is deeper counts as part of the level above.
const maxNested = 64

func (h *htmlReader) start(t xhtml.Token) {
	name := t.DataAtom
	if h.skip.open() {
		h.skip.count(t.Data, true)
		// An element that was never closed must not swallow the page; a paragraph needn't be.
		if headingLevel(name) == 0 && name != atom.Main && name != atom.Body && (h.skip.name != "p" || isInline(name)) {
			return
		}
		h.skip = element{}
	}
	if h.frame.open() {
		h.frame.count(t.Data, true)
	}
	switch {
	case name == atom.Title:
		if h.part {
			h.skip = element{t.Data, 1}
			return
		}
		h.title = true
		return
	case name == atom.Meta:
		h.metaTag(t)
		return
	case name == atom.Html:
		h.out.meta("language", attribute(t, "lang"))
		return
	case isNoText(t):
		h.skip = element{t.Data, 1}
		return
	}
	if len(h.tables) > 0 && h.startInTable(t) {
		return
	}
	h.startBlock(t)
}

// startBlock handles what begins or ends a block, outside of tables.
func (h *htmlReader) startBlock(t xhtml.Token) {
	name := t.DataAtom
	if !isInline(name) {
		h.flush()
	}
	switch name {
	case atom.Br:
		h.text.WriteByte('\n')
		h.gap = false
	case atom.A:
		if h.noteMark = isNoteMark(t); h.noteMark {
			h.running("[")
		}
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		h.block = text.Block{Kind: text.Heading, Level: headingLevel(name)}
		h.marker = false
	case atom.Ul, atom.Ol, atom.Menu:
		if len(h.lists) < maxNested {
			first, err := strconv.Atoi(attribute(t, "start"))
			if err != nil {
				first = 1
			}
			h.lists = append(h.lists, htmlList{ordered: name == atom.Ol, next: first})
		}
	case atom.Li:
		h.beginItem()
	case atom.Pre:
		h.pre++
	case atom.Table:
		h.tables = append(h.tables, &htmlTable{})
	case atom.Main, atom.Article:
		h.main++
	}
	if !h.frame.open() && isFrame(t, h.main > 0) {
		h.frame = element{t.Data, 1}
	}
}

func (h *htmlReader) selfClosing(t xhtml.Token) {
	switch t.DataAtom {
	case atom.Br, atom.Meta:
		h.start(t)
	case atom.Hr:
		h.flush()
	}
}

func (h *htmlReader) end(name string) {
	a := atom.Lookup([]byte(name))
	h.title = false
	if h.skip.open() {
		h.skip.count(name, false)
		return
	}
	if a == atom.A && h.noteMark {
		h.noteMark = false
		h.running("]")
	}
	if len(h.tables) > 0 {
		h.endInTable(a)
	} else if !isInline(a) {
		h.endBlock(a)
	}
	if h.frame.open() {
		h.frame.count(name, false)
	}
}

// isNoteMark reports whether a link is the mark of a footnote, whose number would otherwise stick to the word before it.
func isNoteMark(t xhtml.Token) bool {
	return attribute(t, "role") == "doc-noteref" || attribute(t, "epub:type") == "noteref" || strings.Contains(attribute(t, "class"), "footnote-ref")
}

// isNoteReturn reports whether a link leads from a footnote back to its mark.
func isNoteReturn(t xhtml.Token) bool {
	return attribute(t, "role") == "doc-backlink" || strings.Contains(attribute(t, "class"), "footnote-back")
}

func (h *htmlReader) endBlock(a atom.Atom) {
	h.flush()
	switch a {
	case atom.Pre:
		h.pre = max(h.pre-1, 0)
	case atom.Ul, atom.Ol, atom.Menu:
		h.lists = h.lists[:max(len(h.lists)-1, 0)]
		h.block, h.marker = text.Block{}, false
	case atom.Li:
		h.block, h.marker = text.Block{}, false
	case atom.Main, atom.Article:
		h.main = max(h.main-1, 0)
	case atom.Body:
		h.frame = element{}
	}
}

func (h *htmlReader) metaTag(t xhtml.Token) {
	key := strings.ToLower(attribute(t, "name") + attribute(t, "property"))
	switch key {
	case "author", "description", "keywords", "date":
		h.out.meta(key, attribute(t, "content"))
	case "article:published_time", "dc.date", "dcterms.created":
		h.out.meta("created", attribute(t, "content"))
	}
}

func attribute(t xhtml.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// isNoText reports whether the content of an element is not shown as text.
func isNoText(t xhtml.Token) bool {
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Svg, atom.Math, atom.Iframe, atom.Object,
		atom.Canvas, atom.Select, atom.Button, atom.Audio, atom.Video, atom.Textarea, atom.Datalist, atom.Noembed, atom.Noframes:
		return true
	case atom.A:
		return isNoteReturn(t)
	case atom.Div, atom.Section, atom.Span, atom.Ul, atom.Ol, atom.Table, atom.Dialog, atom.Form, atom.Aside, atom.P, atom.B, atom.I, atom.Em,
		atom.Strong, atom.Font, atom.Small, atom.Label, atom.Blockquote, atom.Pre:
		return isHidden(t)
	}
	return false
}

func isHidden(t xhtml.Token) bool {
	for _, a := range t.Attr {
		style := strings.ReplaceAll(strings.ToLower(a.Val), " ", "")
		if a.Key == "hidden" && a.Val != "until-found" || a.Key == "aria-hidden" && a.Val == "true" ||
			a.Key == "style" && strings.Contains(style, "display:none") {
			return true
		}
	}
	return false
}

// isFrame reports whether an element surrounds the content of a page: navigation, or a header or footer of the page
// (one inside of an article belongs to the article).
func isFrame(t xhtml.Token, inMain bool) bool {
	switch attribute(t, "role") {
	case "navigation", "banner", "contentinfo", "search":
		return true
	}
	switch t.DataAtom {
	case atom.Nav:
		return true
	case atom.Header, atom.Footer:
		return !inMain
	}
	return false
}

// isInline reports whether an element stands within a line of text. Unknown elements do.
func isInline(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Caption, atom.Center, atom.Dd,
		atom.Details, atom.Dialog, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer,
		atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Head, atom.Header, atom.Hgroup, atom.Hr,
		atom.Html, atom.Legend, atom.Li, atom.Main, atom.Menu, atom.Nav, atom.Ol, atom.P, atom.Pre, atom.Section,
		atom.Summary, atom.Table, atom.Tbody, atom.Td, atom.Tfoot, atom.Th, atom.Thead, atom.Tr, atom.Ul:
		return false
	}
	return true
}
