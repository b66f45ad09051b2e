package main

import (
	"context"
	"fmt"

	"github.com/ragcorp/ragcorp/core/eval"
)

// step is a line of the ablation: a way of searching, and the way that it is compared with.
type step struct{ way, against, meaning string }

func steps() []step {
	return []step{
		{"lexical", "lexical", "BM25 alone, words as they are spelled"},
		{"spelled", "lexical", "unknown words stand for those that look like them"},
		{"fused", "spelled", "and vectors"},
		{"rerank", "fused", "and the reranker"},
		{"hybrid", "rerank", "and what looks like prompt injection: what the API does"},
		{"dense", "fused", "vectors alone"},
		{"ranks", "fused", "reciprocal ranks are added instead of scores"},
		{"diverse", "fused", "maximal marginal relevance (use_mmr)"},
	}
}

// typoSeeds are those of the ablation; its figures for queries with errors are means over all of them.
func typoSeeds() []uint64 { return []uint64{1, 2, 3} }

// ablate prints what each step adds or costs. The seed 0 stands for queries as they are.
func (e evaluation) ablate(ctx context.Context, p *process, s searched, queries []eval.Query) error {
	clean, wrong := map[string][]float64{}, map[string][]float64{}
	var rows [][]string
	for _, st := range steps() {
		for _, seed := range append([]uint64{0}, typoSeeds()...) {
			rankings, _, err := s.ask(ctx, misspelt(queries, seed), ways()[st.way])
			if err != nil {
				return err
			}
			into := wrong
			if seed == 0 {
				into = clean
			}
			for _, r := range rankings {
				into[st.way] = append(into[st.way], r.NDCG(e.k))
			}
		}
		row := []string{st.way}
		for _, scores := range []map[string][]float64{clean, wrong} {
			cells, err := compared(scores[st.against], scores[st.way])
			if err != nil {
				return err
			}
			row = append(row, cells...)
		}
		rows = append(rows, append(row, st.against, st.meaning))
	}
	ndcg := fmt.Sprintf("ndcg@%d", e.k)
	return printTable(p.Stdout, []string{"way", ndcg, "change", "p", "with typos", "change", "p", "against", "what it is"}, rows)
}

// compared shows the mean of b, and how it differs from that of a.
func compared(a, b []float64) ([]string, error) {
	c, err := eval.Compare(a, b, 1)
	if err != nil {
		return nil, err
	}
	var sum float64
	for _, v := range b {
		sum += v
	}
	return []string{
		fmt.Sprintf("%.4f", sum/float64(len(b))), fmt.Sprintf("%+.4f", c.Difference), fmt.Sprintf("%.3f", c.P),
	}, nil
}
