package ops

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// modelMetrics are about models.
type modelMetrics struct {
	llm, rerank prometheus.Histogram

	calls, tokens, hits, misses *prometheus.CounterVec
}

func newModelMetrics() modelMetrics {
	return modelMetrics{
		llm: histogram("rag_llm_latency_seconds", "Writing an answer, until its end.", []float64{.1, .25, .5, 1, 2.5, 5, 10, 30}),
		rerank: histogram("rag_rerank_latency_seconds", "Putting passages into a better order.",
			[]float64{.005, .01, .025, .05, .1, .25, .5, 1}),
		calls:  counters("rag_provider_calls_total", "Calls of models, by what for and how they ended.", "operation", "outcome"),
		tokens: counters("rag_llm_tokens_total", "Tokens, as the model that answers counts them.", "direction"),
		hits:   counters("rag_embedding_cache_hit_total", "Texts whose vector was known.", "kind"),
		misses: counters("rag_embedding_cache_miss_total", "Texts that had to be embedded.", "kind"),
	}
}

func (p modelMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{p.llm, p.rerank, p.calls, p.tokens, p.hits, p.misses}
}

// EmbeddingCache counts texts whose vector was known, and texts that had to be embedded.
func (m *Metrics) EmbeddingCache(p llm.Purpose, hits, misses int) {
	kind := "batch"
	if p == llm.ForQuery {
		kind = "query"
	}
	m.models.hits.WithLabelValues(kind).Add(float64(hits))
	m.models.misses.WithLabelValues(kind).Add(float64(misses))
}

// ModelCounts is what became of the calls of one model over the network, since the program began.
type ModelCounts struct {
	Provider string // one of few
	Kind     string // embed, embed_next, generate, context or rerank
	Attempts map[string]int64
	Input    int64 // tokens, as the provider counts them
	Output   int64
}

// WatchModels shows counts that models keep themselves; read returns them whenever the metrics are read. It must be called once at
// most.
func (m *Metrics) WatchModels(read func() []ModelCounts) {
	m.registry.MustRegister(modelCollector{read})
}

// modelCollector reads the counts of models when asked.
type modelCollector struct{ read func() []ModelCounts }

func modelAttempts() *prometheus.Desc {
	return prometheus.NewDesc("rag_model_attempts_total", "Attempts to call a model, by how they ended.", []string{"provider", "kind", "outcome"}, nil)
}

func modelTokens() *prometheus.Desc {
	return prometheus.NewDesc("rag_model_tokens_total", "Tokens as the provider counts them.", []string{"provider", "kind", "direction"}, nil)
}

// Describe implements prometheus.Collector.
func (modelCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- modelAttempts()
	ch <- modelTokens()
}

// Collect implements prometheus.Collector.
func (c modelCollector) Collect(ch chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, n int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	for _, m := range c.read() {
		for outcome, n := range m.Attempts {
			send(modelAttempts(), n, m.Provider, m.Kind, outcome)
		}
		send(modelTokens(), m.Input, m.Provider, m.Kind, "input")
		send(modelTokens(), m.Output, m.Provider, m.Kind, "output")
	}
}

func (m *Metrics) called(operation string, err error) {
	outcome := "ok"
	if f := fault.Of(err); f != nil {
		outcome = string(f.Kind)
	} else if errors.Is(err, context.Canceled) {
		outcome = "cancelled"
	} else if err != nil {
		outcome = "error"
	}
	m.models.calls.WithLabelValues(operation, outcome).Inc()
}

// measuredEmbedder is an embedder whose calls are counted and traced.
type measuredEmbedder struct {
	llm.Embedder
	m *Metrics
	t trace.Tracer
}

// Embed implements llm.Embedder.
func (e measuredEmbedder) Embed(ctx context.Context, p llm.Purpose, texts []string) ([]llm.Vector, error) {
	ctx, span := e.t.Start(ctx, "embed", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("gen_ai.request.model", e.Space().Name), attribute.Int("ragcorp.texts", len(texts)),
	))
	began := time.Now()
	vectors, err := e.Embedder.Embed(ctx, p, texts)
	e.m.called("embed", err)
	if p == llm.ForDocument {
		e.m.work.stages.WithLabelValues("embedding").Observe(time.Since(began).Seconds())
	}
	ended(span, err)
	return vectors, err
}

// measuredGenerator is a generator whose calls are counted and traced.
type measuredGenerator struct {
	llm.Generator
	m *Metrics
	t trace.Tracer
}

// Generate implements llm.Generator.
func (g measuredGenerator) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) {
		ctx, span := g.t.Start(ctx, "generate", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("gen_ai.request.model", g.Model()), attribute.Int("ragcorp.passages", len(r.Passages)),
		))
		var failed error
		began := time.Now()
		defer func() { // also when whoever reads stops early
			g.m.models.llm.Observe(time.Since(began).Seconds())
			g.m.called("generate", failed)
			ended(span, failed)
		}()
		for piece, err := range g.Generator.Generate(ctx, r) {
			failed = err
			if u := piece.Usage; u != nil {
				g.m.models.tokens.WithLabelValues("input").Add(float64(u.InputTokens))
				g.m.models.tokens.WithLabelValues("output").Add(float64(u.OutputTokens))
			}
			if !yield(piece, err) {
				return
			}
		}
	}
}

// measuredContextWriter is a model that writes contexts, whose calls are counted and traced. What it says is no answer.
type measuredContextWriter struct {
	llm.Generator
	m *Metrics
	t trace.Tracer
}

// Generate implements llm.Generator.
func (g measuredContextWriter) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) {
		ctx, span := g.t.Start(ctx, "write context", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("gen_ai.request.model", g.Model()),
		))
		var failed error
		began := time.Now()
		defer func() { // also when whoever reads stops early
			g.m.work.stages.WithLabelValues("context").Observe(time.Since(began).Seconds())
			g.m.called("context", failed)
			ended(span, failed)
		}()
		for piece, err := range g.Generator.Generate(ctx, r) {
			failed = err
			if !yield(piece, err) {
				return
			}
		}
	}
}

// measuredReranker is a reranker whose calls are counted and traced.
type measuredReranker struct {
	llm.Reranker
	m *Metrics
	t trace.Tracer
}

// Rerank implements llm.Reranker.
func (r measuredReranker) Rerank(ctx context.Context, query string, candidates []llm.Candidate) ([]float64, error) {
	ctx, span := r.t.Start(ctx, "rerank", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("gen_ai.request.model", r.Model()), attribute.Int("ragcorp.texts", len(candidates)),
	))
	began := time.Now()
	scores, err := r.Reranker.Rerank(ctx, query, candidates)
	r.m.models.rerank.Observe(time.Since(began).Seconds())
	r.m.called("rerank", err)
	ended(span, err)
	return scores, err
}
