package parse

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"net/url"
	"path"
	"strings"
)

// epub reads books (EPUB 2 and 3): the documents of the spine, in its order.
type epub struct{}

func (epub) read(ctx context.Context, src source, out *output) error {
	c, err := openContainer(ctx, src, out, "an EPUB book")
	if err != nil {
		return err
	}
	if err := epubProtection(c); err != nil {
		return err
	}
	spine, err := epubSpine(c)
	if err != nil {
		return err
	}
	for i, part := range spine {
		data, err := c.bytes(part)
		if err != nil {
			return err
		}
		if data == nil {
			continue
		}
		if err := readPage(ctx, data, out); err != nil {
			return err
		}
		out.report(i+1, len(spine))
	}
	return nil
}

// epubProtection refuses books whose content, rather than fonts alone, is encrypted.
func epubProtection(c *container) error {
	return c.walk("META-INF/encryption.xml", func(_ *xml.Decoder, t xml.Token) error {
		s, ok := t.(xml.StartElement)
		if ok && s.Name.Local == "CipherReference" {
			switch strings.ToLower(path.Ext(attr(s, "URI"))) {
			case ".xhtml", ".html", ".htm", ".xml", ".opf":
				return encrypted()
			}
		}
		return nil
	})
}

// epubSpine reads the metadata and returns the parts to read, in order; the table of contents is left out.
func epubSpine(c *container) ([]string, error) {
	var opf string
	err := c.walk("META-INF/container.xml", func(_ *xml.Decoder, t xml.Token) error {
		if s, ok := t.(xml.StartElement); ok && s.Name.Local == "rootfile" && opf == "" {
			opf = attr(s, "full-path")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if c.parts[opf] == nil {
		return nil, corrupt(c.what, errors.New("it has no package document"))
	}
	parts := map[string]string{}
	var spine []string
	name := ""
	err = c.walk(opf, func(_ *xml.Decoder, t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			name = t.Name.Local
			switch name {
			case "item":
				if href, err := url.PathUnescape(attr(t, "href")); err == nil && !strings.Contains(" "+attr(t, "properties")+" ", " nav ") {
					parts[attr(t, "id")] = path.Join(path.Dir(opf), href)
				}
			case "itemref":
				if part := parts[attr(t, "idref")]; part != "" {
					spine = append(spine, part)
				}
			}
		case xml.EndElement:
			name = ""
		case xml.CharData:
			if name == "date" {
				name = "created"
			}
			c.property(name, string(t))
		}
		return nil
	})
	return spine, err
}

// readPage reads a web page that is a part of something larger.
func readPage(ctx context.Context, data []byte, out *output) error {
	s, err := decodeHTML(bytes.TrimSpace(data))
	if err != nil {
		return corrupt("a web page", err)
	}
	h := htmlReader{out: out, part: true}
	if err := h.scan(ctx, s); err != nil {
		return err
	}
	return h.finish()
}
