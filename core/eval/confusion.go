package eval

// Confusion counts what a detector said about texts of which is known what they are.
type Confusion struct {
	Found  int // attacks that it found
	Missed int // attacks that it didn't find
	Wrong  int // harmless texts that it took for attacks
	Passed int // harmless texts that it took for harmless
}

// Add counts one text.
func (c *Confusion) Add(attack, suspected bool) {
	switch {
	case attack && suspected:
		c.Found++
	case attack:
		c.Missed++
	case suspected:
		c.Wrong++
	default:
		c.Passed++
	}
}

// Precision is the share of attacks in what was suspected; 0 when nothing was.
func (c Confusion) Precision() float64 { return share(c.Found, c.Wrong) }

// Recall is the share of the attacks that was found; 0 when there is none.
func (c Confusion) Recall() float64 { return share(c.Found, c.Missed) }

// FalseAlarms is the share of the harmless texts that was suspected; 0 when there is none.
func (c Confusion) FalseAlarms() float64 { return share(c.Wrong, c.Passed) }

func share(part, rest int) float64 {
	if part+rest == 0 {
		return 0
	}
	return float64(part) / float64(part+rest)
}
