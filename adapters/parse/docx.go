package parse

import (
	"bytes"
	"context"
	"encoding/xml"
	"path"
	"strings"
	"unicode"

	"github.com/ragcorp/ragcorp/core/text"
)

// docx reads Word documents (ECMA-376, WordprocessingML) as a stream of XML tokens.
type docx struct{}

func (docx) read(ctx context.Context, src source, out *output) error {
	c, err := openContainer(ctx, src, out, "a Word document")
	if err != nil {
		return err
	}
	return (&wordFile{container: c}).read()
}

// wordFile is an open document.
type wordFile struct {
	*container

	styles    wordStyles
	numbering wordNumbering
	notes     map[string]string // by "footnote", "endnote" or "comment" and id
	targets   map[string]relation
}

func (d *wordFile) read() error {
	main, err := d.main("word/document.xml")
	if err != nil {
		return err
	}
	all, err := d.relations(main)
	if err != nil {
		return err
	}
	rels := byKind(all)
	d.targets = map[string]relation{}
	for _, r := range all {
		d.targets[r.id] = r
	}
	if err := d.readSupport(rels); err != nil {
		return err
	}
	if err := d.frame(rels["header"]); err != nil {
		return err
	}
	if err := d.body(main, d.out.add); err != nil {
		return err
	}
	return d.frame(rels["footer"])
}

// readSupport reads the parts that the body refers to.
func (d *wordFile) readSupport(rels map[string][]string) error {
	d.notes = map[string]string{}
	d.numbering = wordNumbering{}
	steps := []struct {
		relation string
		read     func(part string) error
	}{
		{"styles", d.readStyles},
		{"numbering", d.readNumbering},
		{"footnotes", func(part string) error { return d.readNotes(part, "footnote") }},
		{"endnotes", func(part string) error { return d.readNotes(part, "endnote") }},
		{"comments", func(part string) error { return d.readNotes(part, "comment") }},
	}
	for _, s := range steps {
		for _, part := range rels[s.relation] {
			if err := s.read(part); err != nil {
				return err
			}
		}
	}
	return d.properties("docProps/core.xml")
}

// frame reads headers or footers. What several of them say is said once, and bare page numbers not at all.
func (d *wordFile) frame(parts []string) error {
	seen := map[string]bool{}
	for _, part := range parts {
		err := d.body(part, func(b text.Block) error {
			key := strings.Map(letterOrNothing, b.Text)
			if key == "" || seen[key] || isPageWord(key) {
				return nil
			}
			seen[key] = true
			if b.Kind == text.Heading {
				b.Kind, b.Level = text.Paragraph, 0
			}
			return d.out.add(b)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func letterOrNothing(r rune) rune {
	if unicode.IsLetter(r) {
		return unicode.ToLower(r)
	}
	return -1
}

func isPageWord(letters string) bool {
	switch letters {
	case "page", "pageof", "p", "of", "página", "páginade", "pág", "págde", "de", "seite", "seitevon", "von", "pagesur", "sur":
		return true
	}
	return false
}

// readNotes reads footnotes, endnotes or comments; separators are notes too, without text.
func (d *wordFile) readNotes(part, kind string) error {
	var id string
	w := wordReader{d: d, notes: true}
	w.add = func(b text.Block) error {
		key := kind + id
		d.notes[key] = strings.TrimSpace(d.notes[key] + " " + oneLine(b.Text))
		return nil
	}
	return d.walk(part, func(x *xml.Decoder, t xml.Token) error {
		if s, ok := t.(xml.StartElement); ok && s.Name.Local == kind {
			id = attr(s, "id")
		}
		return w.token(x, t)
	})
}

// chunk reads a file of another kind that was put into the document whole, as converters from web pages do. It comes once.
func (d *wordFile) chunk(id string) error {
	r := d.targets[id]
	delete(d.targets, id)
	if r.kind != "aFChunk" {
		return nil
	}
	data, err := d.bytes(r.target)
	if err != nil || len(data) == 0 {
		return err
	}
	mediaType, _ := sniff(data[:min(len(data), sniffBytes)], r.target, "") // no type means that it is left out
	src := source{body: bytes.NewReader(data), size: int64(len(data)), limits: d.out.limits}
	switch mediaType {
	case HTML:
		return readPage(d.ctx, data, d.out)
	case MHTML:
		return message{archive: true}.read(d.ctx, src, d.out)
	case RTF:
		return rtf{}.read(d.ctx, src, d.out)
	case Plain:
		return plain{}.read(d.ctx, src, d.out)
	}
	d.out.notRead(path.Base(r.target))
	return nil
}

func (d *wordFile) body(part string, add func(text.Block) error) error {
	w := wordReader{d: d, add: add}
	if err := d.walk(part, w.token); err != nil {
		return err
	}
	return w.flushNotes()
}
