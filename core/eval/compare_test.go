package eval_test

import (
	"errors"
	"math"
	"testing"

	"github.com/ragcorp/ragcorp/core/eval"
	"github.com/ragcorp/ragcorp/core/fault"
)

func TestCompareTellsChanceFromDifference(t *testing.T) {
	t.Parallel()
	repeat := func(n int, pattern ...float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = pattern[i%len(pattern)]
		}
		return out
	}
	for _, c := range []struct {
		name  string
		a, b  []float64
		want  eval.Comparison
		least float64 // of P
		most  float64
	}{
		{"nothing", nil, nil, eval.Comparison{}, 1, 1},
		{"the same", repeat(9, .5, 1), repeat(9, .5, 1), eval.Comparison{Queries: 9}, 1, 1},
		{"always better", repeat(20, 0), repeat(20, .5), eval.Comparison{Queries: 20, Difference: .5, Better: 20}, 0, 1e-3},
		{"always worse", repeat(20, .5), repeat(20, 0), eval.Comparison{Queries: 20, Difference: -.5, Worse: 20}, 0, 1e-3},
		{"as often better as worse", repeat(20, 0, 1), repeat(20, 1, 0), eval.Comparison{Queries: 20, Better: 10, Worse: 10}, 1, 1},
		// Of the 32 ways to give five equal differences their signs, 2 are as extreme.
		{"five of five", repeat(5, 0), repeat(5, 1), eval.Comparison{Queries: 5, Difference: 1, Better: 5}, .0575, .0675},
	} {
		got, err := eval.Compare(c.a, c.b, 7)
		again, _ := eval.Compare(c.a, c.b, 7)
		p := got.P
		got.P = 0
		if err != nil || got != c.want || p < c.least || p > c.most || math.IsNaN(p) || again.P != p {
			t.Errorf("%s: Compare = %+v with P %v and then %v, %v", c.name, got, p, again.P, err)
		}
	}
	if _, err := eval.Compare([]float64{1}, nil, 1); !errors.Is(err, fault.Invalid) {
		t.Errorf("Compare of runs of different length: %v", err)
	}
}
