// Package text holds the pure algorithms on text that the product stands on: composing a document out of blocks,
// cutting it into chunks, finding sentences, telling languages and analysing terms for lexical search.
//
// It knows nothing of storage or models. All offsets are byte offsets into UTF-8 text, half open: [Start, End).
package text

// Kind says what a block of a document is.
type Kind uint8

// The kinds of block.
const (
	Paragraph Kind = iota // running text
	Heading               // a title of a section; Level says how deep
	ListItem              // one item of a list, with its marker
	Table                 // a whole table, or some rows of it, in Markdown
	Code                  // preformatted text; white space is kept
)

// Block is a piece of a document as a parser finds it, in reading order.
type Block struct {
	Kind  Kind
	Level int    // depth of a Heading, 1 is the top; 0 otherwise
	Page  int    // page, slide or sheet on which the block begins, from 1; 0 where the format has none
	Row   int    // row of the sheet, or record of the file, with which the block begins, from 1; 0 where there are none
	Text  string // not yet normalised
}

// Span is a range of bytes, half open.
type Span struct{ Start, End int }

// Page is a page, slide or sheet of a composed text.
type Page struct {
	Number int // from 1
	Span
}

// Section is a heading of a composed text; Span covers the heading's own line.
type Section struct {
	Level int // 1 is the top
	Title string
	Span
}

// Region is a stretch of a composed text that is better not cut: a table or code.
type Region struct {
	Kind Kind
	Span
}

// Text is a normalised document with its structure. Pages are ascending and don't overlap; together they cover Body
// when the format has pages, and are empty when it has none.
type Text struct {
	Body     string
	Pages    []Page
	Sections []Section
	Regions  []Region
	Rows     []Rows // ascending and apart
}
