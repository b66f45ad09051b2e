package parse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"unicode"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
)

// format reads files of one kind. To add one: a file with its implementation, a line in formats, and its mark in sniff.
// A format that holds resources is also an io.Closer. It is safe for concurrent use.
type format interface {
	// read hands the content of src to out, in reading order. It needs time and memory in proportion to the file,
	// whatever is in it, and doesn't check limits on text itself: out does.
	read(ctx context.Context, src source, out *output) error
}

// formats is the table of everything that can be read. With interruptible, a format ends soon after its context does,
// also inside foreign code.
func formats(o Options, interruptible bool) map[string]format {
	return map[string]format{
		PDF:      newPDF(o, interruptible),
		DOCX:     docx{},
		HTML:     html{},
		Markdown: markdown{},
		Plain:    plain{},
		PPTX:     pptx{},
		XLSX:     xlsx{},
		ODT:      odf{"an OpenDocument text"},
		ODS:      odf{"an OpenDocument spreadsheet"},
		ODP:      odf{"an OpenDocument presentation"},
		RTF:      rtf{},
		EPUB:     epub{},
		MHTML:    message{archive: true},
		EML:      message{},
		CSV:      separated{},
		TSV:      separated{tabs: true},
		JSON:     jsonData{},
		JSONL:    jsonData{lines: true},
		XML:      xmlData{},
		ZIP:      archive{},
	}
}

// handles reports whether files of a type are read with these options.
func (o Options) handles(mediaType string) bool {
	switch mediaType {
	case PDF, DOCX, HTML, Markdown, Plain, PPTX, XLSX, ODT, ODS, ODP, RTF, EPUB, MHTML, EML, CSV, TSV, JSON, JSONL, XML, ZIP:
		return true
	case DOC, XLS, PPT, MSG:
		return len(o.Convert) > 0
	case PNG, JPEG, TIFF:
		return len(o.OCR) > 0
	}
	return false
}

func closeFormats(fs map[string]format) error {
	var errs []error
	for _, f := range fs {
		if c, ok := f.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// run reads one file; a panic becomes an error with the reason "crashed".
func run(ctx context.Context, f format, src source, out *output) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = crashed(fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
		}
	}()
	if err := f.read(ctx, src, out); err != nil {
		return err
	}
	return out.finish()
}

// source is a file to read.
type source struct {
	body   io.Reader
	size   int64 // a hint
	limits Options
}

// all returns the whole file.
func (s source) all() ([]byte, error) {
	limit := s.limits.MaxInputBytes
	if s.size > limit {
		return nil, tooLarge("the file", limit)
	}
	// One byte more than the hint, so that a true hint needs no second allocation to see the end.
	data := make([]byte, 0, max(s.size, 4095)+1)
	for {
		n, err := s.body.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return nil, tooLarge("the file", limit)
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return nil, fmt.Errorf("read the file: %w", err)
		case len(data) == cap(data):
			data = append(data, 0)[:len(data)]
		}
	}
}

// output takes what a format finds and enforces the limits on it.
type output struct {
	limits   Options
	progress func(done, total int)                // may be nil
	flush    func([]text.Block) error             // takes blocks away in batches; nil keeps them in parsed
	attached func(document.Attachment) error      // takes files inside of this one; nil leaves them out
	image    func(page int, picture []byte) error // takes pages that only their pictures tell the text of; nil leaves them out
	images   int                                  // of those
	parsed   document.Parsed

	bytes   int64 // of text so far
	pending int64 // of text since the last flush
}

// batchBytes is how much text output gathers before it flushes.
const batchBytes = 256 << 10

// add takes the next block. Blank ones are dropped, invalid UTF-8 and NUL bytes replaced.
func (o *output) add(b text.Block) error {
	b.Text = clean(b.Text)
	if strings.TrimFunc(b.Text, isInvisible) == "" {
		return nil
	}
	o.bytes += int64(len(b.Text))
	if o.bytes > o.limits.MaxTextBytes {
		return tooLarge("the text of the file", o.limits.MaxTextBytes)
	}
	o.parsed.Blocks = append(o.parsed.Blocks, b)
	o.pending += int64(len(b.Text))
	if o.flush == nil || o.pending < batchBytes {
		return nil
	}
	return o.drain()
}

func isInvisible(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc) }

func (o *output) drain() error {
	if o.flush == nil || len(o.parsed.Blocks) == 0 {
		return nil
	}
	err := o.flush(o.parsed.Blocks)
	o.parsed.Blocks, o.pending = o.parsed.Blocks[:0], 0
	return err
}

// attach takes a file that is inside of this one.
func (o *output) attach(a document.Attachment) error {
	if o.attached == nil {
		return nil
	}
	a.Path = cut(clean(a.Path), 1000)
	return o.attached(a)
}

// notRead remembers the name of a file inside of this one that is no document.
func (o *output) notRead(name string) {
	list := o.parsed.Metadata["not_read"]
	if len(list) > 2000 {
		return
	}
	if list != "" {
		list += ", "
	}
	if o.parsed.Metadata == nil {
		o.parsed.Metadata = map[string]string{}
	}
	o.parsed.Metadata["not_read"] = list + oneLine(cut(clean(name), 200))
}

// sniff decides the type of a file inside of this one.
func (o *output) sniff(head []byte, name, declared string) (string, error) {
	return o.limits.sniff(head, name, declared)
}

// pages sets how many pages the file has, before they are read.
func (o *output) pages(n int) error {
	if n > o.limits.MaxPages {
		return tooManyPages(n, o.limits.MaxPages)
	}
	o.parsed.Pages = n
	return nil
}

func (o *output) report(done, total int) {
	if o.progress != nil {
		o.progress(done, total)
	}
}

// meta sets the title, for the key "title", or a field of the metadata. Blank values are ignored, long ones cut, and the
// first value of a key stays.
func (o *output) meta(key, value string) {
	value = cut(strings.Join(strings.Fields(clean(value)), " "), 500)
	switch {
	case value == "" || key == "":
	case key == "title":
		if o.parsed.Title == "" {
			o.parsed.Title = value
		}
	default:
		if o.parsed.Metadata == nil {
			o.parsed.Metadata = map[string]string{}
		}
		if _, ok := o.parsed.Metadata[key]; !ok && len(o.parsed.Metadata) < 32 {
			o.parsed.Metadata[key] = value
		}
	}
}

// finish ends the output of one file.
func (o *output) finish() error {
	if o.bytes == 0 && o.images == 0 {
		return noText(o.parsed.Pages > 0)
	}
	return o.drain()
}

func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}

// cut shortens s to at most n bytes, at a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context //nolint:containedctx // it lives no longer than one call of Parse
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
