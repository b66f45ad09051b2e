package eval

import (
	"math"
	"slices"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Grades say how relevant documents are to one query, by document id. A document that is missing or has a grade of 0 or
// less is not relevant.
type Grades map[string]int

// relevant is how many documents are.
func (g Grades) relevant() int {
	n := 0
	for _, grade := range g {
		if grade > 0 {
			n++
		}
	}
	return n
}

// Ranking is what was found for one query, and what should have been.
type Ranking struct {
	Found  []string // ids of documents, best first, each once
	Grades Grades
}

// top is the first k of what was found.
func (r Ranking) top(k int) []string { return r.Found[:max(0, min(k, len(r.Found)))] }

// ReciprocalRank is 1/rank of the first relevant document among the first k, ranks from 1; 0 when there is none (E. Voorhees,
// TREC-8 Question Answering Track Report, 1999).
func (r Ranking) ReciprocalRank(k int) float64 {
	for i, id := range r.top(k) {
		if r.Grades[id] > 0 {
			return 1 / float64(i+1)
		}
	}
	return 0
}

// Recall is the share of the relevant documents that are among the first k; 0 when none is relevant.
func (r Ranking) Recall(k int) float64 {
	all, found := r.Grades.relevant(), 0
	if all == 0 {
		return 0
	}
	for _, id := range r.top(k) {
		if r.Grades[id] > 0 {
			found++
		}
	}
	return float64(found) / float64(all)
}

// Hit is 1 when a relevant document is among the first k, else 0.
func (r Ranking) Hit(k int) float64 {
	if r.ReciprocalRank(k) > 0 {
		return 1
	}
	return 0
}

// Precision is the share of the first k places that have a relevant document; a place without any document has none. 0 when k is
// not greater than 0.
func (r Ranking) Precision(k int) float64 {
	if k <= 0 {
		return 0
	}
	found := 0
	for _, id := range r.top(k) {
		if r.Grades[id] > 0 {
			found++
		}
	}
	return float64(found) / float64(k)
}

// NDCG is the normalised discounted cumulative gain of the first k: the sum of grade/log2(rank+1), divided by what the best
// order of all relevant documents would give; 0 when none is relevant (K. Järvelin, J. Kekäläinen, Cumulated Gain-Based
// Evaluation of IR Techniques, 2002, with the discount and the linear gain of trec_eval's ndcg_cut).
func (r Ranking) NDCG(k int) float64 {
	gains := make([]int, 0, len(r.Found))
	for _, id := range r.top(k) {
		gains = append(gains, r.Grades[id])
	}
	ideal := make([]int, 0, len(r.Grades))
	for _, grade := range r.Grades {
		ideal = append(ideal, grade)
	}
	slices.SortFunc(ideal, func(a, b int) int { return b - a })
	best := discounted(ideal[:max(0, min(k, len(ideal)))])
	if best == 0 {
		return 0
	}
	return discounted(gains) / best
}

func discounted(gains []int) float64 {
	var sum float64
	for i, gain := range gains {
		if gain > 0 {
			sum += float64(gain) / math.Log2(float64(i+2))
		}
	}
	return sum
}

// Scores are means over queries, each from 0 to 1, and all of them 0 when there is no query.
type Scores struct {
	NDCG      float64 // of the first k
	MRR       float64 // mean reciprocal rank within the first k
	Precision float64 // of the first k
	Recall    float64 // of the first k
	Hit       float64 // share of queries with a relevant document among the first k
	Hit1      float64 // share of queries whose first document is relevant
}

// Measure computes the scores of rankings, each cut after the first k. fault.Invalid when k is not greater than 0.
func Measure(rankings []Ranking, k int) (Scores, error) {
	if k <= 0 {
		return Scores{}, fault.Field("k", "must be > 0")
	}
	var s Scores
	if len(rankings) == 0 {
		return s, nil
	}
	for _, r := range rankings {
		s.NDCG += r.NDCG(k)
		s.MRR += r.ReciprocalRank(k)
		s.Precision += r.Precision(k)
		s.Recall += r.Recall(k)
		s.Hit += r.Hit(k)
		s.Hit1 += r.Hit(1)
	}
	n := float64(len(rankings))
	return Scores{
		NDCG: s.NDCG / n, MRR: s.MRR / n, Precision: s.Precision / n, Recall: s.Recall / n, Hit: s.Hit / n, Hit1: s.Hit1 / n,
	}, nil
}
