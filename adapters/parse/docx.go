package parse

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"

	"golang.org/x/net/html/charset"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
)

// docx reads Word documents (ECMA-376, WordprocessingML) as a stream of XML tokens.
type docx struct{}

func (docx) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	if bytes.HasPrefix(data, []byte(oleMagic)) {
		return oleFault(data)
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return corrupt("a Word document", err)
	}
	d := &wordFile{ctx: ctx, out: out, parts: map[string]*zip.File{}, budget: src.limits.MaxUncompressed, limit: src.limits.MaxUncompressed}
	for _, f := range archive.File {
		d.parts[strings.TrimPrefix(f.Name, "/")] = f
	}
	return d.read()
}

// oleFault tells what is in an OLE2 container that was sent as a Word document.
func oleFault(data []byte) error {
	mark := strings.Join(strings.Split("EncryptedPackage", ""), "\x00") // in UTF-16
	if bytes.Contains(data, []byte(mark)) {
		return encrypted()
	}
	return fault.Unsupported.Errorf("the file is in the old Word format (.doc); save it as .docx and upload it again").
		Because(document.ReasonUnsupported)
}

// wordFile is an open document.
type wordFile struct {
	ctx    context.Context //nolint:containedctx // it lives no longer than one call of read
	out    *output
	parts  map[string]*zip.File
	budget int64 // bytes that may still be unpacked
	limit  int64

	styles    wordStyles
	numbering wordNumbering
	notes     map[string]string // by "footnote" or "endnote" and id
}

func (d *wordFile) read() error {
	main := "word/document.xml"
	if rels, err := d.relations("_rels/.rels", ""); err != nil {
		return err
	} else if targets := rels["officeDocument"]; len(targets) > 0 {
		main = targets[0]
	}
	if d.parts[main] == nil {
		return corrupt("a Word document", fmt.Errorf("it has no part %q", cut(main, 100)))
	}
	dir, base := path.Split(main)
	rels, err := d.relations(dir+"_rels/"+base+".rels", dir)
	if err != nil {
		return err
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
	}
	for _, s := range steps {
		for _, part := range rels[s.relation] {
			if err := s.read(part); err != nil {
				return err
			}
		}
	}
	return d.readProperties("docProps/core.xml")
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

// walk opens a part and hands its tokens to visit. A part that isn't there has none.
func (d *wordFile) walk(part string, visit func(x *xml.Decoder, t xml.Token) error) error {
	f := d.parts[part]
	if f == nil {
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return corrupt("a Word document", err)
	}
	defer func() { _ = r.Close() }() // it was only read
	x := xml.NewDecoder(&budgetReader{r: r, d: d})
	x.CharsetReader = charset.NewReaderLabel
	for n := 0; ; n++ {
		if n%1024 == 0 && d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		t, err := x.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			if directive, ok := t.(xml.Directive); ok {
				// OOXML forbids document types, and entities are what they would be for.
				err = fmt.Errorf("it has a document type: %s", cut(string(directive), 40))
			} else if err = visit(x, t); err == nil {
				continue
			}
		}
		if fault.Of(err) != nil || d.ctx.Err() != nil {
			return err
		}
		return corrupt("a Word document", fmt.Errorf("%s: %w", cut(part, 100), err))
	}
}

// budgetReader unpacks a part within the budget of the whole file.
type budgetReader struct {
	r io.Reader
	d *wordFile
}

func (b *budgetReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.d.budget -= int64(n); b.d.budget < 0 {
		return 0, tooLarge("the unpacked content of the file", b.d.limit)
	}
	return n, err
}

// relations maps the last word of each relation's type to the parts that it leads to.
func (d *wordFile) relations(part, dir string) (map[string][]string, error) {
	rels := map[string][]string{}
	err := d.walk(part, func(_ *xml.Decoder, t xml.Token) error {
		s, ok := t.(xml.StartElement)
		if !ok || s.Name.Local != "Relationship" || attr(s, "TargetMode") == "External" {
			return nil
		}
		target := attr(s, "Target")
		if absolute, ok := strings.CutPrefix(target, "/"); ok {
			target = absolute
		} else {
			target = path.Join(dir, target)
		}
		kind := path.Base(attr(s, "Type"))
		rels[kind] = append(rels[kind], target)
		return nil
	})
	return rels, err
}

func (d *wordFile) readProperties(part string) error {
	name := ""
	return d.walk(part, func(_ *xml.Decoder, t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			name = t.Name.Local
		case xml.EndElement:
			name = ""
		case xml.CharData:
			switch name {
			case "title", "subject", "keywords", "description", "language", "category", "created", "modified":
				d.out.meta(name, string(t))
			case "creator":
				d.out.meta("author", string(t))
			}
		}
		return nil
	})
}

// readNotes reads footnotes or endnotes; separators are notes too, without text.
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

func (d *wordFile) body(part string, add func(text.Block) error) error {
	w := wordReader{d: d, add: add}
	if err := d.walk(part, w.token); err != nil {
		return err
	}
	return w.flushNotes()
}

// attr returns an attribute by its local name.
func attr(s xml.StartElement, name string) string {
	for _, a := range s.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
