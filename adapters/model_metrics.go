package adapters

import (
	"strings"

	"github.com/ragcorp/ragcorp/adapters/embedcache"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/llm"
)

// ModelCounts returns what reads how the calls of models over the network ended. Offline models keep no counts.
func ModelCounts(p core.Ports) func() []ops.ModelCounts {
	var read []func() ops.ModelCounts
	for kind, e := range map[string]llm.Embedder{"embed": p.Embedder, "embed_next": p.NextEmbedder} {
		if c, ok := e.(*embedcache.Embedder); ok {
			e = c.Unwrap()
		}
		if r, ok := e.(*resilient.Embedder); ok {
			read = append(read, func() ops.ModelCounts { return countsOf(e.Space().Name, kind, r.Stats()) })
		}
	}
	if r, ok := p.Generator.(*resilient.Generator); ok {
		read = append(read, func() ops.ModelCounts { return countsOf(r.Model(), "generate", r.Stats()) })
	}
	if r, ok := p.ContextWriter.(*resilient.Generator); ok && p.ContextWriter != p.Generator {
		read = append(read, func() ops.ModelCounts { return countsOf(r.Model(), "context", r.Stats()) })
	}
	if r, ok := p.Reranker.(*resilient.Reranker); ok {
		read = append(read, func() ops.ModelCounts { return countsOf(r.Model(), "rerank", r.Stats()) })
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
