package guard

import "strings"

// longestTag bounds how far the end of a tag is looked for.
const longestTag = 200

// mark takes a tag of a prompt or of HTML, or something that looks like one.
func (c *cutter) mark() bool {
	rest := c.s[c.at:min(len(c.s), c.at+longestTag)]
	switch rest[0] {
	case '<':
		return c.tag(rest)
	case '[':
		return c.bracket(rest)
	}
	return c.fence(rest)
}

// tag takes <...>.
func (c *cutter) tag(rest string) bool {
	if strings.HasPrefix(rest, "<!--") {
		c.hide("-->")
		c.at += len("<!--")
		c.starts = true
		return true
	}
	end := strings.IndexByte(rest, '>')
	if end < 2 {
		return false
	}
	inner := strings.ToLower(rest[1:end])
	if prose(inner) {
		return false
	}
	if !strings.ContainsAny(inner[:1], "abcdefghijklmnopqrstuvwxyz/|") && !strings.HasPrefix(strings.TrimLeft(inner, "</"), "sys") {
		return false
	}
	if word := tagWord(inner); word != "" {
		c.add(word)
	}
	if unseen(inner) {
		c.hide("</")
	}
	c.starts = true
	next := c.at + end + 1
	if from, n := spoken(inner); n > 0 && len(inner) == end-1 { // else letters changed their length, and the place is another one
		c.read(c.at+1+from, c.at+1+from+n)
	}
	c.at = max(c.at, next)
	return true
}

// read takes what is written within a tag as sentences of their own.
func (c *cutter) read(from, to int) {
	c.endSentence()
	for c.at = from; c.at < to; {
		c.step()
	}
	c.endSentence()
}

// prose reports whether what stands between angle brackets are words for a reader, as in <put your name here>.
func prose(inner string) bool {
	return strings.Count(inner, " ") >= 3 && !strings.ContainsAny(inner, "=|/:")
}

// spoken is where the words begin that a tag has for those who don't see the page, and how long they are; 0 when there are none.
func spoken(inner string) (from, length int) {
	for _, name := range []string{" alt=", " title=", " content=", " aria-label=", " placeholder=", " value=", " summary="} {
		at := strings.Index(inner, name)
		if at < 0 || at+len(name)+1 >= len(inner) {
			continue
		}
		from = at + len(name) + 1
		length = strings.IndexByte(inner[from:], inner[from-1])
		if length > 0 && strings.Contains(inner[from:from+length], " ") {
			return from, length
		}
	}
	return 0, 0
}

// hide notes that what follows is not seen up to an end, or to the end of the text.
func (c *cutter) hide(end string) {
	if c.at < c.hideEnd {
		return // it isn't seen already; looking for every end again would take time in proportion to the square of the text
	}
	n := strings.Index(c.s[c.at:], end)
	if n < 0 {
		n = len(c.s) - c.at
	}
	c.hideEnd = c.at + n
}

// tagWord is the token that a tag is, "" for those of ordinary HTML.
func tagWord(inner string) string {
	name := strings.TrimLeft(inner, "/|<")
	name = name[:strings.IndexFunc(name+" ", func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' && r != '-' })]
	switch {
	case strings.Contains(inner, "http") && strings.Contains(inner, "src") && waits(inner):
		return "<leakurl>"
	case strings.HasPrefix(inner, "|"), in(roleTags, name), strings.HasPrefix(name, "system"), strings.HasPrefix(name, "instruc"):
		return "<role>"
	case in(callTags, name):
		return "<call>"
	case strings.HasPrefix(inner, "/") && (in(partTags, name) || strings.HasPrefix(name, "passage")):
		return "<close>"
	}
	return ""
}

// Names of tags, each between spaces.
const (
	roleTags = " system assistant sistema asistente developer admin override sys im_start im_end "
	callTags = " tool_call function_call tool_use invoke function_calls tool function "
	partTags = " context contexto documents documentos document data datos passages source sources user_input user prompt retrieved search_results "
)

// waits reports whether the address in a tag waits for data.
func waits(inner string) bool {
	return strings.Contains(inner, "{") || strings.Contains(inner, "cookie") || strings.HasSuffix(strings.TrimRight(inner, "\"'/ "), "=")
}

// unseen reports whether a tag hides what is in it.
func unseen(inner string) bool {
	plain := strings.ReplaceAll(inner, " ", "")
	for _, s := range []string{
		"display:none", "visibility:hidden", "opacity:0", "font-size:0", "font-size:1px", "color:white", "color:#fff", "color:transparent",
	} {
		if strings.Contains(plain, s) {
			return true
		}
	}
	return strings.HasSuffix(inner, " hidden") || strings.Contains(inner, " hidden ")
}

// bracket takes [INST] and its like, and comments of Markdown.
func (c *cutter) bracket(rest string) bool {
	if strings.HasPrefix(rest, "[//]: # (") || strings.HasPrefix(rest, "[//]: # \"") || strings.HasPrefix(rest, "[comment]: # (") {
		at := strings.IndexAny(rest, "(\"")
		c.at += at + 1
		c.hide("\n")
		c.starts = true
		return true
	}
	end := strings.IndexByte(rest, ']')
	if end < 0 {
		return false
	}
	inner := strings.ToUpper(strings.Trim(rest[1:end], " /#"))
	if !strings.HasPrefix(inner, "INST") && !strings.HasPrefix(inner, "SYSTEM") && !strings.HasPrefix(inner, "SISTEMA") &&
		!strings.HasPrefix(inner, "END OF ") && !strings.HasPrefix(inner, "ADMIN") && !strings.HasPrefix(inner, "OVERRIDE") &&
		!strings.HasPrefix(inner, "ANULACI") && !strings.HasPrefix(inner, "DEVELOPER") {
		return false
	}
	c.add("<role>")
	c.at += end + 1
	c.starts = true
	return true
}

// fence takes marks such as ---[FIN S1]---.
func (c *cutter) fence(rest string) bool {
	if !strings.HasPrefix(rest, "---[") {
		return false
	}
	end := strings.Index(rest, "]---")
	if end < 0 {
		return false
	}
	c.add("<close>")
	c.at += end + 4
	c.endSentence()
	return true
}
