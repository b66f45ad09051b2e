package retrieval

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Ranking is what one arm found, best first.
type Ranking struct {
	Scored []Scored
	Weight float64 // how much the arm counts, at least 0
	Scale  Scale
}

// Scale says how the scores of a ranking are brought to the range from 0 to 1.
type Scale int

// The scales.
const (
	// Stretched sets the worst score to 0 and the best to 1; scores that are all equal are all 1.
	Stretched Scale = iota
	// FromZero divides by the best score, where 0 is the least that there can be.
	FromZero
	// AsIs takes scores that are in the range already, and 0 for negative ones.
	AsIs
)

// Fusion is a way to make one ranking of several.
type Fusion = workspace.Fusion

// The ways. Scores is Fuse, Ranks is FuseRanks.
const (
	Scores = workspace.FusedScores
	Ranks  = workspace.FusedRanks
)

// rankDamping is the k of reciprocal rank fusion, as in the paper.
const rankDamping = 60

// FuseRanks merges rankings by weighted reciprocal rank fusion (G. Cormack, C. Clarke, S. Büttcher: Reciprocal Rank Fusion
// outperforms Condorcet and individual Rank Learning Methods, 2009): a chunk's score is the sum of weight/(60+rank), ranks from
// 1. The result is the union, best first, ties by chunk id.
func FuseRanks(rankings []Ranking) []Scored {
	scores := map[uuid.UUID]float64{}
	for _, r := range rankings {
		for i, s := range r.Scored {
			scores[s.Chunk] += r.Weight / float64(rankDamping+i+1)
		}
	}
	return ordered(scores)
}

// Fuse merges rankings by a convex combination of normalised scores (S. Bruch, S. Gai, A. Ingber: An Analysis of Fusion
// Functions for Hybrid Retrieval, 2023): each ranking's scores are brought to its scale, and a chunk's score is their mean,
// weighted by the rankings that found anything. The result is the union, best first, ties by chunk id.
//
// Unlike ranks, scores keep what an arm knows about how much better its first hit is than its second; with a weak arm, reciprocal
// rank fusion loses more than it gains.
func Fuse(rankings []Ranking) []Scored {
	scores := map[uuid.UUID]float64{}
	var total float64
	for _, r := range rankings {
		if len(r.Scored) > 0 {
			total += r.Weight
		}
	}
	for _, r := range rankings {
		for i, n := range r.normalised() {
			share := 0.0
			if total > 0 {
				share = r.Weight / total
			}
			scores[r.Scored[i].Chunk] += share * n
		}
	}
	return ordered(scores)
}

// ordered returns the chunks, best first, ties by id.
func ordered(scores map[uuid.UUID]float64) []Scored {
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

// normalised brings the scores to their scale.
func (r Ranking) normalised() []float64 {
	out := make([]float64, len(r.Scored))
	if len(out) == 0 {
		return out
	}
	best, worst := r.Scored[0].Score, r.Scored[len(out)-1].Score
	switch r.Scale {
	case Stretched:
	case FromZero:
		worst = 0
	case AsIs:
		best, worst = 1, 0
	}
	for i, s := range r.Scored {
		out[i] = 1
		if best > worst {
			out[i] = max(0, (s.Score-worst)/(best-worst))
		}
	}
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
