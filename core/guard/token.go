package guard

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/text"
)

// token is a word, an address, or a mark such as <|im_start|>.
type token struct {
	word     string   // folded; marks are in angle brackets
	classes  []uint16 // the classes of words that it belongs to, ascending
	sentence int
	starts   bool // a clause begins here
	first    bool // a sentence begins here
	quoted   bool // inside quotation marks or code
	cited    bool // and the quotation began within a sentence that is not quoted
	hidden   bool // inside of what people don't see
	disguise bool // spelled so that filters don't know it
	verb     bool // of a class whose mood matters
	mood     mood
}

// tokens is a text cut into tokens.
type tokens struct {
	grammar *grammar
	list    []token
	meta    []int  // by sentence: the first token that is meta, outside quotes; len(list) when there is none
	partly  []bool // by sentence: it has words outside quotes, or goes on with what another one quotes
}

// cutter cuts a text into tokens.
type cutter struct {
	grammar  *grammar
	s        string
	at       int
	out      []token
	sentence int
	starts   bool
	first    bool
	begun    int  // the first token of the sentence
	close    rune // the quotation mark that ends the quotation, 0 outside
	quoteEnd int  // where that mark stands
	cites    bool // the quotation began within a sentence
	hideEnd  int  // where what is hidden ends
}

func tokenise(g *grammar, s string) *tokens {
	c := &cutter{grammar: g, s: s, starts: true, first: true}
	for c.at < len(c.s) {
		c.step()
	}
	t := &tokens{grammar: g, list: c.out}
	for i := range t.list {
		g.classify(&t.list[i])
	}
	t.settle()
	return t
}

// step takes what stands at the present place.
func (c *cutter) step() {
	if c.close != 0 && c.at >= c.quoteEnd {
		c.close = 0
	}
	r, size := utf8.DecodeRuneInString(c.s[c.at:])
	switch {
	case c.address(), (r == '<' || r == '[' || r == '-') && c.mark():
	case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '@' || r == '$':
		c.wordHere()
	default:
		c.punctuation(r)
		c.at += size
	}
}

// address takes a URL or a mail address.
func (c *cutter) address() bool {
	rest := c.s[c.at:]
	if hasFold(rest, "http://") || hasFold(rest, "https://") || hasFold(rest, "www.") {
		n := strings.IndexAny(rest, " \n\t\r)\"'<>]|")
		if n < 0 {
			n = len(rest)
		}
		url := rest[:n]
		c.add("<url>")
		c.at += n
		if leaks(url) {
			c.add("<leakurl>")
		}
		return true
	}
	if n := bareHost(rest); n > 0 && !wordBefore(c.s, c.at) {
		c.add("<url>")
		c.at += n
		return true
	}
	return false
}

// bareHost is the length of an address without a scheme, such as files.example.com/upload, at the beginning of s; 0 when there is
// none.
func bareHost(s string) int {
	n, dot := 0, 0
	for n < len(s) && n < longestTag && (isAlphanumeric(s[n]) || s[n] == '-' || s[n] == '.') {
		if s[n] == '.' {
			dot = n
		}
		n++
	}
	if dot == 0 || n-dot < 3 || n >= len(s) || s[n] != '/' {
		return 0
	}
	for n < len(s) && strings.IndexByte(" \n\t\r)\"'<>]|", s[n]) < 0 {
		n++
	}
	return n
}

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// leaks reports whether an address waits for data: a parameter without a value, or with a placeholder.
func leaks(url string) bool {
	_, query, ok := strings.Cut(url, "?")
	return ok && (strings.HasSuffix(query, "=") || strings.ContainsAny(query, "{[$") || strings.Contains(query, "=%") ||
		strings.ContainsFunc(query[strings.LastIndexByte(query, '=')+1:], unicode.IsUpper) && len(query)-strings.LastIndexByte(query, '=') > 4)
}

// wordHere takes a word.
func (c *cutter) wordHere() {
	end := c.at
	for end < len(c.s) {
		n := wordRune(c.s[end:], end > c.at)
		if n == 0 {
			break
		}
		end += n
	}
	raw := c.s[c.at:end]
	c.at = end
	if at := strings.IndexByte(raw, '@'); at > 0 && at < len(raw)-1 && strings.HasPrefix(c.s[end:], ".") {
		c.add("<mail>")
		return
	}
	word, disguised := c.plain(raw)
	for _, part := range c.grammar.parts(word) {
		c.add(part)
		c.out[len(c.out)-1].disguise = disguised || part != word
	}
}

// wordRune is the length of what belongs to a word at the beginning of s, an apostrophe inside of it included; 0 when nothing does.
func wordRune(s string, inside bool) int {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case inWord(r) || unicode.IsMark(r) || r == '@' || r == '$':
		return size
	case (r == '\'' || r == '’') && inside && len(s) > size && isLetterAt(s, size):
		return size
	}
	return 0
}

// plain returns a word as the rules know it, and whether it was spelled in disguise.
func (c *cutter) plain(raw string) (word string, disguised bool) {
	word = strings.ReplaceAll(strings.ReplaceAll(text.Fold(raw), "'", ""), "’", "")
	word, disguised = plainLetters(word)
	disguised = disguised || farFrom(raw) && isASCII(word)
	if letters, was := unleet(word); was && c.grammar.knows(letters) {
		return letters, true
	}
	if straight, was := c.grammar.unjumble(word); was {
		return straight, true
	}
	word, _ = c.grammar.misspelled(word)
	return word, disguised
}

func isLetterAt(s string, at int) bool {
	r, _ := utf8.DecodeRuneInString(s[at:])
	return unicode.IsLetter(r)
}

// farFrom reports whether a word is written in letters of other alphabets that stand for Latin ones, such as full-width ones.
func farFrom(raw string) bool {
	for _, r := range raw {
		if r >= 0x1d400 && r <= 0x1d7ff || r >= 0xff01 && r <= 0xff5e {
			return true
		}
	}
	return false
}

// longestSentence bounds a sentence, in tokens; what goes on without a full stop is cut.
const longestSentence = 50

// add adds a token and what is known about its place.
func (c *cutter) add(word string) {
	if c.first {
		c.begun = len(c.out)
	} else if len(c.out)-c.begun >= longestSentence {
		c.sentence++
		c.begun = len(c.out)
	}
	c.out = append(c.out, token{
		word: word, sentence: c.sentence, starts: c.starts, first: c.first, quoted: c.close != 0, cited: c.close != 0 && c.cites,
		hidden: c.at < c.hideEnd,
	})
	c.starts, c.first = false, false
}

// punctuation notes what a mark means for the words around it.
func (c *cutter) punctuation(r rune) {
	switch {
	case r == '\n':
		if rest := strings.TrimLeft(c.s[c.at:], "\n\r\t "); strings.HasPrefix(c.s[c.at:], "\n\n") || startsItem(rest) {
			c.endSentence()
		}
	case strings.ContainsRune(".!?…", r):
		c.stop(r)
	case r == ':' || r == ',':
		c.suffix(r)
		c.starts = true
	case strings.ContainsRune(";()—–¡¿#<>[]|={}%", r), (r == '-' || r == '/') && c.at > 0 && c.s[c.at-1] == ' ':
		c.starts = true
	case strings.ContainsRune("\"“”«»`'‘’„", r):
		c.quote(r)
	}
}

// stop notes a mark that may end a sentence.
func (c *cutter) stop(r rune) {
	switch {
	case c.numbers(r) || c.goesOn(r):
		c.starts = true
	case r == '…' || c.at+1 >= len(c.s) || strings.IndexByte(" \n\t\"')”»]", c.s[c.at+1]) >= 0:
		c.endSentence()
	}
}

// numbers reports whether a full stop belongs to a number or a letter before a sentence, as in "2. Wait."
func (c *cutter) numbers(r rune) bool {
	return r == '.' && !c.first && c.begun == len(c.out)-1 && len(c.out[c.begun].word) <= 2
}

// goesOn reports whether a mark ends what is quoted, but not the sentence that quotes it.
func (c *cutter) goesOn(r rune) bool {
	at := c.at + utf8.RuneLen(r)
	if c.close == 0 || at != c.quoteEnd {
		return false
	}
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(c.s[at+utf8.RuneLen(c.close):], " "))
	return next == ',' || next == ';' || unicode.IsLower(next)
}

// startsItem reports whether a line is a heading or an item of a list.
func startsItem(line string) bool {
	return strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "• ")
}

func (c *cutter) endSentence() {
	if len(c.out) > 0 && c.out[len(c.out)-1].sentence == c.sentence {
		c.sentence++
	}
	c.starts, c.first = true, true
}

// suffix notes a colon or a comma with the word before it: "assistant:" is another word than "assistant".
func (c *cutter) suffix(r rune) {
	if n := len(c.out); n > 0 && !strings.HasSuffix(c.out[n-1].word, ">") && !strings.ContainsAny(c.out[n-1].word, ":,") {
		c.out[n-1].word += string(r)
	}
}

// field reports whether the quotation marks here and at an end are those of a name or a value of JSON, which quote nobody.
func (c *cutter) field(end int) bool {
	before := strings.TrimRight(c.s[max(0, c.at-longestTag):c.at], " \n\t")
	after := strings.TrimLeft(c.s[end+1:min(len(c.s), end+longestTag)], " \n\t")
	return before != "" && strings.IndexByte("{[,:", before[len(before)-1]) >= 0 && after != "" && strings.IndexByte(":,]}", after[0]) >= 0
}

// longestQuote bounds how far a quotation may reach, so that a stray mark doesn't quote the rest.
const longestQuote = 400

// quote opens a quotation that is closed not too far away.
func (c *cutter) quote(r rune) {
	c.starts = true
	if c.close != 0 || r == '"' && c.at > 0 && c.s[c.at-1] == '"' {
		return // inside of another quotation, or in a row of marks that keeps parts of a prompt apart
	}
	end := map[rune]rune{'“': '”', '«': '»', '‘': '’', '„': '“'}[r]
	if end == 0 {
		end = r
	}
	from := c.at + utf8.RuneLen(r)
	rest := c.s[from:min(len(c.s), from+longestQuote)]
	n := strings.IndexRune(rest, end)
	if r == '"' && n > 0 && c.field(from+n) {
		return
	}
	if n > 0 && !(r == '\'' && c.at > 0 && isLetterAt(c.s, c.at-1)) {
		c.close, c.quoteEnd = end, from+n
		c.cites = !c.first && (!c.out[c.begun].quoted || c.out[c.begun].cited)
	}
}
