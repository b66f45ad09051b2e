package parse

import (
	"bytes"
	"cmp"
	"mime"
	"path"
	"strings"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

// sniffBytes is how much of a file its type is decided by.
const sniffBytes = 64 << 10

// sniff decides by content, then by name, then by what was declared; see document.Parser.
func (o Options) sniff(head []byte, name, declared string) (string, error) {
	mediaType, err := sniff(head, name, declared)
	if err != nil || o.handles(mediaType) {
		return mediaType, err
	}
	switch mediaType {
	case PNG, JPEG, TIFF:
		return "", refuse("an image, and reading text from images (OCR) is off here; run text recognition on it, or have OCR turned on")
	}
	return "", refuse("in an old format of Office or Outlook; save it in the new format")
}

func sniff(head []byte, name, declared string) (string, error) {
	declared = bareType(declared)
	ext := strings.ToLower(path.Ext(strings.ReplaceAll(name, `\`, "/")))
	switch {
	case isPDF(head):
		return PDF, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return sniffZip(head, ext, declared)
	case bytes.HasPrefix(head, []byte(oleMagic)):
		return sniffOLE(head, ext, declared)
	case bytes.HasPrefix(head, []byte(`{\rtf`)):
		return RTF, nil
	case imageType(head) != "":
		return imageType(head), nil
	case len(head) > 0 && knownBinary(head) != "":
		return "", refuse(knownBinary(head))
	}
	if s, err := decodeText(wholeRunes(head)); err == nil && strings.TrimSpace(s) != "" {
		return sniffText(s, ext, declared), nil
	}
	// Neither a mark nor a text: the file is empty or damaged at its beginning. Its reader says what is wrong with it.
	if byName, ok := typeByExtension(ext); ok {
		return byName, nil
	}
	if isKnown(declared) {
		return declared, nil
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return Plain, nil
	}
	return "", refuse("no known kind of document")
}

func isKnown(mediaType string) bool {
	return Options{Convert: []string{"x"}, OCR: []string{"x"}}.handles(mediaType)
}

func refuse(what string) error {
	return fault.Unsupported.Errorf("the file is %s; "+canRead, what).Because(document.ReasonUnsupported)
}

// sniffOLE tells apart what old programs of Microsoft write, and new ones when there is a password: reading such a file as the new
// kind says so.
func sniffOLE(head []byte, ext, declared string) (string, error) {
	byName, _ := typeByExtension(ext)
	switch {
	case oleHolds(head, "EncryptedPackage"), byName == DOCX, byName == XLSX, byName == PPTX:
		return cmp.Or(byName, DOCX), nil
	case oleType(head) != "":
		return oleType(head), nil
	case byName == DOC, byName == XLS, byName == PPT, byName == MSG:
		return byName, nil
	case isKnown(declared):
		return declared, nil
	}
	return "", refuse("an old container of Microsoft's with unknown content")
}

// imageType tells the images that OCR reads; "" for anything else.
func imageType(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case bytes.HasPrefix(head, []byte("\xFF\xD8\xFF")):
		return JPEG
	case bytes.HasPrefix(head, []byte("II*\x00")), bytes.HasPrefix(head, []byte("MM\x00*")):
		return TIFF
	}
	return ""
}

// isPDF looks for the mark within the first kilobyte, as readers of PDF do.
func isPDF(head []byte) bool {
	i := bytes.Index(head[:min(len(head), 1024)], []byte("%PDF-"))
	if i < 0 {
		return false
	}
	before := bytes.TrimSpace(bytes.TrimPrefix(head[:i], []byte("\xEF\xBB\xBF")))
	return len(before) == 0 || !isProse(before)
}

// isProse tells a text about PDF from a file with rubbish before its mark.
func isProse(b []byte) bool {
	s, err := decodeText(b)
	return err == nil && len(strings.Fields(s)) > 3
}

// knownBinary names formats that could pass for text or that deserve to be called by name.
func knownBinary(head []byte) string {
	marks := []struct{ mark, name string }{
		{"GIF8", "an image"},
		{"\x89PNG", "a damaged image"},
		{"RIFF", "a media file"},
		{"ID3", "a media file"},
		{"OggS", "a media file"},
		{"\x1F\x8B", "a compressed file"},
		{"Rar!", "a compressed file"},
		{"7z\xBC\xAF", "a compressed file"},
		{"BZh", "a compressed file"},
		{"\x7FELF", "a program"},
		{"MZ\x90", "a program"},
		{"%!PS", "a PostScript file"},
		{"SQLite format 3", "a database"},
	}
	for _, m := range marks {
		if bytes.HasPrefix(head, []byte(m.mark)) {
			return m.name
		}
	}
	return ""
}

func typeByExtension(ext string) (string, bool) { //nolint:cyclop // a table
	switch ext {
	case ".pdf":
		return PDF, true
	case ".docx", ".docm", ".dotx":
		return DOCX, true
	case ".pptx", ".pptm", ".ppsx", ".potx":
		return PPTX, true
	case ".xlsx", ".xlsm", ".xltx":
		return XLSX, true
	case ".odt", ".ott":
		return ODT, true
	case ".ods", ".ots":
		return ODS, true
	case ".odp", ".otp", ".odg":
		return ODP, true
	case ".epub":
		return EPUB, true
	case ".zip":
		return ZIP, true
	case ".rtf":
		return RTF, true
	case ".html", ".htm", ".xhtml":
		return HTML, true
	case ".md", ".markdown", ".mdown":
		return Markdown, true
	case ".txt", ".text", ".log":
		return Plain, true
	}
	t, ok := map[string]string{
		".csv": CSV, ".tsv": TSV, ".tab": TSV, ".json": JSON, ".geojson": JSON, ".jsonl": JSONL, ".ndjson": JSONL,
		".xml": XML, ".eml": EML, ".mht": MHTML, ".mhtml": MHTML,
		".doc": DOC, ".dot": DOC, ".xls": XLS, ".ppt": PPT, ".pps": PPT, ".msg": MSG,
		".png": PNG, ".jpg": JPEG, ".jpeg": JPEG, ".tif": TIFF, ".tiff": TIFF,
	}[ext]
	return t, ok
}

// wholeRunes drops a character that the end of head cuts in two.
func wholeRunes(head []byte) []byte {
	if len(head) < 1024 {
		return head
	}
	for i := 1; i <= 3; i++ {
		if c := head[len(head)-i]; c >= 0xC0 {
			return head[:len(head)-i]
		} else if c < 0x80 {
			break
		}
	}
	return head[:len(head)&^1]
}

func bareType(declared string) string {
	if t, _, err := mime.ParseMediaType(declared); err == nil {
		return t
	}
	return strings.ToLower(strings.TrimSpace(declared))
}
