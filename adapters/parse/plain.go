package parse

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/text"
)

// plain reads text without markup: paragraphs are parted by blank lines, pages by form feeds.
type plain struct{}

func (plain) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	s, err := decodeText(data)
	if err != nil {
		return corrupt("a text", err)
	}
	pages := strings.Split(strings.TrimRight(s, "\f\n \t"), "\f")
	if len(pages) > 1 {
		if err := out.pages(len(pages)); err != nil {
			return err
		}
	}
	for i, page := range pages {
		if err := ctx.Err(); err != nil {
			return err
		}
		number := 0
		if len(pages) > 1 {
			number = i + 1
			if strings.TrimSpace(page) == "" {
				out.parsed.EmptyPages = append(out.parsed.EmptyPages, number)
			}
		}
		if err := addParagraphs(out, page, number); err != nil {
			return err
		}
	}
	return nil
}

func addParagraphs(out *output, s string, page int) error {
	p := plainReader{out: out, block: text.Block{Page: page}}
	for line := range strings.SplitSeq(s, "\n") {
		if err := p.line(strings.TrimRight(line, " \t")); err != nil {
			return err
		}
	}
	return p.flush()
}

// plainReader gathers lines into blocks.
type plainReader struct {
	out   *output
	block text.Block // in the making
	lines []string   // of it
}

func (p *plainReader) line(line string) error {
	marked := bullet.MatchString(strings.TrimLeft(line, " \t"))
	switch {
	case line == "":
		return p.flush()
	case len(p.lines) == 1 && p.block.Kind == text.Paragraph && isUnderline(line, p.lines[0]):
		p.block.Kind, p.block.Level = text.Heading, underlineLevel(line)
		return p.flush()
	case marked && (len(p.lines) == 0 || p.block.Kind == text.ListItem || !isDigit(line)):
		if err := p.flush(); err != nil {
			return err
		}
		p.block.Kind = text.ListItem
	}
	p.lines = append(p.lines, line)
	return nil
}

func isDigit(line string) bool {
	line = strings.TrimLeft(line, " \t(")
	return '0' <= line[0] && line[0] <= '9'
}

func (p *plainReader) flush() error {
	b := p.block
	b.Text = unwrap(p.lines)
	p.block, p.lines = text.Block{Page: b.Page}, p.lines[:0]
	return p.out.add(b)
}

// narrowest is the shortest width to which anybody wraps prose.
const narrowest = 40

// unwrap joins the lines of a paragraph: with a space where a line was full, so that the next word had no room in it, and
// with a line end where it was left on purpose.
func unwrap(lines []string) string {
	width := 0
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(l))
	}
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			before := utf8.RuneCountInString(lines[i-1])
			word := utf8.RuneCountInString(firstField(strings.TrimLeft(l, " \t")))
			if width >= narrowest && before+1+word > width {
				b.WriteByte(' ')
				l = strings.TrimLeft(l, " \t")
			} else {
				b.WriteByte('\n')
			}
		}
		b.WriteString(l)
	}
	return b.String()
}

// isUnderline reports whether line consists of "=" or "-" and is about as long as the title above it.
func isUnderline(line, title string) bool {
	line, title = strings.TrimSpace(line), strings.TrimSpace(title)
	if len(line) < 3 || strings.Trim(line, "=") != "" && strings.Trim(line, "-") != "" {
		return false
	}
	n := len([]rune(title))
	return n < 120 && len(line) >= n/2 && len(line) <= 2*n+10
}

func underlineLevel(line string) int {
	if strings.Contains(line, "=") {
		return 1
	}
	return 2
}
