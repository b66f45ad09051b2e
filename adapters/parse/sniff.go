package parse

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"mime"
	"path"
	"strings"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

// sniff decides by content, then by name, then by what was declared; see document.Parser.
func sniff(head []byte, name, declared string) (string, error) {
	declared = bareType(declared)
	ext := strings.ToLower(path.Ext(strings.ReplaceAll(name, `\`, "/")))
	switch {
	case isPDF(head):
		return PDF, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return sniffZip(head, ext, declared)
	case bytes.HasPrefix(head, []byte(oleMagic)):
		if ext == ".docx" || declared == DOCX {
			return DOCX, nil // Word keeps documents with a password in such a container; reading it says so
		}
		return "", refuse("an old Word, Excel or Outlook file")
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
	if handled(declared) {
		return declared, nil
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return Plain, nil
	}
	return "", refuse("no known kind of document")
}

func refuse(what string) error {
	return fault.Unsupported.Errorf("the file is %s; send PDF, Word (.docx), HTML, Markdown or plain text", what).
		Because(document.ReasonUnsupported)
}

// oleMagic begins files of the container that old Office formats and protected new ones use.
const oleMagic = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

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
		{"\x89PNG", "an image"},
		{"\xFF\xD8\xFF", "an image"},
		{"GIF8", "an image"},
		{"II*\x00", "an image"},
		{"MM\x00*", "an image"},
		{"RIFF", "a media file"},
		{"ID3", "a media file"},
		{"OggS", "a media file"},
		{"\x1F\x8B", "a compressed file"},
		{"Rar!", "a compressed file"},
		{"7z\xBC\xAF", "a compressed file"},
		{"BZh", "a compressed file"},
		{"\x7FELF", "a program"},
		{"MZ\x90", "a program"},
		{"{\\rtf", "an RTF file"},
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

func sniffText(s, ext, declared string) string {
	if isHTML(s) {
		return HTML
	}
	if byName, ok := typeByExtension(ext); ok && (byName == HTML || byName == Markdown || byName == Plain) {
		return byName
	}
	if declared == HTML || declared == Markdown {
		return declared
	}
	return Plain
}

// isHTML looks at the first tag, past comments and declarations.
func isHTML(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s[:min(len(s), 4096)]))
	for {
		switch {
		case strings.HasPrefix(s, "<!--"):
			_, after, ok := strings.Cut(s, "-->")
			if !ok {
				return false
			}
			s = strings.TrimSpace(after)
		case strings.HasPrefix(s, "<?xml"):
			_, after, _ := strings.Cut(s, "?>")
			s = strings.TrimSpace(after)
		default:
			for _, p := range []string{"<!doctype html", "<html", "<head", "<body", "<title", "<meta "} {
				if strings.HasPrefix(s, p) {
					return true
				}
			}
			return false
		}
	}
}

func typeByExtension(ext string) (string, bool) {
	switch ext {
	case ".pdf":
		return PDF, true
	case ".docx", ".docm":
		return DOCX, true
	case ".html", ".htm", ".xhtml":
		return HTML, true
	case ".md", ".markdown", ".mdown":
		return Markdown, true
	case ".txt", ".text", ".log":
		return Plain, true
	}
	return "", false
}

// sniffZip tells the documents that are zip containers apart by the names of their first parts.
func sniffZip(head []byte, ext, declared string) (string, error) {
	for rest := head; ; {
		i := bytes.Index(rest, []byte("PK\x03\x04"))
		if i < 0 || len(rest) < i+30 {
			break
		}
		rest = rest[i:]
		end := min(30+int(binary.LittleEndian.Uint16(rest[26:])), len(rest))
		switch part := string(rest[30:end]); {
		case strings.HasPrefix(part, "word/"):
			return DOCX, nil
		case strings.HasPrefix(part, "xl/"):
			return "", refuse("an Excel workbook")
		case strings.HasPrefix(part, "ppt/"):
			return "", refuse("a PowerPoint presentation")
		case part == "mimetype":
			return "", refuse("an OpenDocument or EPUB file")
		case part == "[Content_Types].xml" && bytes.Contains(inflate(rest, end), []byte("wordprocessingml.document.main")):
			return DOCX, nil
		}
		rest = rest[4:]
	}
	if ext == ".docx" || declared == DOCX {
		return DOCX, nil
	}
	return "", refuse("a zip archive")
}

// inflate unpacks the beginning of a part whose local header starts entry and whose name ends at nameEnd.
func inflate(entry []byte, nameEnd int) []byte {
	start := nameEnd + int(binary.LittleEndian.Uint16(entry[28:]))
	if start >= len(entry) {
		return nil
	}
	r := flate.NewReader(bytes.NewReader(entry[start:]))
	data, _ := io.ReadAll(io.LimitReader(r, 64<<10)) // what came before a cut is good enough
	return data
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
