package adapters

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ragcorp/ragcorp/adapters/embedcache"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/llm"
)

// ModelMetrics shows what became of the calls of models over the network, by provider and kind of model: rag_model_attempts_total and
// rag_model_tokens_total. Offline models have none. next, the model that is to take the place of e, may be nil; its kind is embed_next.
func ModelMetrics(e, next llm.Embedder, g llm.Generator) prometheus.Collector {
	m := &modelCollector{}
	m.add("embed", e)
	m.add("embed_next", next)
	if r, ok := g.(*resilient.Generator); ok {
		m.models = append(m.models, called{providerOf(g.Model()), "generate", r.Stats})
	}
	return m
}

// add adds an embedder that is called over the network; others keep no count.
func (m *modelCollector) add(kind string, e llm.Embedder) {
	if c, ok := e.(*embedcache.Embedder); ok {
		e = c.Unwrap()
	}
	if r, ok := e.(*resilient.Embedder); ok {
		m.models = append(m.models, called{providerOf(e.Space().Name), kind, r.Stats})
	}
}

// providerOf is what stands before the colon in the name of a model: one of the schemes of EMBED_URL and LLM_URL.
func providerOf(model string) string {
	provider, _, _ := strings.Cut(model, ":")
	return provider
}

// called is a model that keeps count.
type called struct {
	provider string
	kind     string
	stats    func() resilient.Stats
}

// modelCollector reads the counts when asked.
type modelCollector struct {
	models []called
}

func modelAttempts() *prometheus.Desc {
	return prometheus.NewDesc("rag_model_attempts_total", "Attempts to call a model, by how they ended.", []string{"provider", "kind", "outcome"}, nil)
}

func modelTokens() *prometheus.Desc {
	return prometheus.NewDesc("rag_model_tokens_total", "Tokens as the provider counts them.", []string{"provider", "kind", "direction"}, nil)
}

// Describe implements prometheus.Collector.
func (*modelCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- modelAttempts()
	ch <- modelTokens()
}

// Collect implements prometheus.Collector.
func (m *modelCollector) Collect(ch chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, n int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	for _, c := range m.models {
		s := c.stats()
		for outcome, n := range map[string]int64{
			"answered": s.Answered, "busy": s.Busy, "unavailable": s.Unavailable, "rejected": s.Rejected, "cancelled": s.Cancelled,
			"refused": s.Refused,
		} {
			send(modelAttempts(), n, c.provider, c.kind, outcome)
		}
		send(modelTokens(), s.InputTokens, c.provider, c.kind, "input")
		send(modelTokens(), s.OutputTokens, c.provider, c.kind, "output")
	}
}
