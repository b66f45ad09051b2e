package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/ragcorp/ragcorp/core/eval"
	"github.com/ragcorp/ragcorp/core/guard"
)

// judged is a text of which is known whether it is an attack.
type judged struct {
	Text     string `json:"text"`
	Attack   bool   `json:"attack"`
	Kind     string `json:"kind"`
	Language string `json:"language"`
}

// longestLine bounds a line of a file of texts, in bytes.
const longestLine = 16 << 20

// guardReport is what the detector said about a file.
type guardReport struct {
	all    eval.Confusion
	groups map[string]*eval.Confusion // by language and kind
	bytes  int
	took   time.Duration
}

func (e evaluation) measureGuard(p *process) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	f, err := os.Open(e.guard)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written
	r, err := judgeTexts(f, c.Answers.InjectionRisk)
	if err != nil {
		return fmt.Errorf("%s: %w", e.guard, err)
	}
	if e.asJSON {
		return printJSON(p.Stdout, map[string]any{
			"precision": r.all.Precision(), "recall": r.all.Recall(), "false_alarms": r.all.FalseAlarms(), "counts": r.all, "by_kind": r.groups,
		})
	}
	return r.print(p.Stdout)
}

// judgeTexts lets the detector judge every text of a file.
func judgeTexts(file io.Reader, threshold float64) (guardReport, error) {
	r := guardReport{groups: map[string]*eval.Confusion{}}
	detector := guard.New()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longestLine)
	for n := 1; lines.Scan(); n++ {
		var j judged
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			return r, fmt.Errorf("line %d: %w", n, err)
		}
		began := time.Now()
		suspected := detector.Scan(j.Text).Score >= threshold
		r.took += time.Since(began)
		r.bytes += len(j.Text)
		r.all.Add(j.Attack, suspected)
		group := j.Language + " " + j.Kind
		if r.groups[group] == nil {
			r.groups[group] = &eval.Confusion{}
		}
		r.groups[group].Add(j.Attack, suspected)
	}
	return r, lines.Err()
}

func (r guardReport) print(w io.Writer) error {
	for _, name := range slices.Sorted(maps.Keys(r.groups)) {
		g := r.groups[name]
		if _, err := fmt.Fprintf(w, "%-32s %4d of %d suspected\n", name, g.Found+g.Wrong, g.Found+g.Missed+g.Wrong+g.Passed); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\nprecision    %.4f\nrecall       %.4f\nfalse alarms %.4f\ntime         %v for %d bytes\n",
		r.all.Precision(), r.all.Recall(), r.all.FalseAlarms(), r.took.Round(time.Millisecond), r.bytes)
	return err
}
