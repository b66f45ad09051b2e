package parse

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// longPDF has a thousand pages of forty lines.
func longPDF() []byte {
	pages := make([][]placed, 1000)
	for i := range pages {
		var lines []string
		for j := range 40 {
			lines = append(lines, fmt.Sprintf("Line %d of page %d says something about pressure, flow and the weather at sea.", j, i))
		}
		pages[i] = paragraph(780, lines...)
	}
	return makePDF(pages...)
}

// BenchmarkPDF compares with pdftotext on the same files. Both are warm: one child has the engine loaded, the other's
// program is in the page cache.
func BenchmarkPDF(b *testing.B) {
	long := filepath.Join(b.TempDir(), "long.pdf")
	if err := os.WriteFile(long, longPDF(), 0o600); err != nil {
		b.Fatal(err)
	}
	p := newParser(b, Options{Children: 1})
	for _, name := range []string{long, handbook} {
		data := testdata(b, name)
		base := strings.TrimSuffix(filepath.Base(name), ".pdf")
		b.Run(base+"/parse", func(b *testing.B) {
			pages := 0
			for b.Loop() {
				got, err := p.Parse(context.Background(), file(PDF, data))
				if err != nil {
					b.Fatal(err)
				}
				pages += got.Pages
			}
			b.ReportMetric(float64(pages)/b.Elapsed().Seconds(), "pages/s")
		})
		b.Run(base+"/pdftotext", func(b *testing.B) {
			if _, err := exec.LookPath("pdftotext"); err != nil {
				b.Skip("pdftotext is not installed")
			}
			pages := 0
			for b.Loop() {
				out, err := exec.Command("pdftotext", name, "-").Output()
				if err != nil {
					b.Fatal(err)
				}
				pages += strings.Count(string(out), "\f")
			}
			b.ReportMetric(float64(pages)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}

func BenchmarkFormats(b *testing.B) {
	paragraph := strings.Repeat("Every visitor is announced at reception one working day before the visit. ", 5)
	files := map[string][]byte{
		Plain:    []byte(strings.Repeat(paragraph+"\n\n", 3000)),
		Markdown: []byte(strings.Repeat("## Title\n\n"+paragraph+"**bold** [link](x)\n\n- item\n\n", 3000)),
		HTML:     []byte(strings.Repeat("<h2>Title</h2><p>"+paragraph+"<b>bold</b> <a href=x>link</a><ul><li>item</ul>", 3000)),
		DOCX:     word(b, strings.Repeat(wp("", paragraph), 3000)),
	}
	for mediaType, data := range files {
		b.Run(mediaType[strings.LastIndexAny(mediaType, "/.")+1:], func(b *testing.B) {
			b.SetBytes(int64(3000 * len(paragraph)))
			for b.Loop() {
				readLocally(b, mediaType, data)
			}
		})
	}
}

// BenchmarkStart measures a child from nothing to its first answer.
func BenchmarkStart(b *testing.B) {
	pdf := makePDF([]placed{{72, 700, 11, "short"}})
	for _, c := range []struct {
		name, mediaType string
		data            []byte
	}{{"plain", Plain, []byte("short")}, {"engine", PDF, pdf}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				p := newParser(b, Options{Children: 1})
				if _, err := p.Parse(context.Background(), file(c.mediaType, c.data)); err != nil {
					b.Fatal(err)
				}
				_ = p.Close()
			}
		})
	}
}
