package parse

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"regexp"
	"strings"
)

// Marks of the main parts of Office documents, in the list of content types.
var (
	wordMain  = regexp.MustCompile(`(?:wordprocessingml|ms-word)\.[A-Za-z.]+main\+xml`)
	excelMain = regexp.MustCompile(`(?:spreadsheetml|ms-excel)\.[A-Za-z.]+main\+xml`)
	pointMain = regexp.MustCompile(`(?:presentationml|ms-powerpoint)\.[A-Za-z.]+main\+xml`)
)

// sniffZip tells the documents that are zip containers, and archives, apart by the names of their first parts. The first of all
// tells an archive: documents begin with a part of theirs.
func sniffZip(head []byte, ext, declared string) (string, error) {
	for rest, first := head, true; ; first = false {
		i := bytes.Index(rest, []byte("PK\x03\x04"))
		if i < 0 || len(rest) < i+30 {
			break
		}
		rest = rest[i:]
		end := min(30+int(binary.LittleEndian.Uint16(rest[26:])), len(rest))
		part := string(rest[30:end])
		if first && !isDocumentPart(part) {
			break
		}
		if t := partType(part, rest, end); t != "" {
			return t, nil
		}
		if part == "xl/workbook.bin" {
			return "", refuse("a binary Excel workbook (.xlsb)")
		}
		rest = rest[4:]
	}
	if byName, ok := typeByExtension(ext); ok && isZipped(byName) {
		return byName, nil
	}
	if isZipped(declared) && ext == "" {
		return declared, nil
	}
	return ZIP, nil
}

func isZipped(mediaType string) bool {
	switch mediaType {
	case DOCX, PPTX, XLSX, ODT, ODS, ODP, EPUB:
		return true
	}
	return false
}

func isDocumentPart(part string) bool {
	if part == "mimetype" || part == "[Content_Types].xml" {
		return true
	}
	for _, folder := range []string{"_rels/", "word/", "xl/", "ppt/", "docProps/", "customXml/", "META-INF/"} {
		if strings.HasPrefix(part, folder) {
			return true
		}
	}
	return false
}

// partType tells a document by one of its parts; entry begins with its local header, and its name ends at end.
func partType(part string, entry []byte, end int) string {
	switch part {
	case "mimetype":
		return mimeOf(entry, end)
	case "word/document.xml":
		return DOCX
	case "xl/workbook.xml":
		return XLSX
	case "ppt/presentation.xml":
		return PPTX
	case "META-INF/container.xml":
		return EPUB
	case "[Content_Types].xml":
		types := inflate(entry, end)
		switch {
		case wordMain.Match(types):
			return DOCX
		case excelMain.Match(types):
			return XLSX
		case pointMain.Match(types):
			return PPTX
		}
	}
	return ""
}

// mimeOf reads the type of OpenDocument and EPUB files from the part that says nothing else.
func mimeOf(entry []byte, end int) string {
	said := entry[end:]
	if entry[8] != 0 { // packed, against the rules
		said = inflate(entry, end)
	} else if extra := int(binary.LittleEndian.Uint16(entry[28:])); extra <= len(said) {
		said = said[extra:]
	}
	for _, m := range []struct{ prefix, mediaType string }{
		{ODT, ODT}, {ODS, ODS}, {ODP, ODP}, {EPUB, EPUB}, {"application/vnd.oasis.opendocument.graphics", ODP},
	} {
		if bytes.HasPrefix(said, []byte(m.prefix)) {
			return m.mediaType
		}
	}
	return ""
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
