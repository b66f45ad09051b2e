package parse

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// sniffText tells texts apart: those with a clear mark by it, others by name, then by word.
func sniffText(s, ext, declared string) string {
	byName, named := typeByExtension(ext)
	named = named && isText(byName)
	switch {
	case isHTML(s):
		return HTML
	case named && (byName == Markdown || byName == CSV || byName == TSV):
		return byName
	}
	if t := mailType(s, ext); t != "" {
		return t
	}
	return typeByWord(s, byName, named, declared)
}

// typeByWord tells texts apart that have no clear mark, by what is said of them.
func typeByWord(s, byName string, named bool, declared string) string {
	switch {
	case strings.HasPrefix(strings.TrimSpace(s), "<?xml"):
		return XML
	case jsonType(s) != "" && byName != HTML && byName != XML:
		if byName == JSONL {
			return JSONL
		}
		return jsonType(s)
	case (byName == Plain || !named && !isText(declared)) && isTabbed(s):
		return TSV
	case named:
		return byName
	case isText(declared):
		return declared
	}
	return Plain
}

// isTabbed reports whether tabs part all lines at the beginning of a text into equally many values, as in what spreadsheets save as text.
func isTabbed(s string) bool {
	lines := strings.SplitN(strings.TrimRight(s, "\n"), "\n", 21)
	if n := len(lines); n > 20 || n > 1 && len(s) > sniffBytes/4 {
		lines = lines[:n-1] // may be cut
	}
	tabs := strings.Count(lines[0], "\t")
	for _, l := range lines {
		if strings.Count(l, "\t") != tabs || strings.HasPrefix(l, "\t") {
			return false
		}
	}
	return tabs > 0 && len(lines) > 2
}

// isText reports whether files of a type are texts, which have no mark that could be missing.
func isText(mediaType string) bool {
	switch mediaType {
	case HTML, Markdown, Plain, CSV, TSV, JSON, JSONL, XML, EML, MHTML:
		return true
	}
	return false
}

// mailType tells a message, or a web page saved as one, by the fields at its beginning; "" for anything else.
func mailType(s, ext string) string {
	s = strings.TrimLeft(s, "\n")
	if rest, ok := strings.CutPrefix(s, "From "); ok && ext != ".txt" {
		_, s, _ = strings.Cut(rest, "\n")
	}
	fields := mailFields(s)
	known := 0
	for _, name := range []string{"from", "to", "subject", "date", "received", "return-path", "message-id", "mime-version", "content-type"} {
		if fields[name] != "" {
			known++
		}
	}
	related := strings.Contains(strings.ToLower(fields["content-type"]), "multipart/related")
	switch {
	case related && (ext == ".mht" || ext == ".mhtml" || fields["snapshot-content-location"] != "" || fields["to"] == "" && fields["received"] == ""):
		return MHTML
	case known >= 3, known >= 2 && (fields["received"] != "" || fields["message-id"] != "" || ext == ".eml"):
		return EML
	}
	return ""
}

// mailFields reads the fields at the beginning of a text, by their names in lower case; none when it doesn't begin with one.
func mailFields(s string) map[string]string {
	head, _, _ := strings.Cut(s, "\n\n")
	fields := map[string]string{}
	last := ""
	for line := range strings.SplitSeq(head, "\n") {
		name, value, ok := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"):
			fields[last] += line
		case !ok || strings.ContainsAny(name, " \t") || len(name) > 70:
			if len(fields) == 0 {
				return nil
			}
		default:
			last = strings.ToLower(name)
			fields[last] += value
		}
	}
	return fields
}

// jsonType reports whether a text is JSON as far as it goes: JSON, or JSONL when values follow each other; "" for anything else.
func jsonType(s string) string { //nolint:cyclop // a list of cases, each a line or two; apart they would be harder to follow
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") {
		return ""
	}
	d := json.NewDecoder(strings.NewReader(s))
	for depth, values := 0, 0; ; {
		t, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && depth == 0, errors.Is(err, io.ErrUnexpectedEOF) && len(s) > sniffBytes/2, errors.Is(err, io.EOF) && len(s) > sniffBytes/2:
			if values > 1 || values == 1 && depth > 0 {
				return JSONL
			}
			return JSON
		case err != nil:
			return ""
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			if depth--; depth == 0 {
				values++
			}
		default:
			if depth == 0 {
				return ""
			}
		}
	}
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
