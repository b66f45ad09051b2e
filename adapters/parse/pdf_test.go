package parse

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
)

const (
	handbook = "../../e2e/testdata/handbook-en.pdf"
	manual   = "../../e2e/testdata/manual-es.pdf"
)

func parsePDF(tb testing.TB, data []byte) document.Parsed {
	tb.Helper()
	got, err := newParser(tb, Options{Children: 1}).Parse(context.Background(), file(PDF, data))
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func TestPDFBecomesParagraphsAndHeadings(t *testing.T) {
	t.Parallel()
	page := []placed{{72, 780, 20, "Staff Handbook"}}
	page = append(page, paragraph(740, "Everyone has twenty-seven days of paid leave in every year, besides", "the public holidays of the country in which the con-",
		"tract was made. Leave is asked for early.")...)
	page = append(page, paragraph(680, "A second paragraph follows after a gap that is larger than a line, and it is", "as long as the first one.")...)
	page = append(page, placed{72, 640, 11, "\x95 first item"}, placed{72, 626, 11, "\x95 second item"})
	got := parsePDF(t, makePDF(page, paragraph(740, "The last page.")))
	want := []text.Block{
		{Kind: text.Heading, Level: 1, Page: 1, Text: "Staff Handbook"},
		{Page: 1, Text: "Everyone has twenty-seven days of paid leave in every year, besides the public holidays of the country in which the contract was made. Leave is asked for early."},
		{Page: 1, Text: "A second paragraph follows after a gap that is larger than a line, and it is as long as the first one."},
		{Kind: text.ListItem, Page: 1, Text: "• first item"},
		{Kind: text.ListItem, Page: 1, Text: "• second item"},
		{Page: 2, Text: "The last page."},
	}
	if diff := cmp.Diff(want, got.Blocks); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Pages != 2 || got.EmptyPages != nil {
		t.Errorf("pages = %d, empty %v", got.Pages, got.EmptyPages)
	}
}

func TestPDFHasRunningHeadersOnceAndNoPageNumbers(t *testing.T) {
	t.Parallel()
	var pages [][]placed
	for i := range 6 {
		p := []placed{{72, 810, 9, "ACME Handbook"}, {300, 30, 9, fmt.Sprintf("%d", i+17)}}
		if i%2 == 0 {
			p[0].text = "Chapter about leave"
		}
		if i != 3 {
			p = append(p, paragraph(700, fmt.Sprintf("Rule %d says something of its own.", i+1), "Revenue was 2020 million.")...)
		}
		pages = append(pages, p)
	}
	pages = append(pages, nil)
	got := parsePDF(t, makePDF(pages...))
	s := joined(got.Blocks)
	if strings.Count(s, "ACME") != 1 || strings.Count(s, "Chapter") != 1 || strings.Contains(s, "18") {
		t.Errorf("headers or footers aren't there once: %q", s)
	}
	for _, w := range []string{"Rule 1", "Rule 6", "2020 million"} {
		if !strings.Contains(s, w) {
			t.Errorf("%q is lost: %q", w, s)
		}
	}
	if diff := cmp.Diff([]int{7}, got.EmptyPages); diff != "" {
		t.Errorf("empty pages (-want +got):\n%s", diff)
	}
}

func TestPDFKeepsWhatOnlyLooksLikeAHeader(t *testing.T) {
	t.Parallel()
	var lone, invoices [][]placed
	for i := range 8 {
		lone = append(lone, []placed{{72, 800, 11, fmt.Sprintf("Page body %d speaks of pump %d.", i+1, i+1)}})
		invoices = append(invoices, append([]placed{{72, 800, 11, fmt.Sprintf("Invoice %d", 4711+i*i)}, {72, 30, 9, fmt.Sprintf("page %d of 8", i+1)}},
			paragraph(700, "For the repair of a valve that had been leaking.")...))
	}
	if s := joined(parsePDF(t, makePDF(lone...)).Blocks); !strings.Contains(s, "pump 7") {
		t.Errorf("of pages with one line each there is %q", s)
	}
	if s := joined(parsePDF(t, makePDF(invoices...)).Blocks); !strings.Contains(s, "Invoice 4736") || strings.Contains(s, "of 8") {
		t.Errorf("of a batch of invoices there is %q", s)
	}
}

func TestPDFReadsTurnedTextAndLeavesTheRestWhole(t *testing.T) {
	t.Parallel()
	const upright = "BT /F1 12 Tf 72 700 Td (Upright words stand here) Tj ET\n"
	for name, matrix := range map[string]string{
		"upwards": "0 1 -1 0 300 100", "downwards": "0 -1 1 0 300 700", "upside down": "-1 0 0 -1 500 300", "slanted": "0.7 0.7 -0.7 0.7 200 200",
	} {
		turned := "BT /F1 12 Tf " + matrix + " Tm (Turned words are) Tj 0 -14 Td (read as well) Tj ET\n"
		for _, content := range []string{upright + turned, turned + turned + upright} {
			s := joined(parsePDF(t, makePDFOf(content)).Blocks)
			for _, want := range []string{"Upright words stand here", "Turned words are", "read as well"} {
				if !strings.Contains(s, want) {
					t.Errorf("%s: %q lacks %q", name, s, want)
				}
			}
		}
	}
}

func TestPDFAfterRubbishIsReadAndSoftHyphensGo(t *testing.T) {
	t.Parallel()
	lines := paragraph(700, "Vessels that are extraordinarily long announce themselves to the admini\\255", "stration of the harbour.")
	s := joined(parsePDF(t, append([]byte(strings.Repeat("a line of rubbish\r\n", 20)), makePDF(lines)...)).Blocks)
	if !strings.Contains(s, "the administration of") {
		t.Errorf("the text is %q", s)
	}
}

func TestRealPDFFilesAreReadPageByPage(t *testing.T) {
	t.Parallel()
	p := newParser(t, Options{Children: 2})
	cases := []struct {
		name, title, heading, fact string
		page                       int
	}{
		{handbook, "Staff Handbook of Halden & Marsh Instruments", "11. Reporting security incidents", "within 72 hours", 13},
		{manual, "Manual del personal de la Cooperativa Lácteos Sierra Clara", "14. Pasteurización y frío", "72 grados durante 15 segundos", 16},
		{"testdata/restricted.pdf", "Notes on Barometers", "Notes on Barometers", "aneroid instrument replaces", 1},
	}
	for _, c := range cases {
		var done, total int
		f := file(PDF, testdata(t, c.name))
		f.Progress = func(d, n int) { done, total = d, n }
		got, err := p.Parse(context.Background(), f)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if got.Title != c.title || got.Pages == 0 || done != got.Pages || total != got.Pages {
			t.Errorf("%s: title %q, pages %d, progress %d of %d", c.name, got.Title, got.Pages, done, total)
		}
		var heading, fact int
		for _, b := range got.Blocks {
			if b.Kind == text.Heading && b.Text == c.heading {
				heading = b.Page
			}
			if strings.Contains(b.Text, c.fact) {
				fact = b.Page
			}
		}
		if heading != c.page || fact != c.page {
			t.Errorf("%s: heading on page %d, fact on page %d, want %d", c.name, heading, fact, c.page)
		}
	}
}

func TestHostilePDFFilesFailWithAReason(t *testing.T) {
	t.Parallel()
	whole := makePDF(paragraph(700, "Some text."))
	loop := newPDFWriter()
	loop.object("<< /Type /Catalog /Pages 2 0 R >>")
	loop.object("<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 400 >>")
	loop.object("<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 200 >>")
	scan := makePDFOf("q 100 0 0 100 72 600 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x7f EI Q", "0 0 100 100 re f")
	cases := []struct {
		name    string
		data    []byte
		reasons string
	}{
		{"empty", nil, document.ReasonCorrupt},
		{"garbage", []byte(strings.Repeat("garbage \x00\xff", 999)), document.ReasonCorrupt},
		{"mark only", []byte("%PDF-1.7\n%%EOF"), document.ReasonCorrupt},
		{"truncated", whole[:len(whole)/3], document.ReasonCorrupt},
		{"encrypted", testdata(t, "testdata/encrypted.pdf"), document.ReasonEncrypted},
		{"a scan", scan, document.ReasonNoText},
		{"a web page", []byte("<html>hello</html>"), document.ReasonCorrupt},
		{"page tree that loops", loop.bytes(), document.ReasonCorrupt + " " + document.ReasonNoText},
		{"20,000 pages", makePDFOf(make([]string, 20_000)...), document.ReasonTooManyPages},
		{"deep nesting", makePDFOf(strings.Repeat("[", 100_000) + strings.Repeat("q ", 100_000)), document.ReasonNoText},
	}
	p := newParser(t, Options{Children: 1})
	for _, c := range cases {
		_, err := p.Parse(context.Background(), file(PDF, c.data))
		reason := ""
		for r := range strings.FieldsSeq(c.reasons) {
			if strings.Contains(fmt.Sprintf("%+v", failureOf(orNone(err))), r) {
				reason = r
			}
		}
		if reason == "" {
			t.Errorf("%s: %v, want the reason %s", c.name, err, c.reasons)
		} else {
			wantReason(t, err, reason)
		}
		if got, err := p.Parse(context.Background(), file(PDF, whole)); err != nil || joined(got.Blocks) != "Some text." {
			t.Errorf("after %s: %q, %v", c.name, joined(got.Blocks), err)
		}
	}
}

func orNone(err error) error {
	if err == nil {
		return errors.New("none")
	}
	return err
}

func TestAPDFBombIsEndedByALimit(t *testing.T) {
	t.Parallel()
	onLinux(t)
	unlessRaces(t)
	p := newParser(t, Options{Children: 1, MaxMemory: 256 << 20, Timeout: 30 * time.Second})
	_, err := p.Parse(context.Background(), file(PDF, flateBomb(t, 300<<20)))
	if err == nil || !broken(err) && !strings.Contains(fmt.Sprintf("%+v", failureOf(err)), document.ReasonTimeout) {
		t.Errorf("error = %v, want one about memory or time", err)
	}
	t.Log(err)
	wantAlive(t, p)
}

func TestInProcessReadsPDFAndEndsIt(t *testing.T) {
	t.Parallel()
	unlessRaces(t)
	l := InProcess(Options{CacheDir: cacheDir(), Timeout: time.Minute})
	t.Cleanup(func() { _ = l.Close() })
	got, err := l.Parse(context.Background(), file(PDF, makePDF(paragraph(700, "In the same process."))))
	if err != nil || joined(got.Blocks) != "In the same process." {
		t.Fatalf("%q, %v", joined(got.Blocks), err)
	}
	l.o.Timeout = 100 * time.Millisecond
	_, err = l.Parse(context.Background(), file(PDF, flateBomb(t, 64<<20)))
	wantReason(t, err, document.ReasonTimeout)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Parse(ctx, file(PDF, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
	runtime.KeepAlive(l)
}

func TestPDFDates(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"D:20240131120000+01'00'": "2024-01-31T12:00:00+01:00",
		"D:20240131120000Z00'00'": "2024-01-31T12:00:00Z",
		"20240131":                "2024-01-31T00:00:00Z",
		"yesterday":               "",
	} {
		if got := pdfDate(in); got != want {
			t.Errorf("pdfDate(%q) = %q, want %q", in, got, want)
		}
	}
}

// The engine itself is foreign code in a box of its own; what the fuzzer looks at is what is made of its answers.
func FuzzPDF(f *testing.F) {
	f.Add(makePDF(paragraph(700, "Some words of a first page,", "of which there are two lines."), []placed{{72, 700, 20, "A heading"}}))
	f.Add(makePDFOf("BT /F1 12 Tf 72 700 Td (Upright) Tj ET BT /F1 12 Tf 0 1 -1 0 300 100 Tm (Turned) Tj ET"))
	f.Add(testdata(f, "testdata/pdf/reportlab-pages.pdf"))
	f.Add(testdata(f, "testdata/pdf/chromium-hyphens.pdf"))
	l := InProcess(Options{CacheDir: cacheDir(), Timeout: 20 * time.Second, MaxPages: 50})
	f.Cleanup(func() { _ = l.Close() }) // a broken instance can't be closed
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := l.Parse(t.Context(), file(PDF, data))
		switch {
		case err == nil && len(p.Blocks) == 0:
			t.Error("no blocks and no error")
		case err != nil && fault.Of(err) == nil:
			t.Error(err)
		}
	})
}

func TestPDFFormsAreReadAsFilledIn(t *testing.T) {
	t.Parallel()
	w := newPDFWriter()
	w.object("<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [6 0 R 8 0 R 9 0 R] >> >>")
	w.object("<< /Type /Pages /Kids [4 0 R] /Count 1 >>")
	w.object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	w.object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents 5 0 R /Annots [6 0 R 8 0 R 9 0 R 10 0 R 11 0 R] >>")
	w.stream("", "BT /F1 11 Tf 72 700 Td (Name of the applicant) Tj ET")
	box := "/Type /Annot /F 4 /Rect [72 %d 400 %d]"
	drawn := func(y int, more string) { w.object(fmt.Sprintf("<< "+box+" %s /AP << /N 7 0 R >> >>", y, y+20, more)) }
	drawn(670, "/Subtype /Widget /FT /Tx /T (name) /V (Ada Lovelace)")
	w.stream("/Type /XObject /Subtype /Form /BBox [0 0 328 20] /Resources << /Font << /F1 3 0 R >> >>", "/Tx BMC BT /F1 11 Tf 2 5 Td (Ada Lovelace) Tj ET EMC")
	w.object(fmt.Sprintf("<< "+box+" /Subtype /Widget /FT /Tx /T (town) /V (Marylebone) >>", 640, 660))
	w.object(fmt.Sprintf("<< "+box+" /Subtype /Widget /FT /Btn /T (agreed) /V /Off /AS /Off >>", 610, 630))
	w.object(fmt.Sprintf("<< "+box+" /Subtype /FreeText /DA (/F1 9 Tf) /Contents (received in March) >>", 580, 600))
	w.object("<< /Type /Annot /Subtype /Widget /FT /Tx /T (secret) /F 2 /Rect [72 550 400 570] /V (hidden) /AP << /N 7 0 R >> >>")
	got := joined(readLocally(t, PDF, w.bytes()).Blocks)
	for _, want := range []string{"Name of the applicant", "Ada Lovelace", "Marylebone", "received in March"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is in the text %d times, want once:\n%s", want, strings.Count(got, want), got)
		}
	}
	if strings.Contains(got, "Off") {
		t.Errorf("the state of a button is in the text:\n%s", got)
	}
}

func TestShadowsOfPDFTextAreNoText(t *testing.T) {
	t.Parallel()
	got := joined(readLocally(t, PDF, makePDF([]placed{
		{72, 700, 20, "Report of the year"}, {73, 699, 20, "Report of the year"}, {72, 600, 11, "twice"}, {72, 580, 11, "twice"},
	})).Blocks)
	if n := strings.Count(got, "Report of the year"); n != 1 {
		t.Errorf("a text with a shadow is there %d times, want once:\n%s", n, got)
	}
	if n := strings.Count(got, "twice"); n != 2 {
		t.Errorf("a line that was written twice is there %d times:\n%s", n, got)
	}
}
