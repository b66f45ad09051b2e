package parse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/text"
)

const (
	drawingNames = ` xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"` +
		` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"` +
		` xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"`
	harvestChart = `<c:chartSpace` + drawingNames + `><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Harvest</a:t></a:r></a:p></c:rich></c:tx></c:title>` +
		`<c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:strCache><c:pt><c:v>tons</c:v></c:pt></c:strCache></c:strRef></c:tx>` +
		`<c:cat><c:strRef><c:strCache><c:pt><c:v>rye</c:v></c:pt><c:pt><c:v>oats</c:v></c:pt></c:strCache></c:strRef></c:cat>` +
		`<c:val><c:numRef><c:numCache><c:pt><c:v>12</c:v></c:pt><c:pt><c:v>7</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>`
	stepsDiagram = `<dgm:dataModel` + drawingNames + `><dgm:ptLst><dgm:pt><dgm:t><a:p><a:r><a:t>sow</a:t></a:r></a:p></dgm:t></dgm:pt>` +
		`<dgm:pt><dgm:t><a:p><a:r><a:t>reap</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>`
)

func TestWordSaysWhatItsChartsAndDiagramsSay(t *testing.T) {
	t.Parallel()
	body := wp("", "before") +
		`<w:p><w:r><w:t>with a chart</w:t><w:drawing` + drawingNames + `><c:chart r:id="r0"/></w:drawing></w:r></w:p>` +
		`<w:p><w:r><w:drawing` + drawingNames + `><dgm:relIds r:dm="r2"/></w:drawing></w:r></w:p>` + wp("", "after")
	got := readLocally(t, DOCX, word(t, body, "word/charts/chart1.xml", harvestChart, "word/diagrams/data1.xml", stepsDiagram,
		"word/_rels/document.xml.rels", relations("chart", "charts/chart1.xml", "diagramData", "diagrams/data1.xml")))
	want := []text.Block{
		{Text: "before"},
		{Text: "with a chart"},
		{Text: "Harvest"},
		{Kind: text.Table, Text: "|  | tons |\n| --- | --- |\n| rye | 12 |\n| oats | 7 |"},
		{Text: "sow"},
		{Text: "reap"},
		{Text: "after"},
	}
	if diff := cmp.Diff(want, got.Blocks); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWordReadsFilesThatWerePutIntoItWhole(t *testing.T) {
	t.Parallel()
	page := "<html><body><h1>Minutes</h1><p>The motion was carried.</p></body></html>"
	saved := "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>From a saved page.</p>\r\n--x--\r\n"
	body := wp("", "before") + `<w:altChunk` + drawingNames + ` r:id="r0"/><w:altChunk` + drawingNames + ` r:id="r2"/>` +
		`<w:altChunk` + drawingNames + ` r:id="r4"/><w:altChunk` + drawingNames + ` r:id="r0"/>` + wp("", "after")
	got := readLocally(t, DOCX, word(t, body, "word/a.html", page, "word/b.mht", saved, "word/c.rtf", `{\rtf1 From rich text.\par}`,
		"word/_rels/document.xml.rels", relations("aFChunk", "a.html", "aFChunk", "b.mht", "aFChunk", "c.rtf")))
	want := []text.Block{
		{Text: "before"},
		{Kind: text.Heading, Level: 1, Text: "Minutes"},
		{Text: "The motion was carried."},
		{Text: "From a saved page."},
		{Text: "From rich text."},
		{Text: "after"},
	}
	if diff := cmp.Diff(want, got.Blocks); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestASheetsTextBoxesAndTitlesOfChartsAreRead(t *testing.T) {
	t.Parallel()
	book := zipOf(t,
		"xl/workbook.xml", `<workbook`+drawingNames+`><sheets><sheet name="Fields" r:id="r0"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml"),
		"xl/worksheets/sheet1.xml", `<worksheet><sheetData><row r="1"><c r="A1"><v>12</v></c></row></sheetData></worksheet>`,
		"xl/worksheets/_rels/sheet1.xml.rels", relations("drawing", "../drawings/drawing1.xml"),
		"xl/drawings/drawing1.xml", `<xdr:wsDr`+drawingNames+`><xdr:sp><xdr:txBody><a:p><a:r><a:t>Prices without </a:t></a:r><a:r><a:t>tax</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>`,
		"xl/drawings/_rels/drawing1.xml.rels", relations("chart", "../charts/chart1.xml"),
		"xl/charts/chart1.xml", harvestChart)
	got := joined(readLocally(t, XLSX, book).Blocks)
	if want := "Fields\n12\nPrices without tax\nHarvest"; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestRemarksOnSlidesAreRead(t *testing.T) {
	t.Parallel()
	const names = drawingNames + ` xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"`
	show := zipOf(t,
		"ppt/presentation.xml", `<p:presentation`+names+`><p:sldIdLst><p:sldId id="256" r:id="r0"/></p:sldIdLst></p:presentation>`,
		"ppt/_rels/presentation.xml.rels", relations("slide", "slides/slide1.xml"),
		"ppt/slides/slide1.xml", `<p:sld`+names+`><p:sp><p:txBody><a:p><a:r><a:t>On the slide</a:t></a:r></a:p></p:txBody></p:sp></p:sld>`,
		"ppt/slides/_rels/slide1.xml.rels", relations("comments", "../comments/comment1.xml", "comments", "../comments/modern.xml"),
		"ppt/comments/comment1.xml", `<p:cmLst`+names+`><p:cm><p:text>Is this still true?</p:text></p:cm></p:cmLst>`,
		"ppt/comments/modern.xml", `<cmLst`+names+`><cm><txBody><a:p><a:r><a:t>It is.</a:t></a:r></a:p></txBody></cm></cmLst>`)
	got := readLocally(t, PPTX, show).Blocks
	if s := joined(got); s != strings.Join([]string{"On the slide", "Is this still true?", "It is."}, "\n") {
		t.Errorf("text = %q", s)
	}
	for _, b := range got {
		if b.Page != 1 {
			t.Errorf("%q is on page %d, want 1", b.Text, b.Page)
		}
	}
}
