package parse

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klippa-app/go-pdfium/requests"

	"github.com/ragcorp/ragcorp/core/document"
)

// withOCR makes a parser that reads pictures.
func withOCR(t *testing.T, languages ...string) *Parser {
	t.Helper()
	installed, err := exec.CommandContext(t.Context(), "tesseract", "--list-langs").CombinedOutput()
	if err != nil {
		t.Skipf("tesseract is not installed: %v", err)
	}
	for _, l := range languages {
		if !slices.Contains(strings.Fields(string(installed)), l) {
			t.Skipf("tesseract has not learnt %q", l)
		}
	}
	return newParser(t, Options{Children: 1, OCR: []string{"tesseract"}, OCRLanguages: languages})
}

// drawn draws the first page of a PDF file in grey.
func drawn(t *testing.T, name string) *image.Gray {
	t.Helper()
	engine := newPDF(Options{CacheDir: cacheDir(), MaxMemory: 1 << 30, Children: 1}, false)
	t.Cleanup(func() { _ = engine.Close() })
	pool, err := engine.engine()
	if err != nil {
		t.Fatal(err)
	}
	instance, err := engine.lender.lend(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	data := testdata(t, name)
	doc, err := instance.OpenDocument(&requests.OpenDocument{File: &data})
	if err != nil {
		t.Fatal(err)
	}
	f := pdfFile{engine: instance, doc: doc.Document}
	page, err := f.page(0)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := f.picture(0, page.width, page.height)
	if err != nil {
		t.Fatal(err)
	}
	var width, height, depth int
	if _, err := fmt.Sscanf(string(picture[:32]), "P5 %d %d %d", &width, &height, &depth); err != nil {
		t.Fatal(err)
	}
	return &image.Gray{Pix: picture[len(picture)-width*height:], Stride: width, Rect: image.Rect(0, 0, width, height)}
}

// scan makes a PDF file with a page of text, then one that is nothing but a picture.
func scan(picture *image.Gray) []byte {
	size := picture.Rect.Size()
	var b bytes.Buffer
	object := func(n int, dict, stream string) {
		fmt.Fprintf(&b, "%d 0 obj\n%s\n", n, dict)
		if stream != "" {
			fmt.Fprintf(&b, "stream\n%s\nendstream\n", stream)
		}
		b.WriteString("endobj\n")
	}
	b.WriteString("%PDF-1.4\n")
	object(1, "<</Type/Catalog/Pages 2 0 R>>", "")
	object(2, "<</Type/Pages/Count 2/Kids[3 0 R 6 0 R]>>", "")
	text := "BT /F 12 Tf 72 700 Td (The first page has a text.) Tj ET"
	object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 595]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>", "")
	object(4, fmt.Sprintf("<</Length %d>>", len(text)), text)
	draw := "420 0 0 595 0 0 cm /I Do"
	object(5, fmt.Sprintf("<</Length %d>>", len(draw)), draw)
	object(6, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 595]/Contents 5 0 R/Resources<</XObject<</I 7 0 R>>>>>>", "")
	object(7, fmt.Sprintf("<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Length %d>>",
		size.X, size.Y, len(picture.Pix)), string(picture.Pix))
	b.WriteString("trailer<</Root 1 0 R>>\n%%EOF\n")
	return b.Bytes()
}

func TestScannedPagesAreRead(t *testing.T) {
	t.Parallel()
	p := withOCR(t, "eng")
	data := scan(drawn(t, "testdata/corpus/en.pdf"))
	f := file(PDF, data)
	var mu sync.Mutex
	var reported []string
	f.Progress = func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		reported = append(reported, fmt.Sprint(done, "/", total))
	}
	got, err := p.Parse(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	last := got.Blocks[len(got.Blocks)-1]
	if got.Blocks[0].Page != 1 || last.Page != 2 || !strings.Contains(joined(got.Blocks), "before the fog lifts") {
		t.Errorf("pages are read as %+v", got.Blocks)
	}
	if got.Metadata["ocr_pages"] != "1" || got.Metadata["ocr_confidence"] < "80" || len(got.EmptyPages) != 0 {
		t.Errorf("metadata %v, empty pages %v", got.Metadata, got.EmptyPages)
	}
	if len(reported) == 0 || reported[len(reported)-1] != "2/2" {
		t.Errorf("progress was %q", reported)
	}
	without, err := newParser(t, Options{Children: 1}).Parse(t.Context(), file(PDF, data))
	if err != nil || len(without.EmptyPages) != 1 || without.EmptyPages[0] != 2 {
		t.Errorf("without OCR the empty pages are %v, %v", without.EmptyPages, err)
	}
}

func TestPicturesAreDocumentsWhenOCRIsOn(t *testing.T) {
	t.Parallel()
	p := withOCR(t, "eng", "spa")
	var b bytes.Buffer
	if err := png.Encode(&b, drawn(t, "testdata/corpus/es.pdf")); err != nil {
		t.Fatal(err)
	}
	mediaType, err := p.Sniff(b.Bytes()[:100], "scan", "")
	if err != nil || mediaType != PNG {
		t.Fatalf("Sniff() = %q, %v", mediaType, err)
	}
	got, err := p.Parse(t.Context(), file(PNG, b.Bytes()))
	if err != nil || !strings.Contains(joined(got.Blocks), "limpia cada mañana") {
		t.Errorf("the picture is read as %q, %v", joined(got.Blocks), err)
	}
	_, err = p.Parse(t.Context(), file(PNG, b.Bytes()[:200]))
	wantReason(t, err, document.ReasonCorrupt)
	b.Reset()
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 300, 300))); err != nil {
		t.Fatal(err)
	}
	_, err = p.Parse(t.Context(), file(PNG, b.Bytes()))
	wantReason(t, err, document.ReasonNoText)
}

func TestProgramsAreHeldToLimits(t *testing.T) {
	t.Parallel()
	onLinux(t)
	dir := t.TempDir()
	run := func(script string) (string, error) {
		c := command{
			args: []string{"sh", "-c", script}, timeout: 20 * time.Second,
			limits: commandLimits{Dir: dir, Memory: 64 << 20, CPU: 10 * time.Second, Output: 1 << 20},
		}
		if strings.HasPrefix(script, "sleep") {
			c.timeout = 200 * time.Millisecond
		}
		out, err := c.run(context.Background(), 1<<20)
		return string(out), err
	}
	out, err := run("env; ulimit -t; ulimit -d; echo ok > " + dir + "/file && cat " + dir + "/file")
	if err != nil || !strings.Contains(out, "ok") || strings.Contains(out, childVariable) || strings.Contains(out, "GOCACHE") {
		t.Errorf("a harmless program: %q, %v", out, err)
	}
	for name, script := range map[string]string{
		"memory":        "head -c 200m /dev/zero | tail -c 190m | wc -c; exit ${PIPESTATUS:-0}; ",
		"output":        "head -c 10m /dev/zero > " + dir + "/large",
		"other folders": "echo x > /tmp/ragcorp-escape",
		"time":          "sleep 20",
		"failure":       "exit 3",
	} {
		if out, err := run(script); err == nil && !(name == "memory" && strings.TrimSpace(out) == "0") {
			t.Errorf("%s: %q, want an error", name, out)
		}
	}
	if _, err := (command{args: []string{"ragcorp-no-such-program"}, timeout: time.Second}).run(context.Background(), 1); err == nil || !isMissing(err) {
		t.Errorf("a program that isn't there: %v", err)
	}
}

func TestOldFilesAreConvertedWhenThereIsAProgram(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("soffice"); err != nil || testing.Short() {
		t.Skip("LibreOffice is not installed, or there is no time for it")
	}
	p := newParser(t, Options{Children: 1, MaxMemory: 2 << 30, Convert: []string{
		"soffice", "-env:UserInstallation=file://{dir}/../profile", "--headless", "--convert-to", "{to}", "--outdir", "{dir}", "{file}",
	}})
	for _, name := range []string{"en.doc", "en.xls", "en.ppt"} {
		data := testdata(t, "testdata/corpus/old/"+name)
		mediaType, err := p.Sniff(data[:min(len(data), sniffBytes)], name, "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Parse(t.Context(), file(mediaType, data))
		if err != nil || !strings.Contains(joined(got.Blocks), "Ships that pass at night") {
			t.Errorf("%s (%s): %d blocks, %v", name, mediaType, len(got.Blocks), err)
		}
	}
}
