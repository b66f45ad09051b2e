package parse

import (
	"context"
	"fmt"
	"strings"
	"testing"

	xunicode "golang.org/x/text/encoding/unicode"

	"github.com/ragcorp/ragcorp/core/document"
)

func TestMailIsReadWithoutATrueBoundary(t *testing.T) {
	t.Parallel()
	const parts = "--true\r\nContent-Type: text/plain\r\n\r\nThe quay is closed.\r\n--true--\r\n"
	for kind, body := range map[string]string{
		"multipart/mixed":                "The quay is closed.\r\n",
		"multipart/mixed; boundary=lost": "The quay is closed.\r\n",
		`multipart/mixed; boundary="a`:   parts,
		"multipart/mixed; boundary=b":    parts,
	} {
		mail := "From: a@example.org\r\nSubject: s\r\nContent-Type: " + kind + "\r\n\r\n" + body
		if got := joined(readLocally(t, EML, []byte(mail)).Blocks); !strings.HasSuffix(got, "\nThe quay is closed.") {
			t.Errorf("%s: text = %q", kind, got)
		}
	}
}

func TestPartsOfOfficeFilesMayBeInUTF16(t *testing.T) {
	t.Parallel()
	body := `<?xml version="1.0" encoding="UTF-16"?>` + wordRoot + `<w:p><w:r><w:t>Größe und Ёлка</w:t></w:r></w:p>` + wordEnd
	wide, err := xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM).NewEncoder().String(body)
	if err != nil {
		t.Fatal(err)
	}
	if got := joined(readLocally(t, DOCX, zipOf(t, "word/document.xml", wide)).Blocks); got != "Größe und Ёлка" {
		t.Errorf("text = %q", got)
	}
}

func TestFormulasThatNobodyCalculatedAreShown(t *testing.T) {
	t.Parallel()
	const sheet = `<worksheet><sheetData><row><c t="inlineStr"><is><t>a</t></is></c><c><f>B2*2</f></c><c t="str"><f>""</f><v></v></c><c><f>1+1</f><v>2</v></c></row></sheetData></worksheet>`
	data := zipOf(t, "xl/workbook.xml", `<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r0"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml", sheet)
	if got := joined(readLocally(t, XLSX, data).Blocks); !strings.Contains(got, "a | =B2*2 | 2") {
		t.Errorf("text = %q", got)
	}
}

func TestListsOfOpenDocumentsAreNumberedLevelByLevel(t *testing.T) {
	t.Parallel()
	const content = `<d><automatic-styles><list-style name="L"><list-level-style-number level="1" num-format="1"/><list-level-style-bullet level="2"/></list-style>` +
		`</automatic-styles><body><text><list style-name="L"><list-item><p>one</p><list><list-item><p>inner</p></list-item></list></list-item></list></text></body></d>`
	if got := joined(readLocally(t, ODT, zipOf(t, "content.xml", content)).Blocks); got != "1. one\n  - inner" {
		t.Errorf("text = %q", got)
	}
}

func TestArchivesOfTooManyFilesHandNothingOn(t *testing.T) {
	t.Parallel()
	var parts []string
	for i := range maxAttached + 1 {
		parts = append(parts, fmt.Sprintf("%d.txt", i), "a text")
	}
	l := InProcess(Options{CacheDir: cacheDir()})
	defer l.Close() //nolint:errcheck // nothing is open
	f := file(ZIP, zipOf(t, parts...))
	f.Attached = func(a document.Attachment) error {
		t.Fatalf("%s was handed on", a.Path)
		return nil
	}
	_, err := l.Parse(context.Background(), f)
	wantReason(t, err, document.ReasonTooLarge)
}

func TestTextsWithTabsInAllLinesAreTables(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Tool\tPlace\nSaw\tLoft\nLadder\tCellar\n": TSV,
		"Tool\tPlace\nSaw\tLoft\n":                 Plain,
		"\tA letter,\n\tindented\n\tby tabs.\n":    Plain,
		"Saw\tLoft\nA word.\nLadder\tCellar\n":     Plain,
	} {
		if got, err := sniff([]byte(in), "a.txt", ""); err != nil || got != want {
			t.Errorf("sniff(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}
