package eval_test

import (
	"errors"
	"math"
	"testing"

	"github.com/ragcorp/ragcorp/core/eval"
	"github.com/ragcorp/ragcorp/core/fault"
)

func ranking(found string, relevant string) eval.Ranking {
	r := eval.Ranking{Grades: eval.Grades{}}
	for _, id := range found {
		r.Found = append(r.Found, string(id))
	}
	for _, id := range relevant {
		r.Grades[string(id)] = 1
	}
	return r
}

func mean(of func(eval.Ranking, int) float64) func([]eval.Ranking, int) float64 {
	return func(rs []eval.Ranking, k int) float64 {
		if len(rs) == 0 {
			return 0
		}
		var sum float64
		for _, r := range rs {
			sum += of(r, k)
		}
		return sum / float64(len(rs))
	}
}

func TestMetricsFollowTheirFormulas(t *testing.T) {
	t.Parallel()
	mrr, recall, hit, ndcg := mean(eval.Ranking.ReciprocalRank), mean(eval.Ranking.Recall), mean(eval.Ranking.Hit), mean(eval.Ranking.NDCG)
	precision := mean(eval.Ranking.Precision)
	first, second, third := ranking("abc", "a"), ranking("bac", "a"), ranking("bca", "a")
	missed, nothing, empty := ranking("bc", "a"), []eval.Ranking(nil), ranking("", "a")
	for _, c := range []struct {
		name string
		of   func([]eval.Ranking, int) float64
		in   []eval.Ranking
		k    int
		want float64
	}{
		{"MRR: first", mrr, []eval.Ranking{first, first}, 10, 1},
		{"MRR: first and second", mrr, []eval.Ranking{first, second}, 10, 0.75},
		{"MRR: none", mrr, []eval.Ranking{missed}, 10, 0},
		{"MRR: no query", mrr, nothing, 10, 0},
		{"MRR: third", mrr, []eval.Ranking{third}, 10, 1. / 3},
		{"MRR: cut off", mrr, []eval.Ranking{third}, 2, 0},
		{"recall: all", recall, []eval.Ranking{ranking("ab", "ab")}, 2, 1},
		{"recall: half at 1", recall, []eval.Ranking{ranking("axb", "ab")}, 1, 0.5},
		{"recall: all at 3", recall, []eval.Ranking{ranking("axb", "ab")}, 3, 1},
		{"recall: none", recall, []eval.Ranking{missed}, 5, 0},
		{"recall: two of three", recall, []eval.Ranking{ranking("axbc", "abc")}, 3, 2. / 3},
		{"recall: three of three", recall, []eval.Ranking{ranking("axbc", "abc")}, 4, 1},
		{"recall: no query", recall, nothing, 5, 0},
		{"recall: beyond the list", recall, []eval.Ranking{first}, 100, 1},
		{"recall: nothing relevant", recall, []eval.Ranking{ranking("a", "")}, 1, 0},
		{"precision: one of two", precision, []eval.Ranking{ranking("xa", "ab")}, 2, 0.5},
		{"precision: places without a document count", precision, []eval.Ranking{first}, 4, 0.25},
		{"precision: at none", precision, []eval.Ranking{first}, 0, 0},
		{"hit: yes", hit, []eval.Ranking{first}, 1, 1},
		{"hit: one of two", hit, []eval.Ranking{first, second}, 1, 0.5},
		{"hit: no", hit, []eval.Ranking{missed}, 1, 0},
		{"hit: no query", hit, nothing, 1, 0},
		{"hit: nothing found is a miss", hit, []eval.Ranking{first, empty}, 1, 0.5},
		{"nDCG: best", ndcg, []eval.Ranking{first}, 10, 1},
		{"nDCG: second", ndcg, []eval.Ranking{second}, 10, 1 / math.Log2(3)},
		{"nDCG: two in order", ndcg, []eval.Ranking{ranking("abx", "ab")}, 10, 1},
		{"nDCG: none", ndcg, []eval.Ranking{missed}, 10, 0},
		{"nDCG: no query", ndcg, nothing, 10, 0},
		{"nDCG: mean", ndcg, []eval.Ranking{first, missed}, 10, 0.5},
		{"nDCG: more relevant than k", ndcg, []eval.Ranking{ranking("a", "abc")}, 1, 1},
		{"a cut before the first finds nothing", ndcg, []eval.Ranking{first}, 0, 0},
		{"a negative cut finds nothing", recall, []eval.Ranking{first}, -1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.of(c.in, c.k); math.Abs(got-c.want) > 1e-12 {
				t.Errorf("at %d = %v, want %v", c.k, got, c.want)
			}
		})
	}
}

func TestNDCGCountsGradesLinearly(t *testing.T) {
	t.Parallel()
	r := eval.Ranking{Found: []string{"b", "x", "a"}, Grades: eval.Grades{"a": 2, "b": 1, "c": 0, "d": -1}}
	want := (1 + 2/math.Log2(4)) / (2 + 1/math.Log2(3))
	if got := r.NDCG(10); math.Abs(got-want) > 1e-12 {
		t.Errorf("NDCG(10) = %v, want %v", got, want)
	}
	if got := r.Recall(10); got != 1 {
		t.Errorf("Recall(10) = %v, want 1: grades of 0 or less are not relevant", got)
	}
}

func TestMeasureAveragesOverQueries(t *testing.T) {
	t.Parallel()
	got, err := eval.Measure([]eval.Ranking{ranking("abc", "a"), ranking("bac", "a")}, 10)
	want := eval.Scores{NDCG: (1 + 1/math.Log2(3)) / 2, MRR: 0.75, Precision: 0.1, Recall: 1, Hit: 1, Hit1: 0.5}
	if err != nil || math.Abs(got.NDCG-want.NDCG) > 1e-12 || got.MRR != want.MRR || got.Recall != want.Recall || got.Hit1 != want.Hit1 ||
		got.Precision != want.Precision || got.Hit != want.Hit {
		t.Errorf("Measure = %+v, %v, want %+v", got, err, want)
	}
	if got, err := eval.Measure(nil, 1); err != nil || got != (eval.Scores{}) {
		t.Errorf("Measure of no query = %+v, %v, want zeros", got, err)
	}
	if _, err := eval.Measure(nil, 0); !errors.Is(err, fault.Invalid) || err.Error() != "k must be > 0" {
		t.Errorf("Measure at 0: %v, want that k must be > 0", err)
	}
}

func FuzzMetricsStayBetweenNoneAndAll(f *testing.F) {
	f.Add("abc", "ca", 2)
	f.Add("", "a", 1)
	f.Fuzz(func(t *testing.T, found, relevant string, k int) {
		r := ranking("", relevant)
		seen := map[string]bool{}
		for _, id := range found {
			if !seen[string(id)] {
				seen[string(id)] = true
				r.Found = append(r.Found, string(id))
			}
		}
		for _, v := range []float64{r.NDCG(k), r.ReciprocalRank(k), r.Recall(k), r.Hit(k), r.Precision(k)} {
			if math.IsNaN(v) || v < 0 || v > 1+1e-12 {
				t.Errorf("a metric of %q for %q at %d is %v", found, relevant, k, v)
			}
		}
	})
}
