package e2e

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/zlib"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
)

// pdfOf writes a PDF of these objects, numbered from 1; the first is the catalogue. trailer goes into the trailer.
func pdfOf(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, at)
	return b.Bytes()
}

// pageOf is a PDF of one page with this content stream, whose dictionary has further entries.
func pageOf(trailer, entries, content string) []byte {
	return pdfOf(trailer,
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(content), entries, content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	)
}

// encryptedPDF can't be opened without a password.
func encryptedPDF() []byte {
	hash := strings.Repeat("5A", 32)
	return pageOf("/Encrypt << /Filter /Standard /V 1 /R 2 /O <"+hash+"> /U <"+hash+"> /P -44 >> /ID [<00112233> <00112233>]",
		"", "BT /F1 12 Tf 72 720 Td (Nobody may read this) Tj ET")
}

// bombPDF is one page whose content stream unpacks, in two steps, to gigabytes of text.
func bombPDF() []byte {
	inner := deflated("BT /F1 12 Tf 72 720 Td (a bomb in a page) Tj ET\n", 4<<30)
	var outer bytes.Buffer
	w := zlib.NewWriter(&outer)
	_, _ = w.Write(append([]byte{0x78, 0x9c}, inner...)) // a buffer takes everything
	_ = w.Close()
	return pageOf("", "/Filter [/FlateDecode /FlateDecode]", outer.String())
}

// bombDOCX has a text that repeats until it has gigabytes; its directory tells the truth about that or a lie.
func bombDOCX(text string, lie bool) []byte {
	packed := deflated(text, 4<<30)
	head := deflated(documentXML+"<w:p><w:r><w:t>", 1)
	h := zip.FileHeader{
		Name: "word/document.xml", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(nil),
		CompressedSize64: uint64(len(head) + len(packed)), UncompressedSize64: 4 << 30,
	}
	if lie {
		h.UncompressedSize64 = 1000
	}
	// A stream that isn't final may be followed by another.
	return docxOf(&h, append(head[:len(head)-len(finalBlock)], packed...))
}

const documentXML = `<?xml version="1.0"?>` +
	`<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`

// docxOf packs a document.xml that is compressed already into the rest of a DOCX.
func docxOf(h *zip.FileHeader, packed []byte) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range map[string]string{
		"[Content_Types].xml": `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"_rels/.rels":         `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
	} {
		part, _ := w.Create(name)
		_, _ = io.WriteString(part, content)
	}
	part, _ := w.CreateRaw(h)
	_, _ = part.Write(packed)
	_ = w.Close()
	return b.Bytes()
}

// docx is a document of these paragraphs, which must not need escaping.
func docx(paragraphs ...string) []byte {
	xml := documentXML
	for _, p := range paragraphs {
		xml += "<w:p><w:r><w:t>" + p + "</w:t></w:r></w:p>"
	}
	xml += "</w:body></w:document>"
	packed := deflated(xml, 1)
	return docxOf(&zip.FileHeader{
		Name: "word/document.xml", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(xml)),
		CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(len(xml)),
	}, packed)
}

// finalBlock ends a deflate stream after a flush: an empty stored block with the final bit.
const finalBlock = "\x01\x00\x00\xff\xff"

// deflated is a deflate stream of s, repeated until it has about n bytes; s once if n is smaller. What a flush closes off can be
// repeated as it is, so that gigabytes take no time.
func deflated(s string, n int) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	block := []byte(s)
	if n > len(s) {
		block = bytes.Repeat(block, 1<<20/len(s))
	}
	_, _ = w.Write(block)
	_ = w.Flush()
	if n > len(block) {
		first := b.Len()
		_, _ = w.Write(block)
		_ = w.Flush()
		again := bytes.Clone(b.Bytes()[first:])
		for range n/len(block) - 2 {
			b.Write(again)
		}
	}
	b.WriteString(finalBlock)
	return b.Bytes()
}

func TestTheHostileFilesAreWhatTheyClaimToBe(t *testing.T) {
	t.Parallel()
	const s = "as often as it takes "
	want := 3 << 20 / (1 << 20 / len(s) * len(s)) * (1 << 20 / len(s)) * len(s)
	got, err := io.ReadAll(flate.NewReader(bytes.NewReader(deflated(s, 3<<20))))
	if err != nil || len(got) != want || string(got) != strings.Repeat(s, want/len(s)) {
		t.Errorf("unpacked %d bytes, %v, want %d", len(got), err, want)
	}
	if n := len(bombDOCX("a bomb in a text ", true)) + len(bombPDF()); n > 20<<20 {
		t.Errorf("the bombs have %d bytes, too many to be uploaded", n)
	}
}
