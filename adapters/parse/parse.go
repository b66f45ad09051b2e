// Package parse reads files of many formats as blocks of text: it is the adapter behind document.Parser.
//
// New keeps the reading apart from the program: every file is read by a child process, which is this same program started
// again without any of its environment, under limits of time, memory, pages and bytes. A file that breaks, hangs or bloats
// its reader costs that one child and is reported as unreadable. For that, main has to call ChildMain before anything
// else. InProcess reads in the program itself and needs nothing of the kind.
package parse

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

// The media types that are handled.
const (
	PDF      = "application/pdf"
	DOCX     = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	HTML     = "text/html"
	Markdown = "text/markdown"
	Plain    = "text/plain"
	PPTX     = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	XLSX     = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	ODT      = "application/vnd.oasis.opendocument.text"
	ODS      = "application/vnd.oasis.opendocument.spreadsheet"
	ODP      = "application/vnd.oasis.opendocument.presentation"
	RTF      = "application/rtf"
	EPUB     = "application/epub+zip"
	MHTML    = "multipart/related"
	EML      = "message/rfc822"
	CSV      = "text/csv"
	TSV      = "text/tab-separated-values"
	JSON     = "application/json"
	JSONL    = "application/x-ndjson"
	XML      = "application/xml"
	ZIP      = "application/zip"

	// These need Options.Convert.
	DOC = "application/msword"
	XLS = "application/vnd.ms-excel"
	PPT = "application/vnd.ms-powerpoint"
	MSG = "application/vnd.ms-outlook"

	// These need Options.OCR.
	PNG  = "image/png"
	JPEG = "image/jpeg"
	TIFF = "image/tiff"
)

// Options are the limits under which files are read. The zero value means all defaults.
type Options struct {
	MaxPages        int           // of one file. Defaults to 5,000
	MaxTextBytes    int64         // of the text found in one file; 5 MiB are some 2,500 pages. Defaults to 5 MiB
	MaxInputBytes   int64         // of one file. Defaults to 512 MiB
	MaxUncompressed int64         // of what is unpacked from one zip container. Defaults to 512 MiB
	MaxMemory       int64         // resident bytes of a child; enforced on Linux, elsewhere it only bounds the PDF engine's memory. Defaults to 1 GiB
	Timeout         time.Duration // for reading one file, not counting the wait for its bytes. Defaults to 5 minutes
	CPUTime         time.Duration // of a child for one file, on all CPUs together, enforced on Linux. Defaults to twice Timeout
	MaxFiles        int           // that a child may hold open, enforced on Linux: its standard ones, the poller's, and a few to spare. Defaults to 32
	Children        int           // how many files are read at once. Defaults to the number of CPUs, at most 4
	IdleAfter       time.Duration // when a child without work ends. Defaults to 1 minute

	// Convert is a command, with its arguments, that turns old files of Office and Outlook into ones that are read. In the
	// arguments, {file} stands for the old file, {dir} for the folder that the new one goes into and {to} for its kind: docx,
	// xlsx, pptx or eml. Such files are unsupported where it is empty.
	Convert []string

	// OCR is a command that reads pictures: Tesseract's, or one that takes the same arguments. Where it is empty, pictures are
	// unsupported and pages without text stay so.
	OCR []string
	// OCRLanguages are the languages that OCR expects, by Tesseract's names. Defaults to eng.
	OCRLanguages []string
	// OCRTimeout is for one page. Defaults to 1 minute.
	OCRTimeout time.Duration

	// CacheDir keeps the PDF engine's machine code, without which each child spends seconds of CPU on compiling it. What
	// lies there is executed: nobody else may write to it. Defaults to a folder in os.UserCacheDir; "-" means no cache.
	CacheDir string
}

func (o Options) withDefaults() Options {
	o.MaxPages = cmp.Or(o.MaxPages, 5000)
	o.MaxTextBytes = cmp.Or(o.MaxTextBytes, 5<<20)
	o.MaxInputBytes = cmp.Or(o.MaxInputBytes, 512<<20)
	o.MaxUncompressed = cmp.Or(o.MaxUncompressed, 512<<20)
	o.MaxMemory = cmp.Or(o.MaxMemory, 1<<30)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Minute)
	o.CPUTime = cmp.Or(o.CPUTime, 2*o.Timeout)
	o.MaxFiles = cmp.Or(o.MaxFiles, 32)
	o.Children = cmp.Or(o.Children, min(runtime.NumCPU(), 4))
	o.IdleAfter = cmp.Or(o.IdleAfter, time.Minute)
	o.OCRTimeout = cmp.Or(o.OCRTimeout, time.Minute)
	if len(o.OCRLanguages) == 0 {
		o.OCRLanguages = []string{"eng"}
	}
	if o.CacheDir == "" {
		o.CacheDir = "-"
		if dir, err := os.UserCacheDir(); err == nil {
			o.CacheDir = filepath.Join(dir, "ragcorp", "pdf-engine")
		}
	}
	return o
}

// Parser reads files in child processes. It is safe for concurrent use. Whoever made it closes it.
type Parser struct {
	pool *pool
}

var (
	_ document.Parser = (*Parser)(nil)
	_ document.Parser = (*Local)(nil)
)

// New makes a Parser. No process is started before the first file.
func New(o Options) *Parser {
	return &Parser{pool: newPool(o.withDefaults())}
}

// Sniff decides the media type of a file; see document.Parser.
func (p *Parser) Sniff(head []byte, name, declared string) (string, error) {
	return p.pool.o.sniff(head, name, declared)
}

// Parse reads a file in a child process; see document.Parser. It waits for a free child. When ctx ends, the child is
// killed. Body has to end with ctx on its own: Parse doesn't return while a Read of it is blocked. Metadata, text and
// errors come from a process that has read hostile input; all sizes are checked again on this side.
func (p *Parser) Parse(ctx context.Context, f document.File) (document.Parsed, error) {
	if !p.pool.o.handles(f.MediaType) {
		return document.Parsed{}, unsupported(f.MediaType)
	}
	switch f.MediaType {
	case DOC, XLS, PPT, MSG:
		return converted(ctx, p.pool.o, f, p.Parse)
	}
	return p.pool.parse(ctx, f)
}

// Close stops what is being read, ends all children and waits for them. Parse fails from then on.
func (p *Parser) Close() error {
	p.pool.close()
	return nil
}

// Local reads files in the process that calls it. The limits on pages and bytes hold; the Timeout ends the reading of a
// PDF, and of other formats between blocks; a panic fails the file. Memory is limited for PDF only. It is safe for
// concurrent use. Whoever made it closes it.
type Local struct {
	o       Options
	formats map[string]format
}

// InProcess makes a parser that needs no child processes. The PDF engine is loaded with the first PDF file and stays
// until Close; it takes about 60 MiB, and seconds of CPU when CacheDir holds no machine code for it. OCR and Convert need ChildMain all
// the same.
func InProcess(o Options) *Local {
	o = o.withDefaults()
	return &Local{o: o, formats: formats(o, true)}
}

// Sniff decides the media type of a file; see document.Parser.
func (l *Local) Sniff(head []byte, name, declared string) (string, error) {
	return l.o.sniff(head, name, declared)
}

// Parse reads a file; see document.Parser.
func (l *Local) Parse(ctx context.Context, f document.File) (document.Parsed, error) {
	form, ok := l.formats[f.MediaType]
	switch {
	case !ok && !l.o.handles(f.MediaType):
		return document.Parsed{}, unsupported(f.MediaType)
	case isPicture(f.MediaType):
		return readPicture(ctx, l.o, f)
	case !ok:
		return converted(ctx, l.o, f, l.Parse)
	}
	limited, cancel := context.WithTimeout(ctx, l.o.Timeout)
	defer cancel()
	out := &output{limits: l.o, progress: f.Progress, attached: f.Attached}
	ocr := recogniser{o: l.o}
	if len(l.o.OCR) > 0 {
		out.image = func(page int, picture []byte) error { return ocr.read(limited, picture, page) }
	}
	src := source{body: contextReader{limited, f.Body}, size: f.Size, limits: l.o}
	err := run(limited, form, src, out)
	switch {
	case err == nil:
		return out.parsed, ocr.into(&out.parsed)
	case ctx.Err() != nil:
		return document.Parsed{}, ctx.Err()
	case limited.Err() != nil:
		return document.Parsed{}, timedOut(l.o.Timeout)
	}
	return document.Parsed{}, err
}

// Close releases the PDF engine. No file may be in work.
func (l *Local) Close() error { return closeFormats(l.formats) }

// canRead lists, for people, what is read.
const canRead = "send PDF, Office or OpenDocument files, RTF, EPUB, HTML, Markdown, plain text, CSV, JSON, XML, e-mail, or a ZIP of these"

func unsupported(mediaType string) error {
	return fault.Unsupported.Errorf("files of type %q can't be read; "+canRead, mediaType).Because(document.ReasonUnsupported)
}
