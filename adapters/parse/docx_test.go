package parse

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
)

// wp is a paragraph of Word with properties and text.
func wp(properties, s string) string {
	return "<w:p><w:pPr>" + properties + "</w:pPr><w:r><w:t>" + s + "</w:t></w:r></w:p>"
}

func style(id string) string { return `<w:pStyle w:val="` + id + `"/>` }

func numbered(id, level int) string {
	return fmt.Sprintf(`<w:numPr><w:ilvl w:val="%d"/><w:numId w:val="%d"/></w:numPr>`, level, id)
}

func relations(targets ...string) string {
	s := wordRels
	for i := 0; i < len(targets); i += 2 {
		s += fmt.Sprintf(`<Relationship Id="r%d" Type="%s%s" Target="%s"/>`, i, relType, targets[i], targets[i+1])
	}
	return s + "</Relationships>"
}

const ns = ` xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`

func TestWordKeepsTheOrderOfTextAndTables(t *testing.T) {
	t.Parallel()
	cell := func(s string) string { return "<w:tc>" + wp("", s) + "</w:tc>" }
	body := wp("", "before") +
		"<w:tbl><w:tr>" + cell("Goods") + cell("Where") + "</w:tr>" +
		"<w:tr>" + cell("Parcels") + "<w:tc>" + wp("", "Gate") + wp("", "one|two") + "</w:tc></w:tr>" +
		`<w:tr><w:trPr><w:del w:id="1"/></w:trPr>` + cell("deleted") + cell("row") + "</w:tr>" +
		`<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>` + wp("", "wide") + "</w:tc></w:tr></w:tbl>" +
		"<w:tbl><w:tr>" + cell("framed") + "</w:tr></w:tbl>" +
		"<w:tbl><w:tr>" + cell("outer") + "<w:tc><w:tbl><w:tr>" + cell("in") + cell("ner") + "</w:tr></w:tbl><w:p/></w:tc></w:tr></w:tbl>" +
		wp("", "after")
	want := []text.Block{
		{Text: "before"},
		{Kind: text.Table, Text: "| Goods | Where |\n| --- | --- |\n| Parcels | Gate one\\|two |\n| wide |  |"},
		{Text: "framed"},
		{Kind: text.Table, Text: "| outer | in ner |\n| --- | --- |"},
		{Text: "after"},
	}
	if diff := cmp.Diff(want, readLocally(t, DOCX, word(t, body)).Blocks); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWordFindsHeadingsInAnyLanguage(t *testing.T) {
	t.Parallel()
	styles := `<w:styles` + ns + `>
<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Ttulo2"><w:name w:val="Título 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Custom"><w:name w:val="Chapter"/><w:basedOn w:val="Base"/></w:style>
<w:style w:type="paragraph" w:styleId="Base"><w:name w:val="Base"/><w:basedOn w:val="Custom"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
</w:styles>`
	body := wp(style("TOC1"), "One ..... 1") + wp(style("berschrift1"), "One") + wp(style("Ttulo2"), "Two") + wp(style("Custom"), "Three") +
		wp(`<w:outlineLvl w:val="3"/>`, "Four") + wp(style("berschrift1")+`<w:outlineLvl w:val="9"/>`, "body text")
	got := readLocally(t, DOCX, word(t, body, "word/styles.xml", styles, "word/_rels/document.xml.rels", relations("styles", "styles.xml")))
	want := []text.Block{
		{Kind: text.Heading, Level: 1, Text: "One"},
		{Kind: text.Heading, Level: 2, Text: "Two"},
		{Kind: text.Heading, Level: 3, Text: "Three"},
		{Kind: text.Heading, Level: 4, Text: "Four"},
		{Text: "body text"},
	}
	if diff := cmp.Diff(want, got.Blocks); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWordCountsItsLists(t *testing.T) {
	t.Parallel()
	level := func(n int, format, text string) string {
		return fmt.Sprintf(`<w:lvl w:ilvl="%d"><w:start w:val="1"/><w:numFmt w:val="%s"/><w:lvlText w:val="%s"/></w:lvl>`, n, format, text)
	}
	numbering := `<w:numbering` + ns + `><w:abstractNum w:abstractNumId="7">` + level(0, "decimal", "%1.") + level(1, "lowerLetter", "%1%2)") +
		level(2, "upperRoman", "%3.") + `</w:abstractNum><w:abstractNum w:abstractNumId="8">` + level(0, "bullet", "") +
		`</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num></w:numbering>`
	body := wp(numbered(1, 0), "a") + wp(numbered(1, 1), "b") + wp(numbered(1, 1), "c") + wp(numbered(1, 2), "d") +
		wp(numbered(1, 0), "e") + wp(numbered(1, 1), "f") + wp(numbered(2, 0), "g") + wp(numbered(99, 0), "h")
	got := joined(readLocally(t, DOCX, word(t, body, "word/numbering.xml", numbering,
		"word/_rels/document.xml.rels", relations("numbering", "/word/numbering.xml"))).Blocks)
	if want := "1. a\n1a) b\n1b) c\nI. d\n2. e\n2a) f\n- g\n- h"; got != want {
		t.Errorf("lists = %q, want %q", got, want)
	}
}

func TestWordReadsNotesHeadersBoxesAndSkipsWhatIsDeleted(t *testing.T) {
	t.Parallel()
	note := `<w:footnotes` + ns + `><w:footnote w:id="0"><w:p><w:r><w:separator/></w:r></w:p></w:footnote><w:footnote w:id="2">` +
		wp("", "the note") + `</w:footnote></w:footnotes>`
	remark := `<w:comments` + ns + `><w:comment w:id="0">` + wp("", "a remark") + `</w:comment></w:comments>`
	header := func(s string) string { return `<w:hdr` + ns + `>` + wp("", s) + `</w:hdr>` }
	body := `<w:p><w:r><w:t xml:space="preserve">Kept</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>` +
		`<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom><w:ins><w:r><w:t xml:space="preserve"> new</w:t></w:r></w:ins>` +
		`<w:hyperlink><w:r><w:t xml:space="preserve"> link</w:t></w:r></w:hyperlink><w:r><w:footnoteReference w:id="2"/></w:r>` +
		`<w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:commentReference w:id="0"/></w:r>` +
		`<mc:AlternateContent><mc:Choice><w:txbxContent>` + wp("", "in a box") + `</w:txbxContent></mc:Choice>` +
		`<mc:Fallback><w:txbxContent>` + wp("", "in a box") + `</w:txbxContent></mc:Fallback></mc:AlternateContent></w:p>` + wp("", "end")
	got := readLocally(t, DOCX, word(t, body, "word/footnotes.xml", note, "word/comments.xml", remark, "word/h1.xml", header("Confidential 2025"), "word/h2.xml", header("Confidential 2026"),
		"word/f1.xml", header("Page 3 of 9"), "docProps/core.xml", `<p xmlns:dc="dc"><dc:title>Rules</dc:title><dc:creator>Ada</dc:creator></p>`,
		"word/_rels/document.xml.rels", relations("footnotes", "footnotes.xml", "comments", "comments.xml", "header", "h1.xml", "header", "h2.xml", "footer", "f1.xml", "header", "missing.xml")))
	want := document.Parsed{
		Title: "Rules", Metadata: map[string]string{"author": "Ada"},
		Blocks: []text.Block{{Text: "Confidential 2025"}, {Text: "Kept new link[1][2]"}, {Text: "in a box"}, {Text: "[1] the note"}, {Text: "[2] a remark"}, {Text: "end"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHostileWordFilesAreRefused(t *testing.T) {
	t.Parallel()
	bomb := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">` + strings.Repeat(`<!ENTITY b "&a;&a;&a;&a;">`, 10) + `]>` + wordRoot + wp("", "&b;") + wordEnd
	whole := word(t, wp("", "text"))
	cases := map[string]struct {
		data   []byte
		reason string
	}{
		"empty":             {nil, document.ReasonCorrupt},
		"no zip":            {[]byte("PK\x03\x04 not really"), document.ReasonCorrupt},
		"cut":               {whole[:len(whole)/2], document.ReasonCorrupt},
		"another zip":       {zipOf(t, "a.txt", "x"), document.ReasonCorrupt},
		"broken xml":        {zipOf(t, "word/document.xml", wordRoot+"<w:p>"), document.ReasonCorrupt},
		"entity bomb":       {zipOf(t, "word/document.xml", bomb), document.ReasonCorrupt},
		"unknown entity":    {word(t, wp("", "&unknown;")), document.ReasonCorrupt},
		"no text":           {word(t, "<w:p/>"), document.ReasonNoText},
		"with a password":   {append([]byte(oleMagic), strings.Join(strings.Split("EncryptedPackage", ""), "\x00")...), document.ReasonEncrypted},
		"old format":        {append([]byte(oleMagic), "WordDocument"...), document.ReasonUnsupported},
		"relation circle":   {word(t, "", "_rels/.rels", relations("officeDocument", "_rels/.rels")), document.ReasonNoText},
		"style of nowhere":  {word(t, wp(style("x"), ""), "word/_rels/document.xml.rels", relations("styles", "../../../etc/passwd")), document.ReasonNoText},
		"deep xml, no text": {word(t, strings.Repeat("<w:x>", 100_000)+strings.Repeat("</w:x>", 100_000)), document.ReasonNoText},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tryLocally(DOCX, c.data)
			if e := fault.Of(err); e == nil || e.Reason != c.reason {
				t.Errorf("error = %v, want the reason %q", err, c.reason)
			}
		})
	}
}

func TestAZipBombIsRefused(t *testing.T) {
	t.Parallel()
	l := InProcess(Options{MaxUncompressed: 1 << 20})
	_, err := l.Parse(context.Background(), file(DOCX, word(t, strings.Repeat(wp("", ""), 2<<20/len(wp("", ""))))))
	wantReason(t, err, document.ReasonTooLarge)
}

func TestDeepWordIsReadInLinearTime(t *testing.T) {
	t.Parallel()
	const depth = 100_000
	for _, tag := range []string{"w:p", "w:tbl", "w:tc", "w:del", "w:txbxContent", "w:t"} {
		s := wp("", "begin") + strings.Repeat("<"+tag+">", depth) + strings.Repeat("</"+tag+">", depth) + wp("", "end")
		start := time.Now()
		got, err := tryLocally(DOCX, word(t, s))
		if err != nil || joined(got.Blocks) != "begin\nend" {
			t.Errorf("%s: %q, %v after %v", tag, joined(got.Blocks), err, time.Since(start))
		}
	}
}

func FuzzWord(f *testing.F) {
	f.Add("<w:p><w:r><w:t>a</w:t></w:r></w:p>")
	f.Add("<w:tbl><w:tr><w:tc><w:p><w:tbl></w:tbl></w:p></w:tc></w:tr></w:tbl>")
	f.Fuzz(func(t *testing.T, body string) { fuzzFormat(t, DOCX, word(t, body)) })
}
