package parse

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

const odfRoot = `<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b"><office:body>`

// sheetOf makes a workbook of the rows of one sheet.
func sheetOf(tb testing.TB, rows string, parts ...string) []byte {
	tb.Helper()
	return zipOf(tb, append([]string{
		"xl/workbook.xml", `<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r0"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", relations("worksheet", "s.xml", "sharedStrings", "shared.xml"),
		"xl/s.xml", "<worksheet><sheetData>" + rows + "</sheetData></worksheet>",
	}, parts...)...)
}

// nested puts an archive into another one, so many times.
func nested(tb testing.TB, data []byte, times int) []byte {
	tb.Helper()
	for range times {
		data = zipOf(tb, "inner.zip", string(data), "note.txt", "There is more inside.")
	}
	return data
}

// zeros is an archive of entries that unpack to so many bytes each.
func zeros(tb testing.TB, entries int, size int64) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range entries {
		w, err := z.Create(fmt.Sprintf("%d.txt", i))
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.CopyN(w, readerFunc(func(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("a "), len(p)/2+1)), nil }), size); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestBombsAreRefusedAndMemoryStaysFlat(t *testing.T) {
	t.Parallel()
	onLinux(t)
	unlessRaces(t)
	const page = "<p>x</p>"
	entities := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>`
	loop := "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]/Parent 2 0 R>>endobj trailer<</Root 1 0 R>>"
	cell := `<c t="inlineStr"><is><t>some words here</t></is></c>`
	cases := []struct {
		name, mediaType string
		data            []byte
		reasons         string // any of these; "" where the file can be read
	}{
		{"nested archives", ZIP, nested(t, zipOf(t, "a.txt", "x"), 12), document.ReasonTooLarge},
		{"deflate", ZIP, zeros(t, 4, 48<<20), document.ReasonTooLarge},
		{"too many files", ZIP, zeros(t, maxAttached+1, 8), document.ReasonTooLarge},
		{"entities", XML, []byte(entities), document.ReasonCorrupt},
		{"entities in a document", ODT, zipOf(t, "content.xml", entities), document.ReasonCorrupt},
		{"a million cells", XLSX, sheetOf(t, strings.Repeat("<row>"+strings.Repeat(cell, 100)+"</row>", 10_000)), document.ReasonTooLarge},
		{"a cell far away", XLSX, sheetOf(t, `<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>`), ""},
		{"a cell outside", XLSX, sheetOf(t, `<row r="1"><c r="ZZZZZZ1"><v>1</v></c></row>`), document.ReasonCorrupt},
		{
			"repeated rows", ODS, zipOf(t, "content.xml", odfRoot+`<office:spreadsheet><table:table table:name="S"><table:table-row table:number-rows-repeated="1048576">`+
				`<table:table-cell table:number-columns-repeated="16384"><text:p>word</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>`),
			document.ReasonTooLarge,
		},
		{"20,000 pages", PDF, makePDF(make([][]placed, 20_000)...), document.ReasonTooManyPages},
		{"a loop of pages", PDF, []byte(loop), document.ReasonCorrupt + " " + document.ReasonNoText},
		{"deep json", JSON, []byte(strings.Repeat("[", 1<<20)), document.ReasonCorrupt + " "},
		{"deep xml", XML, []byte("<?xml version='1.0'?>" + strings.Repeat("<a>", 1<<20)), document.ReasonCorrupt},
		{"deep rtf", RTF, []byte(`{\rtf1 ` + strings.Repeat("{", 1<<20)), document.ReasonCorrupt},
		{"deep html", HTML, []byte(strings.Repeat("<div><table><tr><td>", 1<<17) + "text"), ""},
		{"deep mail", EML, []byte(deepMail(200)), document.ReasonTooLarge},
		{"binary in rtf", RTF, []byte(`{\rtf1 a{\pict\bin999999999 x}}`), document.ReasonCorrupt},
		{"a book of nothing", EPUB, zipOf(t, "META-INF/container.xml", `<rootfile full-path="x"/>`), document.ReasonCorrupt},
		{"many paragraphs", MHTML, []byte("MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + strings.Repeat(page, 2<<20)), document.ReasonTooLarge},
	}
	p := newParser(t, Options{Children: 1, MaxUncompressed: 100 << 20, MaxTextBytes: 1 << 20, MaxInputBytes: 32 << 20, MaxMemory: 512 << 20})
	for _, c := range cases {
		f := file(c.mediaType, c.data)
		f.Attached = func(document.Attachment) error { return nil }
		_, err := p.Parse(context.Background(), f)
		reason := ""
		if e := fault.Of(err); e != nil {
			reason = e.Reason
		}
		if !strings.Contains(c.reasons+" ", reason) || (c.reasons == "") != (err == nil) && !strings.HasSuffix(c.reasons, " ") {
			t.Errorf("%s: %v, want %q", c.name, err, c.reasons)
		}
		if peak := peakMemory(p); peak > 400<<20 {
			t.Errorf("%s: the reader took %d MiB", c.name, peak>>20)
		}
		wantAlive(t, p)
	}
}

func TestOfAnArchiveWithTooManyFilesNoneIsTaken(t *testing.T) {
	t.Parallel()
	taken := 0
	f := file(ZIP, zeros(t, maxAttached+1, 8))
	f.Attached = func(document.Attachment) error { taken++; return nil }
	_, err := InProcess(Options{}).Parse(t.Context(), f)
	wantReason(t, err, document.ReasonTooLarge)
	if taken > 0 {
		t.Errorf("%d files were taken from an archive that was refused", taken)
	}
}

// deepMail puts a message into a message, so many times.
func deepMail(depth int) string {
	var b strings.Builder
	b.WriteString("From: a\r\nSubject: b\r\nMIME-Version: 1.0\r\n")
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	return b.String() + "\r\ntext"
}

func TestProtectedFilesSayThatTheyAre(t *testing.T) {
	t.Parallel()
	locked := zipOf(t, "a.txt", "secret words")
	for i := 0; i+8 < len(locked); i++ { // the flag in the local and in the central header
		if string(locked[i:i+4]) == "PK\x03\x04" {
			locked[i+6] |= 1
		} else if string(locked[i:i+4]) == "PK\x01\x02" {
			locked[i+8] |= 1
		}
	}
	for mediaType, data := range map[string][]byte{
		ZIP:  locked,
		ODT:  zipOf(t, "META-INF/manifest.xml", `<m><encryption-data/></m>`, "content.xml", "x"),
		EPUB: zipOf(t, "META-INF/encryption.xml", `<e><CipherReference URI="OEBPS/one.xhtml"/></e>`, "META-INF/container.xml", "<x/>"),
		XLSX: append([]byte(oleMagic), strings.Join(strings.Split("EncryptedPackage", ""), "\x00")...),
	} {
		_, err := tryLocally(mediaType, data)
		wantReason(t, err, document.ReasonEncrypted)
	}
}

func TestFilesWithNothingToReadSaySo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ mediaType, data string }{
		"white space":          {Plain, " \n\t\r\n"},
		"nothing to be seen":   {Plain, "\u200b\u200b\ufeff\n"},
		"a workbook":           {XLSX, string(sheetOf(t, ""))},
		"an empty spreadsheet": {ODS, string(zipOf(t, "content.xml", odfRoot+`<office:spreadsheet><table:table table:name="S"/></office:spreadsheet></office:body></office:document-content>`))},
		"a program":            {Markdown, "<script>\nalert('x')\n</script>\n<!-- a\nremark -->\n<style>p {}</style>\n"},
		"a page":               {HTML, "<html><body> <script>x</script></body></html>"},
		"an archive":           {ZIP, string(zipOf(t))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tryLocally(c.mediaType, []byte(c.data))
			wantReason(t, err, document.ReasonNoText)
		})
	}
}

// Each front door gets files made by real programs as seeds.
func FuzzFormats(f *testing.F) {
	files, err := filepath.Glob("testdata/corpus/e[ns].*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data := testdata(f, name)
		if mediaType, err := sniff(data[:min(len(data), sniffBytes)], name, ""); err == nil && mediaType != PDF && len(data) < 32<<10 {
			f.Add(data, mediaType)
		}
	}
	f.Add([]byte("From: a\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString([]byte("text"))), EML)
	f.Fuzz(func(t *testing.T, data []byte, mediaType string) {
		if mediaType == PDF || !(Options{}).handles(mediaType) {
			mediaType = XML
		}
		fuzzFormat(t, mediaType, data)
	})
}

// The parts of zip containers are fuzzed by themselves, since no fuzzer finds its way through deflate.
func FuzzContainers(f *testing.F) {
	f.Add(odfRoot + `<office:text><text:h text:outline-level="1">A</text:h><table:table><table:table-row><table:table-cell/></table:table-row></table:table></office:text>`)
	f.Add(`<row r="2"><c r="B2" t="s"><v>0</v></c><c><v>44927</v></c></row>`)
	f.Add(`<p:sp><p:ph type="title"/><a:p><a:t>T</a:t></a:p></p:sp><a:tbl><a:tr><a:tc/></a:tr></a:tbl>`)
	f.Fuzz(func(t *testing.T, body string) {
		fuzzFormat(t, ODT, zipOf(t, "content.xml", body))
		fuzzFormat(t, ODS, zipOf(t, "content.xml", odfRoot+"<office:spreadsheet>"+body+"</office:spreadsheet></office:body></office:document-content>"))
		fuzzFormat(t, XLSX, sheetOf(t, body, "xl/shared.xml", "<sst><si><t>a</t></si></sst>"))
		fuzzFormat(t, PPTX, zipOf(t, "ppt/presentation.xml", `<p xmlns:r="r"><sldId r:id="r0"/></p>`,
			"ppt/_rels/presentation.xml.rels", relations("slide", "s.xml"), "ppt/s.xml", "<s>"+body+"</s>"))
		fuzzFormat(t, EPUB, zipOf(t, "META-INF/container.xml", `<rootfile full-path="x.opf"/>`, "x.opf", body))
	})
}
