package parse

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html/charset"

	"github.com/ragcorp/ragcorp/core/text"
)

// xmlData reads XML of any vocabulary: the text of each element that isn't part of a sentence is a paragraph, elements called
// title or head are headings, and elements without text are told by their attributes.
type xmlData struct{}

func (xmlData) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	if e := byteOrder(data); e != nil { // the decoder wants UTF-8, whatever the file declares
		if decoded, err := e.NewDecoder().Bytes(data); err == nil {
			data = decoded
		}
	}
	x := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))))
	x.Strict, x.Entity = false, xml.HTMLEntity
	x.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		if strings.HasPrefix(strings.ToLower(label), "utf-16") || strings.HasPrefix(strings.ToLower(label), "utf-32") {
			return input, nil // decoded above
		}
		if r, err := charset.NewReaderLabel(label, input); err == nil {
			return r, nil
		}
		return guessed(input)
	}
	r := xmlReader{out: out}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		t, err := x.Token()
		if errors.Is(err, io.EOF) {
			return r.flush()
		}
		if err != nil {
			return corrupt("XML", err)
		}
		if d, ok := t.(xml.Directive); ok && definesText(d) {
			return corrupt("XML without entities of its own", nil)
		}
		if err := r.token(t); err != nil {
			return err
		}
	}
}

// definesText reports whether a document type defines entities that stand for text. Those that stand for pictures and their like are never
// put in.
func definesText(doctype []byte) bool {
	for rest := doctype; ; {
		_, after, found := bytes.Cut(rest, []byte("<!ENTITY"))
		if !found {
			return false
		}
		definition, _, _ := bytes.Cut(after, []byte(">"))
		if !bytes.Contains(definition, []byte(" NDATA ")) {
			return true
		}
		rest = after
	}
}

// guessed decodes a text whose declared encoding isn't known.
func guessed(input io.Reader) (io.Reader, error) {
	data, err := io.ReadAll(input)
	if err != nil {
		return nil, err
	}
	s, err := decodeText(data)
	return strings.NewReader(s), err
}

type xmlReader struct {
	out    *output
	open   []xmlElement
	text   strings.Builder
	inText int // depth of the element whose text is at hand; 0 for none
}

type xmlElement struct {
	name  string
	said  bool // it, or something in it, has text
	attrs string
}

func (r *xmlReader) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		return r.end()
	case xml.CharData:
		return r.characters(t)
	}
	return nil
}

func (r *xmlReader) start(s xml.StartElement) error {
	r.open = append(r.open, xmlElement{name: strings.ToLower(s.Name.Local), attrs: attributesOf(s)})
	return nil
}

// attributesOf prints what attributes say, other than names of vocabularies and addresses.
func attributesOf(s xml.StartElement) string {
	var said []string
	for _, a := range s.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" || a.Name.Local == "schemaLocation" || strings.TrimSpace(a.Value) == "" {
			continue
		}
		said = append(said, a.Name.Local+": "+oneLine(a.Value))
	}
	return strings.Join(said, ", ")
}

func (r *xmlReader) characters(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		if r.inText > 0 {
			r.text.WriteByte(' ')
		}
		return nil
	}
	depth := len(r.open)
	if r.inText == 0 {
		r.inText = depth
	} else if depth < r.inText {
		r.inText = depth // the sentence goes on around the element with which it began
	}
	r.text.Write(data)
	if depth > 0 {
		r.open[depth-1].said = true
	}
	return nil
}

func (r *xmlReader) end() error {
	depth := len(r.open)
	if depth == 0 {
		return nil
	}
	e := r.open[depth-1]
	defer func() { r.open = r.open[:depth-1] }()
	if e.said && depth > 1 {
		r.open[depth-2].said = true
	}
	switch {
	case r.inText == depth:
		return r.flush()
	case !e.said && e.attrs != "":
		if r.inText > 0 {
			return nil // a mark inside of a sentence, such as a reference
		}
		if depth > 1 {
			r.open[depth-2].said = true
		}
		return r.out.add(text.Block{Text: e.name + " " + e.attrs})
	}
	return nil
}

// flush ends the paragraph at hand. It belongs to the innermost element.
func (r *xmlReader) flush() error {
	s := oneLine(r.text.String())
	r.text.Reset()
	r.inText = 0
	b := text.Block{Text: s}
	if n := len(r.open); n > 0 && len(s) < 300 {
		switch r.open[n-1].name {
		case "title", "head", "heading":
			b.Kind, b.Level = text.Heading, max(1, min(n-1, 6))
			r.out.meta("title", s)
		}
	}
	return r.out.add(b)
}
