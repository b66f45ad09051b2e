package retrieval

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/llm"
)

// RRFK dampens the influence of the first ranks in reciprocal rank fusion.
const RRFK = 60

// Ranking is what one arm found, best first.
type Ranking struct {
	Scored []Scored
	Weight float64 // how much the arm counts, at least 0
}

// Fuse merges rankings by weighted reciprocal rank fusion (G. Cormack, C. Clarke, S. Büttcher, 2009): a chunk's score is the
// sum over the rankings of Weight/(RRFK+rank), ranks from 1. The result is the union, best first, ties by chunk id.
func Fuse(rankings []Ranking) []Scored {
	scores := map[uuid.UUID]float64{}
	for _, r := range rankings {
		for i, s := range r.Scored {
			scores[s.Chunk] += r.Weight / float64(RRFK+i+1)
		}
	}
	out := make([]Scored, 0, len(scores))
	for id, score := range scores {
		out = append(out, Scored{Chunk: id, Score: score})
	}
	slices.SortFunc(out, func(a, b Scored) int {
		if c := cmp.Compare(b.Score, a.Score); c != 0 {
			return c
		}
		return bytes.Compare(a.Chunk[:], b.Chunk[:])
	})
	return out
}

// weightOf is how much the ranking of a space's vectors counts against the lexical one.
func weightOf(s llm.Space) float64 {
	if s.Weight == 0 {
		return 1
	}
	return s.Weight
}

// MMR chooses k of n candidates by maximal marginal relevance (J. Carbonell, J. Goldstein, 1998) and returns their indexes in
// the order of choice: each time the one with the greatest lambda*relevance - (1-lambda)*similarity to the nearest one chosen.
// Ties go to the earlier candidate. With no more than k candidates their order is kept.
func MMR(relevance []float64, similar func(i, j int) float64, k int, lambda float64) []int {
	n := len(relevance)
	order := make([]int, 0, min(k, n))
	if n <= k {
		for i := range n {
			order = append(order, i)
		}
		return order
	}
	nearest := make([]float64, n) // to any chosen one
	taken := make([]bool, n)
	for len(order) < k {
		best, bestScore := -1, 0.0
		for i := range n {
			if taken[i] {
				continue
			}
			score := lambda*relevance[i] - (1-lambda)*nearest[i]
			if best < 0 || score > bestScore {
				best, bestScore = i, score
			}
		}
		taken[best] = true
		order = append(order, best)
		for i := range n {
			if s := similar(i, best); !taken[i] && (len(order) == 1 || s > nearest[i]) {
				nearest[i] = s
			}
		}
	}
	return order
}

// similarity is the inner product; vectors of different length are not similar at all.
func similarity(a, b llm.Vector) float64 {
	if len(a) != len(b) {
		return 0
	}
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func sortHits(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int {
		if c := cmp.Compare(b.Score, a.Score); c != 0 {
			return c
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
}
