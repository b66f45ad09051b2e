package parse

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"golang.org/x/net/html/charset"

	"github.com/ragcorp/ragcorp/core/fault"
)

// container is a document that is a zip file of XML parts, as those of Office, OpenDocument and EPUB are.
type container struct {
	ctx    context.Context //nolint:containedctx // it lives no longer than one call of read
	out    *output
	what   string // such as "a Word document"
	parts  map[string]*zip.File
	budget int64 // bytes that may still be unpacked
	limit  int64
}

// openContainer reads the list of parts.
func openContainer(ctx context.Context, src source, out *output, what string) (*container, error) {
	data, err := src.all()
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte(oleMagic)) {
		return nil, oleFault(data, what)
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, corrupt(what, err)
	}
	limit := src.limits.MaxUncompressed
	c := &container{ctx: ctx, out: out, what: what, parts: map[string]*zip.File{}, budget: limit, limit: limit}
	for _, f := range archive.File {
		c.parts[strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/")] = f
	}
	return c, nil
}

// open opens a part within the budget of the whole file; nil when there is no such part.
func (c *container) open(part string) (io.ReadCloser, error) {
	f := c.parts[part]
	if f == nil {
		return nil, nil
	}
	if f.Flags&zipEncrypted != 0 {
		return nil, encrypted()
	}
	r, err := f.Open()
	if err != nil {
		return nil, corrupt(c.what, err)
	}
	return &budgetReader{ReadCloser: r, c: c}, nil
}

// zipEncrypted is the flag of entries with a password.
const zipEncrypted = 1

// budgetReader unpacks a part within the budget of the whole file.
type budgetReader struct {
	io.ReadCloser
	c *container
}

func (b *budgetReader) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.c.budget -= int64(n); b.c.budget < 0 {
		return 0, tooLarge("the unpacked content of the file", b.c.limit)
	}
	return n, err
}

// bytes unpacks a part; nil when there is no such part.
func (c *container) bytes(part string) ([]byte, error) {
	r, err := c.open(part)
	if err != nil || r == nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was only read
	data, err := io.ReadAll(r)
	if err != nil && fault.Of(err) == nil {
		err = corrupt(c.what, fmt.Errorf("%s: %w", cut(part, 100), err))
	}
	return data, err
}

// xmlVisit takes a token; the decoder lets it skip what follows.
type xmlVisit func(x *xml.Decoder, t xml.Token) error

// walk opens a part and hands its tokens to visit. A part that isn't there has none.
func (c *container) walk(part string, visit xmlVisit) error {
	r, err := c.open(part)
	if err != nil || r == nil {
		return err
	}
	defer func() { _ = r.Close() }() // it was only read
	err = walkXML(c.ctx, r, visit)
	if err == nil || fault.Of(err) != nil || c.ctx.Err() != nil {
		return err
	}
	return corrupt(c.what, fmt.Errorf("%s: %w", cut(part, 100), err))
}

// walkXML hands the tokens of an XML text to visit. Document types that define entities are an error: nothing honest needs
// them, and files that blow up do.
func walkXML(ctx context.Context, r io.Reader, visit xmlVisit) error {
	begin := bufio.NewReader(r)
	x := xml.NewDecoder(begin)
	x.CharsetReader = charset.NewReaderLabel
	if mark, _ := begin.Peek(4); byteOrder(mark) != nil {
		x = xml.NewDecoder(byteOrder(mark).NewDecoder().Reader(begin))
		x.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // the mark counts
	}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		t, err := x.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if directive, ok := t.(xml.Directive); ok && bytes.Contains(directive, []byte("ENTITY")) {
			return fmt.Errorf("it defines entities: %s", cut(string(directive), 40))
		}
		if err := visit(x, t); err != nil {
			return err
		}
	}
}

// relation is a link from one part to another one.
type relation struct{ id, kind, target string }

// relations reads where a part leads; those to the outside are left out.
func (c *container) relations(part string) ([]relation, error) {
	dir, base := path.Split(part)
	var rels []relation
	err := c.walk(dir+"_rels/"+base+".rels", func(_ *xml.Decoder, t xml.Token) error {
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
		rels = append(rels, relation{id: attr(s, "Id"), kind: path.Base(attr(s, "Type")), target: target})
		return nil
	})
	return rels, err
}

// byKind maps the last word of each relation's type to the parts that it leads to.
func byKind(rels []relation) map[string][]string {
	m := map[string][]string{}
	for _, r := range rels {
		m[r.kind] = append(m[r.kind], r.target)
	}
	return m
}

// main returns the part with which a document of Office begins.
func (c *container) main(usual string) (string, error) {
	rels, err := c.relations("")
	if err != nil {
		return "", err
	}
	if targets := byKind(rels)["officeDocument"]; len(targets) > 0 {
		usual = targets[0]
	}
	if c.parts[usual] == nil {
		return "", corrupt(c.what, fmt.Errorf("it has no part %q", cut(usual, 100)))
	}
	return usual, nil
}

// properties reads the metadata of a document: Dublin Core and its like.
func (c *container) properties(part string) error {
	name := ""
	return c.walk(part, func(_ *xml.Decoder, t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			name = t.Name.Local
		case xml.EndElement:
			name = ""
		case xml.CharData:
			c.property(name, string(t))
		}
		return nil
	})
}

func (c *container) property(name, value string) {
	switch name {
	case "title", "subject", "keywords", "description", "language", "category", "created", "modified":
		c.out.meta(name, value)
	case "creator", "initial-creator":
		c.out.meta("author", value)
	case "keyword":
		c.out.meta("keywords", value)
	case "creation-date":
		c.out.meta("created", value)
	case "date":
		c.out.meta("modified", value)
	}
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
