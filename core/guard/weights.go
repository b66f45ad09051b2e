package guard

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

// fitted has the weights, one a line: a trait, two of them, or a word after "=", and the log-odds. They are those of a logistic
// regression over single traits, pairs and words, with a penalty on the square of every weight, fitted to testdata/*dev.jsonl;
// `go test ./core/guard -run Fitted -update` does it again.
//
//go:embed weights.txt
var fitted string

// weights tells how much what is seen together speaks for an attack, in log-odds.
type weights struct {
	bias       float64
	of         [][]float64    // by two traits, the lesser one first; a single one stands with itself
	vocabulary map[string]int // stems and pairs of them, from 1 on
	words      []float64      // by their place there
}

// newWeights reads weights in the form of fitted.
func newWeights(s string, names []string) *weights {
	w := &weights{of: make([][]float64, len(names)), vocabulary: map[string]int{}, words: []float64{0}}
	place := map[string]int{}
	for i, n := range names {
		w.of[i] = make([]float64, len(names))
		place[n] = i
	}
	for line := range strings.Lines(s) {
		fields := strings.Fields(line)
		v, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			panic(fmt.Sprintf("weight %q: %v", line, err)) // the file is a part of the program
		}
		word, ok := strings.CutPrefix(fields[0], "=")
		switch {
		case ok:
			w.vocabulary[word] = len(w.words)
			w.words = append(w.words, v)
		case fields[0] == "(bias)":
			w.bias = v
		default:
			w.set(place, fields[0], fields[len(fields)-2], v)
		}
	}
	return w
}

// set sets the weight of two traits, or of one when both are the same.
func (w *weights) set(place map[string]int, first, second string, v float64) {
	a, ok := place[first]
	b, ok2 := place[second]
	if !ok || !ok2 {
		panic("weight of an unknown trait: " + first + " " + second) // see above
	}
	w.of[min(a, b)][max(a, b)] = v
}

// sum is the log-odds of an attack in a passage.
func (w *weights) sum(p passage) float64 {
	sum := w.bias
	for i, a := range p.traits {
		row := w.of[a.concept]
		sum += row[a.concept] * a.value
		for _, b := range p.traits[i+1:] {
			sum += row[b.concept] * a.value * b.value
		}
	}
	for _, word := range p.words {
		sum += w.words[word] * p.share
	}
	return sum
}
