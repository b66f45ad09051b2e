package parse

import (
	"errors"
	"testing"

	"github.com/ragcorp/ragcorp/core/fault"
)

func TestSniffTrustsContentThenNameThenWord(t *testing.T) {
	t.Parallel()
	docxHead := word(t, "")
	byContentTypes := zipOf(t, "[Content_Types].xml", `<Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>`)
	cases := []struct {
		test, head, name, declared, want string
	}{
		{"pdf under a false name", "%PDF-1.7\n", "notes.txt", "text/plain", PDF},
		{"pdf after rubbish", "\x00\x01\x02rubbish%PDF-1.4", "", "", PDF},
		{"text about pdf", "A file that begins with %PDF- is a PDF, they say.", "", "", Plain},
		{"docx by its parts", string(docxHead), "upload.bin", "", DOCX},
		{"docx by its content types", string(byContentTypes), "", "", DOCX},
		{"docx by its name", string(zipOf(t, "customXml/item1.xml", "x")), "Letter.DOCX", "", DOCX},
		{"protected docx", oleMagic + "rest", "secret.docx", "", DOCX},
		{"html by its doctype", "\n<!-- made by hand -->\n<!DOCTYPE html><p>x", "page.txt", "", HTML},
		{"html by its name", "<p>Only a fragment", "part.html", "", HTML},
		{"html by its word", "<p>Only a fragment", "", "text/html; charset=utf-8", HTML},
		{"markdown by its name", "# Title", "C:\\docs\\README.MD", "text/plain", Markdown},
		{"markdown by its word", "# Title", "", "text/markdown", Markdown},
		{"plain text", "Hello", "", "application/octet-stream", Plain},
		{"utf-16", "\xFF\xFEH\x00i\x00", "", "", Plain},
		{"empty file", "", "empty.pdf", "", PDF},
		{"damaged beginning", "\x00\x00\x00\x00\x01\x02\x03", "thesis.pdf", "", PDF},
	}
	for _, c := range cases {
		t.Run(c.test, func(t *testing.T) {
			t.Parallel()
			got, err := sniff([]byte(c.head), c.name, c.declared)
			if err != nil || got != c.want {
				t.Errorf("sniff = %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestSniffRefusesWhatIsNotHandled(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{ // by name
		"picture.pdf": "\x89PNG\r\n\x1a\n", "book.xlsx": string(zipOf(t, "xl/workbook.xml", "x")), "slides": string(zipOf(t, "ppt/presentation.xml", "x")),
		"open.odt": string(zipOf(t, "mimetype", "application/vnd.oasis.opendocument.text")), "files.zip": string(zipOf(t, "a.txt", "x")),
		"old.doc": oleMagic, "rich.rtf": `{\rtf1`,
	} {
		if got, err := sniff([]byte(head), name, "application/pdf; q=1"); !errors.Is(err, fault.Unsupported) {
			t.Errorf("sniff(%s) = %q, %v; want it to be unsupported", name, got, err)
		}
	}
	if got, err := sniff([]byte("\x00\x01\x02\x03\x00\x00\x05\x06"), "noise", ""); !errors.Is(err, fault.Unsupported) {
		t.Errorf("sniff(noise) = %q, %v; want it to be unsupported", got, err)
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("%PDF-1.4"), "a.pdf", "application/pdf")
	f.Add([]byte("PK\x03\x04"), "a.docx", "")
	f.Fuzz(func(t *testing.T, head []byte, name, declared string) {
		got, err := sniff(head, name, declared)
		if (err == nil) != handled(got) {
			t.Errorf("sniff = %q, %v", got, err)
		}
	})
}
