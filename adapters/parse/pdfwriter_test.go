package parse

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"
)

// pdfWriter writes PDF files object by object; it knows nothing of what they mean.
type pdfWriter struct {
	b       bytes.Buffer
	offsets []int
}

func newPDFWriter() *pdfWriter {
	w := &pdfWriter{}
	w.b.WriteString("%PDF-1.4\n")
	return w
}

// object writes the next object and returns its number, counted from 1.
func (w *pdfWriter) object(body string) int {
	w.offsets = append(w.offsets, w.b.Len())
	fmt.Fprintf(&w.b, "%d 0 obj\n%s\nendobj\n", len(w.offsets), body)
	return len(w.offsets)
}

func (w *pdfWriter) stream(dictionary, data string) int {
	return w.object(fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dictionary, len(data), data))
}

// bytes ends the file; the catalogue must be object 1.
func (w *pdfWriter) bytes() []byte {
	start := w.b.Len()
	fmt.Fprintf(&w.b, "xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1)
	for _, o := range w.offsets {
		fmt.Fprintf(&w.b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&w.b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(w.offsets)+1, start)
	return w.b.Bytes()
}

// placed is a line of text in a test PDF.
type placed struct {
	x, y, size float64
	text       string
}

// makePDF writes a PDF with the lines of each page, in Helvetica.
func makePDF(pages ...[]placed) []byte {
	contents := make([]string, len(pages))
	for i, lines := range pages {
		var b strings.Builder
		for _, l := range lines {
			fmt.Fprintf(&b, "BT /F1 %g Tf %g %g Td (%s) Tj ET\n", l.size, l.x, l.y, l.text)
		}
		contents[i] = b.String()
	}
	return makePDFOf(contents...)
}

func makePDFOf(contents ...string) []byte {
	w := newPDFWriter()
	w.object("<< /Type /Catalog /Pages 2 0 R >>")
	var kids strings.Builder
	for i := range contents {
		fmt.Fprintf(&kids, "%d 0 R ", 4+2*i)
	}
	w.object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), len(contents)))
	w.object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	for _, c := range contents {
		n := len(w.offsets)
		w.object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", n+2))
		w.stream("", c)
	}
	return w.bytes()
}

// paragraph places lines of running text one below the other.
func paragraph(y float64, lines ...string) []placed {
	var ps []placed
	for i, l := range lines {
		ps = append(ps, placed{72, y - 14*float64(i), 11, l})
	}
	return ps
}

// flateBomb is a PDF whose one page unpacks to the given number of bytes.
func flateBomb(tb testing.TB, size int) []byte {
	tb.Helper()
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	block := []byte(strings.Repeat("BT /F1 9 Tf 9 9 Td (bomb) Tj ET\n", 32<<10))
	for n := 0; n < size; n += len(block) {
		if _, err := z.Write(block); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	w := newPDFWriter()
	w.object("<< /Type /Catalog /Pages 2 0 R >>")
	w.object("<< /Type /Pages /Kids [4 0 R] /Count 1 >>")
	w.object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	w.object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents 5 0 R >>")
	w.stream("/Filter /FlateDecode", packed.String())
	return w.bytes()
}
