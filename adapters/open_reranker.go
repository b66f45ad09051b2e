package adapters

import (
	"fmt"
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/rerank"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
)

// RerankConfig says how candidates are put into a better order.
type RerankConfig struct {
	URL        string        `env:"RERANK_URL" desc:"the model that reranks: off, offline:, cohere:BASE_URL#MODEL, jina:BASE_URL#MODEL, tei:BASE_URL, or llm:, which is that of LLM_URL; not set: offline: where EMBED_URL is that too, otherwise off"`
	Key        string        `env:"RERANK_API_KEY" secret:"true" desc:"key for cohere:, jina: and tei:"`
	Enable     bool          `env:"ENABLE_RERANK" envDefault:"true" desc:"rerank where neither a query nor its workspace says whether to"`
	Multiplier int           `env:"RERANK_CANDIDATE_MULTIPLIER" envDefault:"5" desc:"candidates for each passage that a query wants"`
	Most       int           `env:"RERANK_MAX_CANDIDATES" envDefault:"200" desc:"candidates at most, unless a query wants more passages; at most 1000"`
	Timeout    time.Duration `env:"RERANK_TIMEOUT" envDefault:"10s" desc:"how long a query waits for the reranker, retries included; then it goes on without"`
}

// noReranker is the value of RERANK_URL for none.
const noReranker = "off"

// usualReranker is the reranker when none is named. The offline one was measured behind offline vectors, and is no match for others.
func usualReranker(embedURL string) string {
	if strings.HasPrefix(embedURL, "offline:") {
		return "offline:"
	}
	return noReranker
}

func (c RerankConfig) check(r *rules) {
	within(r, "RERANK_CANDIDATE_MULTIPLIER", c.Multiplier, 1, 1000)
	within(r, "RERANK_MAX_CANDIDATES", c.Most, 1, 1000)
	within(r, "RERANK_TIMEOUT", c.Timeout, 10*time.Millisecond, 10*time.Minute)
}

func (c RerankConfig) options() retrieval.RerankOptions {
	return retrieval.RerankOptions{OnRequest: !c.Enable, Multiplier: c.Multiplier, Most: c.Most, Timeout: c.Timeout}
}

// OpenReranker opens the model that RERANK_URL names; nil when it is off. g is the one of LLM_URL, for llm:. None is called yet.
func OpenReranker(c Config, g llm.Generator) (llm.Reranker, error) {
	scheme, rest, _ := strings.Cut(c.Rerank.URL, ":")
	switch scheme {
	case noReranker:
		return nil, nil //nolint:nilnil // the port is optional
	case "offline":
		return offline.NewReranker(), nil
	case "llm":
		if strings.HasPrefix(c.Data.LLMURL, "offline:") {
			return nil, fault.Invalid.Errorf("RERANK_URL must not be llm: while LLM_URL is offline:, which is no language model")
		}
		return rerank.NewListwise(g), nil
	case "cohere", "jina", "tei":
		base, name, _ := strings.Cut(rest, "#")
		s, err := rerank.NewServer(rerank.Model{Dialect: rerank.Dialect(scheme), BaseURL: base, Name: name, Key: c.Rerank.Key}, nil)
		if err != nil {
			return nil, fmt.Errorf("RERANK_URL: %w", err)
		}
		return resilient.NewReranker(s, c.Models.resilience()), nil
	}
	return nil, unknownScheme("RERANK_URL", "off, offline:, cohere:BASE_URL#MODEL, jina:BASE_URL#MODEL, tei:BASE_URL and llm:")
}
