package parse

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// separated reads values that commas, semicolons, tabs or bars part (RFC 4180 and its relatives).
type separated struct {
	tabs bool // the type says that it is tabs
}

func (f separated) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	s, err := decodeText(data)
	if err != nil {
		return corrupt("a text", err)
	}
	g := grid{out: out}
	r := csv.NewReader(strings.NewReader(s))
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	r.Comma = '\t'
	if !f.tabs {
		r.Comma = separator(s)
	}
	for n, read := 1, int64(0); ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		record, err := r.Read()
		raw := s[read:r.InputOffset()]
		read = r.InputOffset()
		n += len(raw) - len(strings.TrimLeft(raw, "\n")) // blank lines are rows, too
		if errors.Is(err, io.EOF) {
			return g.flush()
		}
		if err != nil {
			return corrupt("a table of values", err)
		}
		if err := g.row(n, record); err != nil {
			return err
		}
	}
}

// separator finds what parts the values: the sign that splits the first lines into the same number of at least two values
// most often.
func separator(s string) rune {
	lines := strings.SplitN(s[:min(len(s), 64<<10)], "\n", 21)
	lines = lines[:min(len(lines), 20)]
	best, highest := ',', 0
	for _, c := range ",;\t|" {
		counts := map[int]int{}
		for _, l := range lines {
			if n := countOutsideQuotes(l, c); n > 0 {
				counts[n]++
			}
		}
		for n, times := range counts {
			if score := times*100 + min(n, 50); score > highest {
				best, highest = c, score
			}
		}
	}
	return best
}

func countOutsideQuotes(line string, c rune) int {
	n, quoted := 0, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == c && !quoted:
			n++
		}
	}
	return n
}
