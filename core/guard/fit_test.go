package guard

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "fit the weights again")

// lesson is a text of testdata, as the passages that the detector sees in it.
type lesson struct {
	text, kind string
	attack     bool
	passages   []passage
}

// fit is a logistic regression with a penalty on the square of every weight, by AdaGrad.
type fit struct {
	names   []string
	lessons []lesson
	w       *weights
	scale   map[*float64]float64 // the sum of the squares of all slopes so far
}

// TestTheWeightsAreFittedToTheData fits the weights again and compares the judgements, or writes the weights down.
func TestTheWeightsAreFittedToTheData(t *testing.T) {
	if testing.Short() && !*update {
		t.Skip("takes a minute with the race detector")
	}
	t.Parallel()
	lessons, vocabulary := learn(t, "*dev.jsonl")
	w := fitTo(lessons, vocabulary)
	if *update {
		if err := os.WriteFile("weights.txt", printed(w), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	d, other := New(), 0
	for _, l := range lessons {
		if again := 1 / (1 + math.Exp(-w.sum(top(w, l.passages)))); (again >= Threshold) != d.Scan(l.text).Suspicious() {
			other++
		}
	}
	if other*100 > len(lessons) {
		t.Errorf("%d of %d texts are judged otherwise than with the stored weights; run with -update", other, len(lessons))
	}
}

// fewest is in how many texts a word, or a pair of them, must be to get a weight.
const fewest = 2

// commonest is the part of the texts beyond which a word is too ordinary for one.
const commonest = 15

// learn reads texts and the words that are in several of them.
func learn(t *testing.T, files string) ([]lesson, map[string]int) {
	t.Helper()
	return learnFrom(texts(t, files))
}

// learnFrom is learn with texts that were read already.
func learnFrom(list []lesson) ([]lesson, map[string]int) {
	d := New()
	lessons, in := together(list), map[string]int{}
	for _, l := range lessons {
		clean, _ := reveal(l.text)
		own := map[string]bool{}
		for w := range tokenise(d.grammar, clean).words() {
			own[w] = true
		}
		for w := range own {
			in[w]++
		}
	}
	vocabulary := map[string]int{}
	for _, w := range slices.Sorted(maps.Keys(in)) {
		if in[w] >= fewest && in[w] <= len(lessons)/commonest && w != "" {
			vocabulary[w] = len(vocabulary) + 1
		}
	}
	d.grammar.vocabulary = vocabulary
	for i := range lessons {
		lessons[i].passages = append(d.look(lessons[i].text, true).passages(d.grammar.concepts), passage{})
	}
	return lessons, vocabulary
}

func texts(t *testing.T, files string) []lesson {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", files))
	if err != nil {
		t.Fatal(err)
	}
	var out []lesson
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
			var s struct {
				Text, Kind string
				Attack     bool
			}
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				t.Fatal(err)
			}
			out = append(out, lesson{text: s.Text, kind: s.Kind, attack: s.Attack})
		}
	}
	return out
}

// together adds longer texts of harmless ones in a row: in a long text there is more that looks like something.
func together(list []lesson) []lesson {
	var harmless []lesson
	for _, l := range list {
		if !l.attack {
			harmless = append(harmless, l)
		}
	}
	out := list
	for i, l := range harmless {
		before, after := harmless[(i*7+3)%len(harmless)], harmless[(i*13+5)%len(harmless)]
		out = append(out, lesson{text: before.text + "\n\n" + l.text + "\n\n" + after.text, kind: "long"})
	}
	return out
}

// top is the passage that looks most like an attack.
func top(w *weights, all []passage) passage {
	return slices.MaxFunc(all, func(a, b passage) int { return cmp.Compare(w.sum(a), w.sum(b)) })
}

func fitTo(lessons []lesson, vocabulary map[string]int) *weights {
	f := &fit{names: traitNames(), lessons: lessons, scale: map[*float64]float64{}}
	f.w = newWeights("", f.names)
	f.w.vocabulary, f.w.words = vocabulary, make([]float64, len(vocabulary)+1)
	chosen := make([]passage, len(lessons))
	for i, l := range lessons {
		chosen[i] = slices.MaxFunc(l.passages, func(a, b passage) int { return len(a.traits) - len(b.traits) })
	}
	for round := range rounds {
		if round%20 == 19 {
			for i, l := range lessons {
				chosen[i] = top(f.w, l.passages)
			}
		}
		f.step(chosen)
	}
	return f.w
}

const (
	rounds  = 200
	attacks = 3.0 // how much more an attack counts that is missed than a harmless text that is suspected

	// What is seen alone says most reliably what it says; pairs of it are many, and each is rare.
	penaltyOfOne   = 0.4
	penaltyOfPair  = 16.0
	penaltyOfWord  = 2.0
	penaltyOfWords = 2.0 // of a pair of words

	mostOfWord = 0.6 // a single word is no proof, however often the data happen to have it in attacks
	rate       = 0.1
)

// step moves every weight once.
func (f *fit) step(chosen []passage) {
	slope := newWeights("", f.names)
	slope.words = make([]float64, len(f.w.words))
	for i, p := range chosen {
		g := 1 / (1 + math.Exp(-f.w.sum(p)))
		if f.lessons[i].attack {
			g = attacks * (g - 1)
		}
		slope.bias += g
		for i, a := range p.traits {
			slope.of[a.concept][a.concept] += g * a.value
			for _, b := range p.traits[i+1:] {
				slope.of[a.concept][b.concept] += g * a.value * b.value
			}
		}
		for _, word := range p.words {
			slope.words[word] += g * p.share
		}
	}
	f.w.bias -= rate * 5 * slope.bias / float64(len(chosen))
	for a := range f.names {
		for b := a; b < len(f.names); b++ {
			held := penaltyOfPair
			if a == b {
				held = penaltyOfOne
			}
			f.move(&f.w.of[a][b], slope.of[a][b], held)
		}
	}
	for word, i := range f.w.vocabulary {
		held := penaltyOfWord
		if strings.Contains(word, "_") {
			held = penaltyOfWords
		}
		f.move(&f.w.words[i], slope.words[i], held)
		f.w.words[i] = min(f.w.words[i], mostOfWord)
	}
}

// move moves a weight, which a penalty holds back.
func (f *fit) move(w *float64, slope, held float64) {
	slope += held * *w
	f.scale[w] += slope * slope
	*w -= rate * slope / (math.Sqrt(f.scale[w]) + 1e-8)
}

// slight is the weight of a word below which it makes no difference.
const slight = 0.04

// printed is the weights in the form in which they are stored.
func printed(w *weights) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "(bias) %.3f\n", w.bias)
	names := traitNames()
	for a, name := range names {
		for b := a; b < len(names); b++ {
			if v := w.of[a][b]; math.Abs(v) >= 0.005 {
				pair := name + " " + names[b]
				if a == b {
					pair = name
				}
				fmt.Fprintf(&out, "%s %.3f\n", pair, v)
			}
		}
	}
	for _, word := range slices.Sorted(maps.Keys(w.vocabulary)) {
		if v := w.words[w.vocabulary[word]]; math.Abs(v) >= slight {
			fmt.Fprintf(&out, "=%s %.3f\n", word, v)
		}
	}
	return out.Bytes()
}
