package text

import (
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Options says how long chunks are, in characters (code points) or tokens. Without any numbers, that is 900 and 120 characters, or 240 and
// 32 tokens.
type Options struct {
	Size    int  // length that no chunk exceeds; positive
	Overlap int  // how much of a chunk the next one may repeat, from 0 to Size-1; Split repeats at most half of Size
	Tokens  bool // lengths are in tokens as Length estimates them
}

// Validate returns an error of kind fault.Invalid that names chunk_size or chunk_overlap when a value is out of range.
func (o Options) Validate() error {
	o = o.orDefaults()
	switch {
	case o.Size <= 0:
		return fault.Field("chunk_size", "must be greater than 0")
	case o.Overlap < 0:
		return fault.Field("chunk_overlap", "must not be negative")
	case o.Overlap >= o.Size:
		return fault.Field("chunk_overlap", "must be less than chunk_size")
	}
	return nil
}

func (o Options) orDefaults() Options {
	switch {
	case o.Size != 0 || o.Overlap != 0:
		return o
	case o.Tokens:
		return Options{Size: 240, Overlap: 32, Tokens: true}
	}
	return Options{Size: 900, Overlap: 120}
}

// tokenParts is how many parts of a token Split counts in.
const tokenParts = 4

// inParts returns the options with lengths in what cost counts.
func (o Options) inParts() Options {
	if o.Tokens {
		o.Size, o.Overlap = o.Size*tokenParts, o.Overlap*tokenParts
	}
	return o
}

// cost is what a character adds to the length of a text, in characters or parts of a token. Tokenisers of today make one token of about
// four letters of English, of two letters of other alphabets or two digits or signs, and of one character of any other script.
func (o Options) cost(r rune) int {
	switch {
	case !o.Tokens || r == ' ' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
		return 1
	case r < 0x2000:
		return 2
	}
	return tokenParts
}

// length is the length of a text in what cost counts.
func (o Options) length(s string) int {
	if !o.Tokens {
		return utf8.RuneCountInString(s)
	}
	n := 0
	for _, r := range s {
		n += o.cost(r)
	}
	return n
}

// Length is the length of a text as these options count: its characters, or about how many tokens a model makes of it.
func (o Options) Length(s string) int {
	if !o.Tokens {
		return o.length(s)
	}
	return (o.length(s) + tokenParts - 1) / tokenParts
}

// overlap is the length that a chunk may repeat. Half of a chunk is new, whatever the options say, so that a text never
// becomes a crawl of slivers.
func (o Options) overlap() int { return max(0, min(o.Overlap, o.Size/2)) }

// shortest is how much new text the last chunk of a section should hold.
func (o Options) shortest() int { return min(max(80, o.Size/4), o.Size/3) }

// Chunk is a stretch of a Text that is embedded, indexed and retrieved as one.
type Chunk struct {
	Ordinal int // from 0, in reading order
	Span
	Text     string   // Body[Start:End], never blank, no white space at either end
	PageFrom int      // number of the page on which the chunk begins; 0 when the text has no pages
	PageTo   int      // number of the page on which the chunk ends; 0 when the text has no pages
	RowFrom  int      // number of the sheet's row, or the file's record, with which the chunk begins; 0 when the text has none
	RowTo    int      // number of the one with which it ends; 0 when the text has none
	Headings []string // titles of the sections that all of the chunk's text is in, top first
	Section  Span     // the innermost of them, from its heading to the end of the last section within it; zero when there is none
	Lead     string   // header of the table that the chunk begins inside, which its rows can't be understood without
}

// Split cuts a text into chunks in reading order. Together they hold every character of the body that isn't white space.
//
// No chunk is longer than o.Size. Within that, a chunk ends where a paragraph or list item ends, else where a sentence
// does, else after a comma or at a space, and only inside something longer than a chunk between two grapheme clusters.
// A section begins a new chunk, except that a heading stays with what follows it and that neighbouring sections share a
// chunk when together they are shorter than a third of o.Size. Tables and code that fit into a chunk stay whole; longer
// ones are cut at line ends. Where a section needs several chunks, each repeats up to o.Overlap characters of its
// predecessor, as whole sentences or else whole words, and the last two share what is left so that none is a sliver.
// A change of the text changes the chunks around it: in a section of many chunks, some ends depend on the text near them
// alone, and behind the next of those the chunks are what they were.
//
// The result depends on nothing but the arguments, and the time grows linearly with the text. Options that Validate
// refuses are bent into the nearest that it accepts.
func Split(t Text, o Options) []Chunk {
	o = o.orDefaults()
	o.Size = max(o.Size, 1)
	o = o.inParts()
	outline := newOutline(t)
	s := splitter{
		body:      t.Body,
		options:   o,
		sentences: Sentences(t.Body),
		regions:   newRegions(t, o),
		titles:    outline.titles(),
	}
	rows := rowFinder{text: t}
	var chunks []Chunk
	for _, group := range outline.groups(o) {
		for _, span := range s.split(group) {
			c := Chunk{Ordinal: len(chunks), Span: span, Text: t.Body[span.Start:span.End], Lead: s.lead(span.Start)}
			section := outline.around(span)
			c.Headings, c.Section = outline.path(section), outline.span(section)
			c.PageFrom, c.PageTo = pageAt(t.Pages, span.Start), pageAt(t.Pages, span.End-1)
			c.RowFrom, c.RowTo = rows.rows(span)
			chunks = append(chunks, c)
		}
	}
	return chunks
}
