package parse

import (
	stdhtml "html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var htmlTag = regexp.MustCompile(`^</?[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]*)?/?>`)

// plainInline takes the marks of Markdown off running text: of emphasis, code, links, images, escapes and entities.
// What isn't clearly a mark stays.
func plainInline(s string) string {
	if !strings.ContainsAny(s, "*_`[]<&\\~!") {
		return s
	}
	in := inline{src: s, open: map[string]int{}}
	for in.at < len(s) {
		in.step()
	}
	return strings.TrimSpace(stdhtml.UnescapeString(in.String()))
}

// inline is a scan over running text. Pieces are what was copied so far; a piece that turns out to be a mark is blanked.
type inline struct {
	src    string
	at     int
	pieces []string
	links  []int          // pieces that hold a "[" which no "]" has met yet
	open   map[string]int // the last piece that may open emphasis, by its characters
}

func (in *inline) String() string { return strings.Join(in.pieces, "") }

func (in *inline) put(n int) {
	in.pieces = append(in.pieces, in.src[in.at:in.at+n])
	in.at += n
}

func (in *inline) step() {
	rest := in.src[in.at:]
	switch c := rest[0]; {
	case c == '\\' && len(rest) > 1 && isPunctuation(rest[1]):
		in.at++
		in.put(1)
	case c == '`':
		in.code(rest)
	case c == '!' && strings.HasPrefix(rest, "!["):
		in.links = append(in.links, len(in.pieces))
		in.put(2)
	case c == '[':
		in.links = append(in.links, len(in.pieces))
		in.put(1)
	case c == ']':
		in.closeLink(rest)
	case c == '*' || c == '_' || c == '~':
		in.emphasis(rest)
	case c == '<':
		in.tag(rest)
	default:
		n := strings.IndexAny(rest[1:], "*_`[]<\\~!")
		if n < 0 {
			n = len(rest) - 1
		}
		in.put(n + 1)
	}
}

// code copies what is between equal runs of backquotes.
func (in *inline) code(rest string) {
	n := len(rest) - len(strings.TrimLeft(rest, "`"))
	end := strings.Index(rest[n:min(len(rest), n+4096)], rest[:n])
	if end < 0 {
		in.put(n)
		return
	}
	in.at += n
	in.put(end)
	in.at += n
}

// closeLink drops the brackets, and the address, of a link or an image; other brackets stay.
func (in *inline) closeLink(rest string) {
	if len(in.links) == 0 {
		in.put(1)
		return
	}
	opening := in.links[len(in.links)-1]
	in.links = in.links[:len(in.links)-1]
	n := addressLength(rest[1:])
	if n == 0 {
		in.put(1)
		return
	}
	in.pieces[opening] = ""
	in.at += 1 + n
}

// addressLength returns the length of the "(address)" or "[reference]" that s begins with, 0 when there is none.
func addressLength(s string) int {
	if s == "" || s[0] != '(' && s[0] != '[' {
		return 0
	}
	s = s[:min(len(s), 4096)]
	if s[0] == '[' {
		return strings.IndexByte(s, ']') + 1
	}
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// emphasis drops two equal runs of marks that enclose text.
func (in *inline) emphasis(rest string) { //nolint:cyclop // a list of cases, each a line or two; apart they would be harder to follow
	n := len(rest) - len(strings.TrimLeft(rest, rest[:1]))
	mark := rest[:n]
	before, _ := utf8.DecodeLastRuneInString(in.src[:in.at])
	after, _ := utf8.DecodeRuneInString(rest[n:])
	atStart, atEnd := in.at == 0, len(rest) == n
	opens := !atEnd && !unicode.IsSpace(after) && (atStart || !isWord(before) || mark[0] == '*' && !unicode.IsDigit(before))
	closes := !atStart && !unicode.IsSpace(before) && (atEnd || !isWord(after) || mark[0] == '*' && !unicode.IsDigit(after))
	if mark == "~" || n > 3 {
		opens, closes = false, false
	}
	if i, ok := in.open[mark]; ok && closes {
		in.pieces[i] = ""
		delete(in.open, mark)
		in.at += n
		return
	}
	if opens {
		in.open[mark] = len(in.pieces)
	}
	in.put(n)
}

// tag drops HTML tags and the angle brackets of an address.
func (in *inline) tag(rest string) {
	near := rest[:min(len(rest), 1024)]
	if next := strings.IndexByte(near[1:], '<'); next >= 0 {
		near = near[:next+1]
	}
	if loc := htmlTag.FindStringIndex(near); loc != nil {
		if strings.HasPrefix(strings.ToLower(near), "<br") {
			in.pieces = append(in.pieces, "\n")
		}
		in.at += loc[1]
		return
	}
	end := strings.IndexByte(near, '>')
	if address := near[1:max(end, 1)]; end > 0 && !strings.ContainsAny(address, " \n<") && strings.ContainsAny(address, ":@") {
		in.at++
		in.put(end - 1)
		in.at++
		return
	}
	in.put(1)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func isPunctuation(c byte) bool {
	return c > ' ' && c < 0x7f && !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
}
