package parse

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/ragcorp/ragcorp/core/document"
)

const odfNames = ` xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"` +
	` xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"` +
	` xmlns:dc="http://purl.org/dc/elements/1.1/"`

func TestRemarksInOpenDocumentsAreRead(t *testing.T) {
	t.Parallel()
	remark := func(s string) string {
		return `<office:annotation><dc:creator>Ann</dc:creator><dc:date>2024-01-02T00:00:00</dc:date><text:p>` + s + `</text:p></office:annotation>`
	}
	for mediaType, c := range map[string]struct{ body, want string }{
		ODT: {
			`<office:text><text:p>Paid` + remark("by whom?") + ` on <text:date>3 May</text:date>.</text:p><text:p>after</text:p></office:text>`,
			"Paid[1] on 3 May.\n[1] by whom?\nafter",
		},
		ODS: {
			`<office:spreadsheet><table:table table:name="Bills"><table:table-row><table:table-cell>` + remark("by whom?") + `<text:p>12</text:p></table:table-cell></table:table-row></table:table>` +
				`<table:table table:name="More"><table:table-row><table:table-cell>` + remark("nothing yet") + `</table:table-cell></table:table-row></table:table></office:spreadsheet>`,
			"Bills\n12\nby whom?\nMore\nnothing yet",
		},
		ODP: {
			`<office:presentation><draw:page>` + remark("too long") + `<draw:frame><draw:text-box><text:p>Slide</text:p></draw:text-box></draw:frame></draw:page></office:presentation>`,
			"Slide\n[1] too long",
		},
	} {
		content := `<office:document-content` + odfNames + `><office:body>` + c.body + `</office:body></office:document-content>`
		if got := joined(readLocally(t, mediaType, zipOf(t, "content.xml", content)).Blocks); got != c.want {
			t.Errorf("%s: text = %q, want %q", mediaType, got, c.want)
		}
	}
}

func TestMailWithADamagedHeadIsRead(t *testing.T) {
	t.Parallel()
	const mail = "From: ann@example.org\r\nReferences: <a@b>\r\nc@d>\r\nSubject: Fence\r\n of the garden\r\n\r\nIt fell over.\r\n"
	want := "Fence of the garden\nFrom: ann@example.org\nIt fell over."
	if got := joined(readLocally(t, EML, []byte(mail)).Blocks); got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
	_, err := tryLocally(EML, []byte("this is no mail\r\nat all\r\n"))
	wantReason(t, err, document.ReasonCorrupt)
}

func TestMailInUTF16IsRead(t *testing.T) {
	t.Parallel()
	var wide []byte
	for _, u := range utf16.Encode([]rune("\uFEFFFrom: ann@example.org\r\nSubject: Zaun\r\n\r\nEr ist schief, schön ist er nicht.\r\n")) {
		wide = binary.BigEndian.AppendUint16(wide, u)
	}
	if got := joined(readLocally(t, EML, wide).Blocks); !strings.Contains(got, "Zaun") || !strings.Contains(got, "schön ist er nicht") {
		t.Errorf("text = %q", got)
	}
}

func TestReportsOfMailServersAreText(t *testing.T) {
	t.Parallel()
	const mail = "From: a@example.org\r\nSubject: s\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\n" +
		"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n--x--\r\n"
	if got := joined(readLocally(t, EML, []byte(mail)).Blocks); !strings.Contains(got, "Action: failed") {
		t.Errorf("text = %q", got)
	}
}

func TestRichTextLosesNothingToStrayMarks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{\rtf1\pard{\f2\b0\*\cs7 The quick fox}\par}`:                                      "The quick fox",
		`{\rtf1{\rtlch Fax\cell Phone\cell }}`:                                              "| Fax | Phone |\n| --- | --- |",
		`{\rtf1 before {\*\unknown hidden}after\par}`:                                       "before after",
		`{\rtf1\trowd\pard\intbl a\cell b\cell\row\pard\intbl c\cell d\cell}`:               "| a | b |\n| --- | --- |\n| c | d |",
		`{\rtf1 {\deleted\revdttmdel-2015295488 old}{\revised\revdttm-2015295488 new}\par}`: "new",
		`{\rtf1 Região {\b ações}\uc1\u8364?\par}`:                                          "Região ações€",
		`{\rtf1 a{\*\atnid B}\chatn{\*\annotation{\*\atndate 1}\pard Really?}\par}`:         "a[1]\n[1] Really?",
	} {
		if got := joined(readLocally(t, RTF, []byte(in)).Blocks); got != want {
			t.Errorf("%s: text = %q, want %q", in, got, want)
		}
	}
}

func TestCellsOfRichTextStandInTheirColumns(t *testing.T) {
	t.Parallel()
	const in = `{\rtf1\trowd\cellx1000\cellx2000\cellx3000\pard\intbl a\cell b\cell c\cell\row
		\trowd\cellx2010\cellx3000\pard\intbl wide\cell d\cell\row
		\trowd\cellx1000\cellx2000\cellx3000\pard\intbl e\cell\pard\intbl\itap2 in\nestcell side\nestcell{\*\nesttableprops\trowd\cellx1500\cellx2000\nestrow}\pard\intbl f\cell g\cell\row\pard}`
	want := "| a | b | c |\n| --- | --- | --- |\n| wide |  | d |\n| e | in side f | g |"
	if got := joined(readLocally(t, RTF, []byte(in)).Blocks); got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestXMLWithPicturesInItsDocumentTypeIsRead(t *testing.T) {
	t.Parallel()
	const doctype = `<?xml version="1.0"?><!DOCTYPE p [<!ENTITY fig1 SYSTEM "fig1.tif" NDATA TIF>%s]><p>A lever.</p>`
	if got := joined(readLocally(t, XML, []byte(strings.Replace(doctype, "%s", "", 1))).Blocks); got != "A lever." {
		t.Errorf("text = %q", got)
	}
	_, err := tryLocally(XML, []byte(strings.Replace(doctype, "%s", `<!ENTITY a "aaaa">`, 1)))
	wantReason(t, err, document.ReasonCorrupt)
}

func TestXMLInAnUnknownEncodingIsGuessed(t *testing.T) {
	t.Parallel()
	if got := joined(readLocally(t, XML, []byte("<?xml version=\"1.0\" encoding=\"x-unheard-of\"?><p>Gr\xfc\xdfe aus M\xfcnchen</p>")).Blocks); got != "Grüße aus München" {
		t.Errorf("text = %q", got)
	}
}

func TestRowsOfRichTextWithoutEndCostWhatTheyHold(t *testing.T) {
	t.Parallel()
	in := `{\rtf1\trowd` + strings.Repeat(`\cellx9`, 1000) + strings.Repeat(`a\cell\row`, 1<<20) + `}`
	_, err := tryLocally(RTF, []byte(in))
	if err != nil {
		wantReason(t, err, document.ReasonTooLarge)
	}
}
