package text

import "strings"

// maxPageGap bounds how many pages without a block Compose lists in a row, so that a wild page number costs nothing.
const maxPageGap = 10_000

// Compose normalises the blocks and joins them into one text with a blank line between them, or a single line end
// between list items that follow each other. Blocks that are blank after normalisation leave no text, only their page.
//
// Headings become one line. Tables lose blank lines. A page reaches to where the text of the next one begins; pages
// that hold no text, also those that no block mentions, are empty spans and are listed as long as a later page has text.
// A block whose page is 0 or lower than its predecessor's stays on the predecessor's page.
func Compose(blocks []Block) Text {
	var c composer
	for _, b := range blocks {
		c.page = max(c.page, b.Page)
		if s := normaliseBlock(b); s != "" {
			c.add(b, s)
		}
	}
	c.text.Body = c.body.String()
	if n := len(c.text.Pages); n > 0 {
		c.text.Pages[n-1].End = len(c.text.Body)
	}
	return c.text
}

func normaliseBlock(b Block) string {
	switch b.Kind {
	case Code:
		return NormaliseCode(b.Text)
	case Table:
		return strings.ReplaceAll(Normalise(b.Text), "\n\n", "\n")
	case Heading:
		return strings.Join(strings.Fields(Normalise(b.Text)), " ")
	case Paragraph, ListItem:
	}
	return Normalise(b.Text)
}

// composer writes the body and remembers where it is.
type composer struct {
	text Text
	body strings.Builder
	last Kind // of the block written last
	page int  // of the block at hand, 0 as long as there is none
}

func (c *composer) add(b Block, s string) {
	if c.body.Len() > 0 {
		separator := "\n\n"
		if b.Kind == ListItem && c.last == ListItem {
			separator = "\n"
		}
		c.body.WriteString(separator)
	}
	c.turnPage()
	start := c.body.Len()
	c.body.WriteString(s)
	c.last = b.Kind

	span := Span{Start: start, End: c.body.Len()}
	if b.Row > 0 {
		c.text.Rows = append(c.text.Rows, Rows{First: b.Row, Table: b.Kind == Table, Span: span})
	}
	switch b.Kind {
	case Heading:
		c.text.Sections = append(c.text.Sections, Section{Level: max(b.Level, 1), Title: s, Span: span})
	case Table, Code:
		c.text.Regions = append(c.text.Regions, Region{Kind: b.Kind, Span: span})
	case Paragraph, ListItem:
	}
}

// turnPage lists the pages up to that of the block at hand, which begins at the end of the body.
func (c *composer) turnPage() {
	done, at := 0, c.body.Len()
	if n := len(c.text.Pages); n > 0 {
		done = c.text.Pages[n-1].Number
		if c.page > done {
			c.text.Pages[n-1].End = at
		}
	} else if c.page > 0 {
		at = 0 // text before the first page counts as its beginning
	}
	if c.page-done > maxPageGap {
		done = c.page - 1
	}
	for done < c.page {
		done++
		c.text.Pages = append(c.text.Pages, Page{Number: done, Span: Span{Start: at, End: at}})
	}
}
