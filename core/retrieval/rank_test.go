package retrieval_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/retrieval"
)

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func ranking(weight float64, scored ...retrieval.Scored) retrieval.Ranking {
	return retrieval.Ranking{Weight: weight, Scored: scored}
}

func TestFuseCombinesNormalisedScores(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   []retrieval.Ranking
		want []retrieval.Scored
	}{
		{"nothing", nil, []retrieval.Scored{}},
		{"one ranking keeps its order", []retrieval.Ranking{ranking(1, retrieval.Scored{Chunk: id(3), Score: 9}, retrieval.Scored{Chunk: id(1), Score: 7})}, []retrieval.Scored{{Chunk: id(3), Score: 1}, {Chunk: id(1)}}},
		{"a single hit is the best", []retrieval.Ranking{ranking(1, retrieval.Scored{Chunk: id(1), Score: -5})}, []retrieval.Scored{{Chunk: id(1), Score: 1}}},
		{
			"equal scores are all best, ties by id",
			[]retrieval.Ranking{ranking(1, retrieval.Scored{Chunk: id(2), Score: 4}, retrieval.Scored{Chunk: id(1), Score: 4})},
			[]retrieval.Scored{{Chunk: id(1), Score: 1}, {Chunk: id(2), Score: 1}},
		},
		{
			"scales don't matter, weights do",
			[]retrieval.Ranking{
				ranking(3, retrieval.Scored{Chunk: id(1), Score: 20}, retrieval.Scored{Chunk: id(2), Score: 15}, retrieval.Scored{Chunk: id(3), Score: 10}),
				ranking(1, retrieval.Scored{Chunk: id(3), Score: .9}, retrieval.Scored{Chunk: id(2), Score: .1}),
			},
			[]retrieval.Scored{{Chunk: id(1), Score: .75}, {Chunk: id(2), Score: .375}, {Chunk: id(3), Score: .25}},
		},
		{
			"an arm that found nothing has no say",
			[]retrieval.Ranking{ranking(3), ranking(1, retrieval.Scored{Chunk: id(1), Score: 2})},
			[]retrieval.Scored{{Chunk: id(1), Score: 1}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, retrieval.Fuse(c.in)); diff != "" {
				t.Errorf("Fuse (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMMRTradesRelevanceForDifference(t *testing.T) {
	t.Parallel()
	q := []float64{1, 0.2, 0.1}
	vectors := [][]float64{{1, 0, 0}, {0.99, 0.14, 0}, {0.7, 0.7, 0}, {0, 0, 1}}
	relevance := make([]float64, len(vectors))
	for i, v := range vectors {
		relevance[i] = cosine(q, v)
	}
	similar := func(i, j int) float64 { return cosine(vectors[i], vectors[j]) }
	for _, c := range []struct {
		lambda float64
		want   []int
	}{{0.5, []int{1, 3, 2}}, {1, []int{1, 0, 2}}, {0, []int{0, 3, 2}}, {0.7, []int{1, 0, 2}}} {
		if diff := cmp.Diff(c.want, retrieval.MMR(relevance, similar, 3, c.lambda)); diff != "" {
			t.Errorf("MMR with lambda %v (-want +got):\n%s", c.lambda, diff)
		}
	}
	if diff := cmp.Diff([]int{0, 1, 2, 3}, retrieval.MMR(relevance, similar, 4, 0.5)); diff != "" {
		t.Errorf("MMR of no more than k candidates reorders them:\n%s", diff)
	}
}

func cosine(a, b []float64) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab, aa, bb = ab+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	return ab / math.Sqrt(aa*bb)
}

func TestBM25FollowsTheFormula(t *testing.T) {
	t.Parallel()
	p := retrieval.DefaultBM25()
	if got, want := p.IDF(10, 2), math.Log(1+8.5/2.5); got != want {
		t.Errorf("IDF(10, 2) = %v, want %v", got, want)
	}
	if got, want := p.TF(2, 100, 100), 2/(2+0.9); math.Abs(got-want) > 1e-15 {
		t.Errorf("TF at mean length = %v, want %v", got, want)
	}
	if p.TF(1, 200, 100) >= p.TF(1, 50, 100) {
		t.Error("a long chunk should score less than a short one")
	}
}

func TestFuseRanksSumsReciprocalRanks(t *testing.T) {
	t.Parallel()
	got := retrieval.FuseRanks([]retrieval.Ranking{
		ranking(1, retrieval.Scored{Chunk: id(1), Score: 9}, retrieval.Scored{Chunk: id(2), Score: 8}),
		ranking(0.5, retrieval.Scored{Chunk: id(2), Score: 1}, retrieval.Scored{Chunk: id(3), Score: 0}),
	})
	want := []retrieval.Scored{
		{Chunk: id(2), Score: 1./62 + 0.5/61}, {Chunk: id(1), Score: 1. / 61}, {Chunk: id(3), Score: 0.5 / 62},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("FuseRanks (-want +got):\n%s", diff)
	}
}

func TestScalesBringScoresToTheSameRange(t *testing.T) {
	t.Parallel()
	scored := []retrieval.Scored{{Chunk: id(1), Score: .8}, {Chunk: id(2), Score: .4}, {Chunk: id(3), Score: -.2}}
	for scale, want := range map[retrieval.Scale][]float64{
		retrieval.Stretched: {1, .6, 0}, retrieval.FromZero: {1, .5, 0}, retrieval.AsIs: {.8, .4, 0},
	} {
		got := retrieval.Fuse([]retrieval.Ranking{{Scored: scored, Weight: 3, Scale: scale}})
		for i, s := range got {
			if math.Abs(s.Score-want[i]) > 1e-12 {
				t.Errorf("scale %d: score %d = %v, want %v", scale, i, s.Score, want[i])
			}
		}
	}
}
