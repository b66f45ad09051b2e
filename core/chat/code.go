package chat

import "strings"

// code follows a text and knows whether its end stands in code, as Markdown marks it: between backticks on a line, or between
// fences. Brackets there are no markers.
type code struct {
	open    int  // backticks with which the code began; 0: the end stands in none
	fence   bool // until a line that begins with as many
	ticks   int  // backticks at the end, of which more may follow
	midline bool // there is more on the line than what may stand before a fence
}

// read goes on with the text.
func (c *code) read(s string) {
	for i := range len(s) {
		if s[i] == '`' {
			c.ticks++
			continue
		}
		c.turn()
		switch {
		case s[i] == '\n':
			c.midline = false
			if !c.fence {
				c.open = 0
			}
		case strings.IndexByte(" \t>-*+.)0123456789", s[i]) < 0:
			c.midline = true
		}
	}
}

// turn begins or ends code when backticks are complete.
func (c *code) turn() {
	if c.ticks == 0 {
		return
	}
	starts := c.ticks >= 3 && !c.midline
	switch {
	case c.open == 0:
		c.open, c.fence = c.ticks, starts
	case c.fence && starts && c.ticks >= c.open, !c.fence && c.ticks == c.open:
		c.open, c.fence = 0, false
	}
	c.ticks, c.midline = 0, true
}

// inside reports whether what follows the text stands in code, should that end at all; no backtick may follow.
func (c *code) inside() bool {
	c.turn()
	return c.open > 0
}

// within is inside for a text that goes on with next: between backticks that have no end on their line is no code.
func (c *code) within(next string) bool {
	if !c.inside() || c.fence {
		return c.open > 0
	}
	line, _, _ := strings.Cut(next[:min(len(next), longestClaim)], "\n")
	rest := *c
	for i := range len(line) {
		if rest.read(line[i : i+1]); rest.open == 0 {
			return true
		}
	}
	rest.turn()
	return rest.open == 0
}
