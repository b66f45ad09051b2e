package parse

import (
	"context"
	"regexp"
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// markdown reads CommonMark with tables and front matter, line by line and in linear time. It is no full parser:
// nesting is flattened, since blocks of text have none, and marks of emphasis and links are taken off the text.
type markdown struct{}

func (markdown) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	s, err := decodeText(data)
	if err != nil {
		return corrupt("a Markdown text", err)
	}
	lines := strings.Split(s, "\n")
	m := markdownReader{out: out, lines: lines[frontMatter(lines, out):]}
	for m.err == nil && len(m.lines) > 0 {
		if m.err = ctx.Err(); m.err == nil {
			m.next()
		}
	}
	m.flush()
	return m.err
}

// frontMatter reads the fields between "---" lines at the top and returns how many lines they take.
func frontMatter(lines []string, out *output) int {
	if len(lines) == 0 || strings.TrimRight(lines[0], " ") != "---" {
		return 0
	}
	for i, line := range lines[1:min(len(lines), 200)] {
		if t := strings.TrimSpace(line); t != "---" && t != "..." {
			continue
		}
		for _, field := range lines[1 : i+1] {
			key, value, ok := strings.Cut(field, ":")
			key = strings.ToLower(strings.TrimSpace(key))
			if ok && strings.IndexFunc(key, func(r rune) bool { return r < 'a' || r > 'z' }) < 0 {
				out.meta(key, strings.Trim(strings.TrimSpace(value), `"'`))
			}
		}
		return i + 2
	}
	return 0
}

var (
	atxHeading    = regexp.MustCompile(`^ {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$`)
	setextLine    = regexp.MustCompile(`^ {0,3}(=+|-+)[ \t]*$`)
	thematicBreak = regexp.MustCompile(`^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$`)
	listItem      = regexp.MustCompile(`^[ \t]*([-*+]|\d{1,9}[.)])(?:[ \t]+(.*))?$`)
	fenceLine     = regexp.MustCompile("^[ \t]*(`{3,}|~{3,})([^`]*)$")
	tableRule     = regexp.MustCompile(`^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$`)
	linkReference = regexp.MustCompile(`^ {0,3}\[[^\]^][^\]]*\]:[ \t]*\S+`)
)

// markdownReader gathers lines into blocks.
type markdownReader struct {
	out   *output
	lines []string // that are still to be read
	err   error

	block  text.Block // in the making
	gather []string   // its lines
	inList bool       // since the last line that began at the margin
	blanks bool       // whether the line before was blank
	until  string     // the end of the HTML comment or program that is passed over; empty outside of one
}

// next reads one line, or one block that knows its own end.
func (m *markdownReader) next() { //nolint:cyclop // a list of cases, each a line or two; apart they would be harder to follow
	line := m.line()
	m.lines = m.lines[1:]
	blankBefore := m.blanks
	m.blanks = strings.TrimSpace(line) == ""
	switch {
	case m.until != "" || m.passesOver(line):
		if strings.Contains(strings.ToLower(line), m.until) {
			m.until = ""
		}
	case m.blanks:
		m.flush()
	case fenceLine.MatchString(line):
		m.fence(line)
	case m.heading(line), m.setext(line), m.item(line):
	case thematicBreak.MatchString(line), len(m.gather) == 0 && linkReference.MatchString(line):
		m.flush()
	case strings.Contains(line, "|") && len(m.lines) > 0 && strings.Contains(m.lines[0], "-") && tableRule.MatchString(m.line()):
		m.table(line)
	case (blankBefore || len(m.gather) == 0) && !m.inList && isIndented(line):
		m.indentedCode(line)
	default:
		if blankBefore && !isIndented(line) && !strings.HasPrefix(line, "  ") {
			m.inList = false
		}
		m.gather = append(m.gather, strings.TrimSuffix(strings.TrimSpace(line), `\`))
	}
}

// passesOver reports whether something begins that nobody is meant to read.
func (m *markdownReader) passesOver(line string) bool {
	line = strings.ToLower(strings.TrimSpace(line))
	for begin, end := range map[string]string{"<!--": "-->", "<script": "</script>", "<style": "</style>"} {
		if strings.HasPrefix(line, begin) {
			m.until = end
			return true
		}
	}
	return false
}

// line returns the next line without the marks of block quotes.
func (m *markdownReader) line() string {
	line := strings.TrimRight(m.lines[0], " \t")
	for {
		t := strings.TrimLeft(line, " ")
		if !strings.HasPrefix(t, ">") || len(line)-len(t) > 3 {
			return line
		}
		line = strings.TrimPrefix(t[1:], " ")
	}
}

func (m *markdownReader) flush() {
	if len(m.gather) > 0 && m.err == nil {
		m.block.Text = m.block.Text + plainInline(strings.Join(m.gather, " "))
		m.err = m.out.add(m.block)
	}
	m.block, m.gather = text.Block{}, nil
}

func (m *markdownReader) emit(b text.Block) {
	m.flush()
	if m.err == nil {
		m.err = m.out.add(b)
	}
}

func (m *markdownReader) heading(line string) bool {
	match := atxHeading.FindStringSubmatch(line)
	if match == nil {
		return false
	}
	m.emit(text.Block{Kind: text.Heading, Level: len(match[1]), Text: plainInline(match[2])})
	m.inList = false
	return true
}

func (m *markdownReader) setext(line string) bool {
	if len(m.gather) == 0 || m.block.Kind != text.Paragraph || !setextLine.MatchString(line) {
		return false
	}
	m.block.Kind, m.block.Level = text.Heading, underlineLevel(line)
	m.flush()
	return true
}

func (m *markdownReader) item(line string) bool {
	match := listItem.FindStringSubmatch(line)
	if match == nil || thematicBreak.MatchString(line) {
		return false
	}
	ordered := len(match[1]) > 1
	if ordered && len(m.gather) > 0 && m.block.Kind == text.Paragraph && match[1] != "1." && match[1] != "1)" {
		return false // a number at the beginning of a line within a paragraph
	}
	m.flush()
	marker := "- "
	if ordered {
		marker = match[1] + " "
	}
	m.block = text.Block{Kind: text.ListItem, Text: marker}
	m.gather = []string{match[2]}
	m.inList = true
	return true
}

func (m *markdownReader) fence(opening string) {
	mark := fenceLine.FindStringSubmatch(opening)[1]
	var code []string
	for len(m.lines) > 0 {
		line := m.lines[0]
		m.lines = m.lines[1:]
		if t := strings.TrimLeft(strings.TrimSpace(line), "> "); len(t) >= len(mark) && strings.Trim(t, mark[:1]) == "" {
			break
		}
		code = append(code, line)
	}
	m.emit(text.Block{Kind: text.Code, Text: strings.Join(code, "\n")})
}

func isIndented(line string) bool {
	return strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t")
}

func (m *markdownReader) indentedCode(line string) {
	code := []string{unindent(line)}
	for len(m.lines) > 0 && (isIndented(m.lines[0]) || strings.TrimSpace(m.lines[0]) == "") {
		code = append(code, unindent(m.lines[0]))
		m.lines = m.lines[1:]
	}
	m.blanks = true
	m.emit(text.Block{Kind: text.Code, Text: strings.Join(code, "\n")})
}

func unindent(line string) string {
	if rest, ok := strings.CutPrefix(line, "\t"); ok {
		return rest
	}
	return strings.TrimPrefix(line, "    ")
}

func (m *markdownReader) table(header string) {
	rows := [][]string{splitRow(header)}
	m.lines = m.lines[1:]
	for len(m.lines) > 0 && strings.Contains(m.lines[0], "|") {
		rows = append(rows, splitRow(m.line()))
		m.lines = m.lines[1:]
	}
	s, ok := markdownTable(rows)
	if ok {
		m.emit(text.Block{Kind: text.Table, Text: s})
		return
	}
	for _, r := range rows {
		m.emit(text.Block{Text: strings.Join(r, " ")})
	}
}

func splitRow(line string) []string {
	line = strings.TrimSpace(line)
	line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
	cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
	for i, c := range cells {
		cells[i] = plainInline(strings.TrimSpace(strings.ReplaceAll(c, "\x00", "|")))
	}
	return cells
}
