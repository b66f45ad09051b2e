package adapters

import (
	"strings"

	"github.com/ragcorp/ragcorp/adapters/embedcache"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/llm"
)

// ModelCounts returns what reads how the calls of models over the network ended. Offline models keep no counts. next, the model that
// is to take the place of e, may be nil; its kind is embed_next.
func ModelCounts(e, next llm.Embedder, g llm.Generator) func() []ops.ModelCounts {
	var read []func() ops.ModelCounts
	for kind, e := range map[string]llm.Embedder{"embed": e, "embed_next": next} {
		if c, ok := e.(*embedcache.Embedder); ok {
			e = c.Unwrap()
		}
		if r, ok := e.(*resilient.Embedder); ok {
			read = append(read, func() ops.ModelCounts { return countsOf(e.Space().Name, kind, r.Stats()) })
		}
	}
	if r, ok := g.(*resilient.Generator); ok {
		read = append(read, func() ops.ModelCounts { return countsOf(g.Model(), "generate", r.Stats()) })
	}
	return func() []ops.ModelCounts {
		out := make([]ops.ModelCounts, len(read))
		for i, counts := range read {
			out[i] = counts()
		}
		return out
	}
}

// countsOf names the provider by what stands before the colon in the name of a model: one of the schemes of EMBED_URL and LLM_URL.
func countsOf(model, kind string, s resilient.Stats) ops.ModelCounts {
	provider, _, _ := strings.Cut(model, ":")
	return ops.ModelCounts{
		Provider: provider, Kind: kind, Input: s.InputTokens, Output: s.OutputTokens,
		Attempts: map[string]int64{
			"answered": s.Answered, "busy": s.Busy, "unavailable": s.Unavailable, "rejected": s.Rejected, "cancelled": s.Cancelled,
			"refused": s.Refused,
		},
	}
}
