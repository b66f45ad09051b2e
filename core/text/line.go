package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// beginsItem reports whether a line begins like an item of a list: a bullet, a number or a letter, and a space.
func beginsItem(line string) bool {
	for _, bullet := range []string{"- ", "* ", "+ ", "• ", "– ", "— ", "· ", "◦ ", "▪ ", "‣ ", "● ", "○ ", "■ "} {
		if strings.HasPrefix(line, bullet) {
			return true
		}
	}
	line = strings.TrimPrefix(line, "(")
	n := 0
	for n < len(line) && n < 3 && '0' <= line[n] && line[n] <= '9' {
		n++
	}
	if n == 0 && line != "" && ('a' <= line[0] && line[0] <= 'z' || 'A' <= line[0] && line[0] <= 'Z') {
		return strings.HasPrefix(line[1:], ") ")
	}
	return n > 0 && (strings.HasPrefix(line[n:], ". ") || strings.HasPrefix(line[n:], ") "))
}

// beginsLine reports whether a line that begins like this stands for itself, whatever the line before it.
func beginsLine(line string) bool {
	return strings.HasPrefix(line, "|") || isMarkedTitle(line) || beginsItem(line)
}

// endsLine reports whether the line that before ends with stands for itself, whatever line after begins with: a row of a
// table, a heading in Markdown, or what looks like a heading. That is a line without a full stop, far shorter than the
// next one although the next word, a capitalised one, had room on it.
func endsLine(before, after string) bool {
	const far = 400 // bytes; no heading is longer
	before = before[max(0, len(before)-far):]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	if strings.HasPrefix(line, "|") || isMarkedTitle(line) {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(line)
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(after[:min(len(after), 16)], `("'“‘«[¿¡`))
	if strings.ContainsRune(",;-–—(", last) || !unicode.IsUpper(first) && !unicode.IsDigit(first) {
		return false
	}
	next, _, _ := strings.Cut(after[:min(len(after), far)], "\n")
	word, _, _ := strings.Cut(next, " ")
	return 3*(len(line)+1+len(word)) <= 2*len(next)
}

// isMarkedTitle reports whether a line is a heading in Markdown.
func isMarkedTitle(line string) bool {
	title := strings.TrimLeft(line[:min(len(line), 7)], "#")
	return len(title) < len(line[:min(len(line), 7)]) && strings.HasPrefix(title, " ")
}
