package parse

import (
	"errors"
	"strings"
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
		{"workbook", string(zipOf(t, "_rels/.rels", "x", "xl/workbook.xml", "x")), "a.docx", "", XLSX},
		{"workbook inside of a word file", string(zipOf(t, "[Content_Types].xml",
			`<Default Extension="xlsx" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"/>`+
				`<Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>`)), "", "", DOCX},
		{"presentation with macros", string(zipOf(t, "[Content_Types].xml",
			`<Override ContentType="application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"/>`)), "", "", PPTX},
		{"open document", string(zipOf(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet")), "x.zip", "", ODS},
		{"book", string(zipOf(t, "mimetype", "application/epub+zip")), "", "", EPUB},
		{"archive of word files", string(zipOf(t, "letter.docx", string(docxHead))), "letters.zip", "", ZIP},
		{"archive under a false name", string(zipOf(t, "a.txt", "x")), "a.pdf", "application/pdf", ZIP},
		{"rtf under a false name", `{\rtf1\ansi x}`, "letter.doc", "application/msword", RTF},
		{"old word by its directory", oleMagic + strings.Join(strings.Split("WordDocument", ""), "\x00"), "x.bin", "", DOC},
		{"old excel by its name", oleMagic, "x.xls", "", XLS},
		{"message", "Received: by x\r\nFrom: a@b.c\r\nSubject: x\r\n\r\nbody", "mail.txt", "", EML},
		{"notes with colons", "Note: one\nDate: two\n\nbody", "notes.txt", "", Plain},
		{"saved page", "From: <Saved by Blink>\r\nSnapshot-Content-Location: http://x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n", "", "", MHTML},
		{"json", `{"a": [1, 2, {"b": null}]}`, "data", "", JSON},
		{"json lines", "{\"a\":1}\n{\"a\":2}\n", "data", "", JSONL},
		{"text in brackets", "[1] See there.", "notes.txt", "", Plain},
		{"xml", `<?xml version="1.0"?><note/>`, "x", "", XML},
		{"html as xml", `<?xml version="1.0"?><!DOCTYPE html><html/>`, "x.xml", "", HTML},
		{"values by name", "a;b\n1;2\n", "x.csv", "text/plain", CSV},
		{"picture", "\x89PNG\r\n\x1a\n", "x.txt", "", PNG},
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
		"picture.pdf": "\x89PNG\r\n\x1a\n", "photo.jpg": "\xFF\xD8\xFF\xE0", "fax": "II*\x00", "old.doc": oleMagic, "mail.msg": oleMagic,
		"unknown": oleMagic, "movie.pdf": "RIFF", "tool.docx": "\x7FELF", "sheet.xlsb": string(zipOf(t, "xl/workbook.bin", "x")),
	} {
		if got, err := (Options{}).sniff([]byte(head), name, "text/x; q=1"); !errors.Is(err, fault.Unsupported) {
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
		if (err == nil) != isKnown(got) {
			t.Errorf("sniff = %q, %v", got, err)
		}
	})
}
