package parse

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestThroughput compares with pdftotext and pandoc on the same files in the same run, and prints what it finds:
// go test ./adapters/parse -run TestThroughput -v
func TestThroughput(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures for a minute")
	}
	dir := t.TempDir()
	long := filepath.Join(dir, "thousand-pages.pdf")
	if err := os.WriteFile(long, longPDF(), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newParser(t, Options{Children: 1})
	var table strings.Builder
	table.WriteString("| file | ours | other | |\n| --- | --- | --- | --- |\n")
	for _, name := range []string{long, handbook, manual, "testdata/corpus/en.pdf"} {
		data := testdata(t, name)
		pages := 0
		ours := fastest(t, func() error {
			got, err := p.Parse(t.Context(), file(PDF, data))
			pages = got.Pages
			return err
		})
		other := fastest(t, func() error { return exec.Command("pdftotext", name, filepath.Join(dir, "out.txt")).Run() })
		row(&table, filepath.Base(name), "pages", float64(pages), ours, other)
	}
	source := filepath.Join(dir, "book.md")
	if err := os.WriteFile(source, bookInMarkdown(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ext := range []string{"md", "html", "docx", "odt", "epub", "rtf", "txt", "csv", "json", "xml"} {
		name, read := made(t, dir, source, ext)
		data := testdata(t, name)
		mediaType, err := p.Sniff(data[:min(len(data), sniffBytes)], name, "")
		if err != nil {
			t.Fatal(err)
		}
		mib := 0.0 // of text
		ours := fastest(t, func() error {
			got, err := p.Parse(t.Context(), file(mediaType, data))
			mib = float64(len(joined(got.Blocks))) / (1 << 20)
			return err
		})
		other := time.Duration(0)
		if read {
			other = fastest(t, func() error {
				return exec.Command("pandoc", name, "-t", "plain", "-o", filepath.Join(dir, "out.txt")).Run()
			})
		}
		row(&table, fmt.Sprintf("%s (%.2f MiB of text)", filepath.Base(name), mib), "MiB", mib, ours, other)
	}
	t.Logf("\n%s", table.String())
}

// fastest is the shortest time of several; 0 when the program is not installed.
func fastest(t *testing.T, do func() error) time.Duration {
	t.Helper()
	best := time.Duration(0)
	for i := range 3 { // the first one warms up
		began := time.Now()
		err := do()
		took := time.Since(began)
		if errors.Is(err, exec.ErrNotFound) {
			return 0
		}
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && (best == 0 || took < best) {
			best = took
		}
	}
	return best
}

func row(table *strings.Builder, name, unit string, amount float64, ours, other time.Duration) {
	program := map[string]string{"pages": "pdftotext", "MiB": "pandoc"}[unit]
	fmt.Fprintf(table, "| %s | %.1f %s/s |", name, amount/ours.Seconds(), unit)
	if other == 0 {
		table.WriteString(" | |\n")
		return
	}
	fmt.Fprintf(table, " %s: %.2f %s/s | %.1f times |\n", program, amount/other.Seconds(), unit, other.Seconds()/ours.Seconds())
}

// bookInMarkdown is a text of 192 KiB with all that a text has.
func bookInMarkdown() []byte {
	var b strings.Builder
	for i := 0; b.Len() < 192<<10; i++ {
		fmt.Fprintf(&b, "# Chapter %d\n\n%s\n\n- first item\n- second *item* with a [link](http://example.org)\n\n", i,
			strings.Repeat(fmt.Sprintf("Every visitor of hall %d is announced at reception one working day before the visit. ", i), 8))
		fmt.Fprintf(&b, "| Tool | Place |\n|------|-------|\n| Ladder %d | Cellar |\n\n", i)
	}
	return []byte(b.String())
}

// made returns the book as a file of another kind, and whether pandoc reads that kind too.
func made(t *testing.T, dir, source, ext string) (name string, read bool) {
	t.Helper()
	name = filepath.Join(dir, "book."+ext)
	var data strings.Builder
	switch ext {
	case "md":
		return source, true
	case "txt":
		return name, os.WriteFile(name, testdata(t, source), 0o600) != nil
	case "csv":
		for i := range 10_000 {
			fmt.Fprintf(&data, "%d,\"Ladder, number %d\",Cellar of hall %d\n", i, i, i%97)
		}
	case "json":
		data.WriteString("[")
		for i := range 10_000 {
			fmt.Fprintf(&data, "{\"id\":%d,\"tool\":\"Ladder number %d\",\"place\":{\"hall\":%d}},\n", i, i, i%97)
		}
		data.WriteString("{}]")
	case "xml":
		data.WriteString("<?xml version=\"1.0\"?><tools>")
		for i := range 10_000 {
			fmt.Fprintf(&data, "<tool id=\"%d\"><name>Ladder number %d</name><place>Cellar of hall %d</place></tool>\n", i, i, i%97)
		}
		data.WriteString("</tools>")
	default:
		if err := exec.Command("pandoc", "-s", "--metadata", "title=Book", source, "-o", name).Run(); err != nil {
			t.Skipf("pandoc can't make %s: %v", ext, err)
		}
		return name, true
	}
	if err := os.WriteFile(name, []byte(data.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name, false
}
