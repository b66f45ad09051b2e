package parse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// pdf reads PDF with PDFium, compiled to WebAssembly: a file that breaks the engine breaks one instance of it. Each file
// gets an instance of its own, with fresh memory and without any file system.
type pdf struct {
	o             Options
	interruptible bool

	mu     sync.Mutex
	pool   pdfium.Pool // nil until it is needed
	lender lender
}

// lender is the context under which the engine makes its instances: that of the file for which the next one is made. So
// an instance ends with its file. Ending it from outside, with Kill, would be a data race inside of go-pdfium.
type lender struct {
	lending sync.Mutex // held while an instance is made
	mu      sync.Mutex
	file    context.Context //nolint:containedctx // it stands for the one that the engine doesn't take
}

func (l *lender) lend(ctx context.Context, pool pdfium.Pool) (pdfium.Pdfium, error) {
	l.lending.Lock()
	defer l.lending.Unlock()
	l.set(ctx)
	defer l.set(context.Background())
	return pool.GetInstanceWithContext(ctx)
}

func (l *lender) set(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.file = ctx
}

func (l *lender) current() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file
}

func (l *lender) Deadline() (time.Time, bool) { return l.current().Deadline() }
func (l *lender) Done() <-chan struct{}       { return l.current().Done() }
func (l *lender) Err() error                  { return l.current().Err() }
func (l *lender) Value(key any) any           { return l.current().Value(key) }

func newPDF(o Options, interruptible bool) *pdf {
	return &pdf{o: o, interruptible: interruptible, lender: lender{file: context.Background()}}
}

// engine loads PDFium on first use. Machine code out of the cache takes a tenth of a second, compiling takes seconds.
func (p *pdf) engine() (pdfium.Pool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pool != nil {
		return p.pool, nil
	}
	pages := min(p.o.MaxMemory/2, 4<<30-1<<16) / (64 << 10)
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(uint32(max(pages, 1024))). //nolint:gosec // bounded just above
		WithCloseOnContextDone(p.interruptible)
	if cache := openCache(p.o.CacheDir); cache != nil {
		config = config.WithCompilationCache(cache)
	}
	pool, err := webassembly.Init(webassembly.Config{
		Context: &p.lender,
		MaxIdle: 1, MaxTotal: max(p.o.Children, 1),
		RuntimeConfig: config,
		FSConfig:      wazero.NewFSConfig(), // nothing mounted
		Stdout:        io.Discard, Stderr: io.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("load the PDF engine: %w", err)
	}
	p.pool = pool
	return pool, nil
}

// openCache returns nil when there is to be no cache, or when there can't be one: that costs time, not the file.
func openCache(dir string) wazero.CompilationCache {
	if dir == "-" || !private(dir) {
		return nil
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil
	}
	return cache
}

// private makes the directory if needed and reports whether nobody else may write to it.
func private(dir string) bool {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false
	}
	info, err := os.Stat(dir)
	return err == nil && (runtime.GOOS == "windows" || info.Mode().Perm()&0o022 == 0)
}

// Close releases the engine.
func (p *pdf) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pool == nil {
		return nil
	}
	err := p.pool.Close()
	p.pool = nil
	return err
}

func (p *pdf) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	start := bytes.Index(data[:min(len(data), 1024)], []byte("%PDF-"))
	if start < 0 {
		return corrupt("a PDF", nil)
	}
	data = data[start:] // places in the file count from here
	pool, err := p.engine()
	if err != nil {
		return err
	}
	instance, err := p.lender.lend(ctx, pool)
	if err != nil {
		return fmt.Errorf("start the PDF engine: %w", err)
	}
	defer func() { _ = instance.Close() }() // of a broken instance it fails
	err = readPDF(ctx, instance, data, out)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func readPDF(ctx context.Context, engine pdfium.Pdfium, data []byte, out *output) error {
	var reader io.ReadSeeker = bytes.NewReader(data)
	opened, err := engine.OpenDocument(&requests.OpenDocument{FileReader: reader, FileReaderSize: int64(len(data))})
	if err != nil {
		return openFault(err)
	}
	f := pdfFile{engine: engine, doc: opened.Document}
	count, err := engine.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: f.doc})
	if err != nil {
		return engineFault(err)
	}
	if count.PageCount < 1 {
		return corrupt("a PDF", errors.New("it has no pages"))
	}
	if err := out.pages(count.PageCount); err != nil {
		return err
	}
	f.metadata(out)
	pages, err := f.pages(ctx, count.PageCount, out)
	if err != nil {
		return err
	}
	return layOut(pages, out)
}

func openFault(err error) error {
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		return encrypted()
	case errors.Is(err, pdfiumerrors.ErrFormat), errors.Is(err, pdfiumerrors.ErrFile),
		errors.Is(err, pdfiumerrors.ErrPage), errors.Is(err, pdfiumerrors.ErrUnknown), errors.Is(err, pdfiumerrors.ErrSuccess):
		return corrupt("a PDF", err)
	}
	return engineFault(err)
}

// isTrap reports whether the engine itself broke, rather than refused something.
func isTrap(err error) bool {
	s := err.Error()
	return strings.Contains(s, "wasm error") || strings.Contains(s, "module closed") || strings.Contains(s, "malloc")
}

// engineFault tells what an error of the engine means. An allocation that fails in PDFium ends in an "unreachable"
// instruction, as other assertions do; only the stack names the allocator.
func engineFault(err error) error {
	if !isTrap(err) {
		return corrupt("a PDF", err)
	}
	for _, mark := range []string{"OutOfMemory", "out_of_memory", "Alloc", "alloc"} {
		if strings.Contains(err.Error(), mark) {
			return outOfMemory(err)
		}
	}
	return crashed(err)
}

// pdfFile is an open document.
type pdfFile struct {
	engine pdfium.Pdfium
	doc    references.FPDF_DOCUMENT
}

// metadata reads the information dictionary, which many files lack.
func (f *pdfFile) metadata(out *output) {
	res, err := f.engine.GetMetaData(&requests.GetMetaData{Document: f.doc})
	if err != nil {
		return // a file can be read without; and if the engine broke, the next call says so
	}
	for _, tag := range res.Tags {
		value := strings.Trim(tag.Value, "\x00")
		switch tag.Tag {
		case "Title":
			if isTitle(value) {
				out.meta("title", value)
			}
		case "Author", "Subject", "Keywords":
			out.meta(strings.ToLower(tag.Tag), value)
		case "CreationDate":
			out.meta("created", pdfDate(value))
		case "ModDate":
			out.meta("modified", pdfDate(value))
		}
	}
}

// isTitle tells a title from what programs put there on their own: names of files and of themselves.
func isTitle(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, prefix := range []string{"microsoft word - ", "microsoft powerpoint - ", "untitled", "about:blank", "file:", "http:", "https:"} {
		if strings.HasPrefix(s, prefix) {
			return false
		}
	}
	for _, suffix := range []string{".doc", ".docx", ".pdf", ".dvi", ".indd", ".qxd", ".tex", ".html"} {
		if strings.HasSuffix(s, suffix) {
			return false
		}
	}
	return s != ""
}

// pdfDate turns "D:20240131120000+01'00'" (ISO 32000-1, 7.9.4) into RFC 3339; what it doesn't understand becomes "".
func pdfDate(s string) string {
	s = strings.ReplaceAll(strings.TrimPrefix(s, "D:"), "'", "")
	for _, layout := range []string{"20060102150405-0700", "20060102150405Z0700", "20060102150405Z", "20060102150405", "20060102"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.RFC3339)
		}
	}
	if len(s) > 14 {
		return pdfDate(s[:14]) // "Z00'00'" and other odd zones
	}
	return ""
}

// pages reads the lines of all pages. A page that the engine can't read counts as empty; if it can read none, the file is corrupt.
func (f *pdfFile) pages(ctx context.Context, count int, out *output) ([]pdfPage, error) {
	pages := make([]pdfPage, count)
	unread := 0
	var bytes int64
	for i := range pages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		page, err := f.page(i)
		switch {
		case err == nil:
		case isTrap(err):
			return nil, engineFault(err)
		default:
			unread++
		}
		if err == nil && len(page.lines) == 0 {
			if err := f.show(page, out); err != nil {
				return nil, err
			}
		}
		for _, l := range page.lines {
			bytes += int64(len(l.text))
		}
		if bytes > out.limits.MaxTextBytes {
			return nil, tooLarge("the text of the file", out.limits.MaxTextBytes)
		}
		pages[i] = page
		out.report(i+1, count)
	}
	if unread == count {
		return nil, corrupt("a PDF", pdfiumerrors.ErrPage)
	}
	return pages, nil
}

// show hands on the picture of a page without text, if anybody is there to read it.
func (f *pdfFile) show(p pdfPage, out *output) error {
	if out.image == nil {
		return nil
	}
	picture, err := f.picture(p.number-1, p.width, p.height)
	switch {
	case err == nil:
		out.images++
		return out.image(p.number, picture)
	case isTrap(err):
		return engineFault(err)
	}
	return nil // what can't be drawn stays without text
}
