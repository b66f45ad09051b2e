package parse

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
)

// cacheDir is shared by all tests, and by all runs, so that the PDF engine is compiled once.
func cacheDir() string { return filepath.Join(os.TempDir(), "ragcorp-parse-test-cache") }

func newParser(tb testing.TB, o Options) *Parser {
	tb.Helper()
	o.CacheDir = cacheDir()
	p := New(o)
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

func file(mediaType string, data []byte) document.File {
	return document.File{Name: "test", MediaType: mediaType, Size: int64(len(data)), Body: bytes.NewReader(data)}
}

// readLocally reads data in this process with a format alone; it is for the tests of formats.
func readLocally(tb testing.TB, mediaType string, data []byte) document.Parsed {
	tb.Helper()
	p, err := tryLocally(mediaType, data)
	if err != nil {
		tb.Fatalf("Parse: %v", err)
	}
	return p
}

func tryLocally(mediaType string, data []byte) (document.Parsed, error) {
	o := Options{CacheDir: cacheDir()}
	l := InProcess(o)
	defer l.Close() //nolint:errcheck // nothing is open for formats other than PDF
	return l.Parse(context.Background(), file(mediaType, data))
}

func wantReason(tb testing.TB, err error, reason string) {
	tb.Helper()
	e := fault.Of(err)
	if e == nil || e.Reason != reason {
		tb.Fatalf("error = %v, want one with the reason %q", err, reason)
	}
	if !fault.Permanent(err) {
		tb.Errorf("error %v is transient, want permanent", err)
	}
	if !strings.Contains(e.Text, ";") {
		tb.Errorf("text %q doesn't say what to do", e.Text)
	}
}

func wantTransient(tb testing.TB, err error) {
	tb.Helper()
	if err == nil || fault.Of(err) != nil && fault.Permanent(err) {
		tb.Fatalf("error = %v, want a transient one", err)
	}
}

func joined(bs []text.Block) string {
	var all []string
	for _, b := range bs {
		all = append(all, b.Text)
	}
	return strings.Join(all, "\n")
}

// zipOf makes a zip container out of names and contents, in turn.
func zipOf(tb testing.TB, parts ...string) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		_, err2 := w.Write([]byte(parts[i+1]))
		if err := errors.Join(err, err2); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

const (
	wordRoot = `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" ` +
		`xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>`
	wordEnd  = `</w:body></w:document>`
	wordRels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	relType  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)

// word makes a Word document of a body and further parts.
func word(tb testing.TB, body string, parts ...string) []byte {
	tb.Helper()
	return zipOf(tb, append([]string{"word/document.xml", wordRoot + body + wordEnd}, parts...)...)
}

func testdata(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
