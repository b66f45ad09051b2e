package ops

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/retrieval"
)

// searchMetrics are about finding passages.
type searchMetrics struct {
	embed, retrieve, dense, sparse, fusion prometheus.Histogram

	fallback *prometheus.CounterVec
}

func newSearchMetrics() searchMetrics {
	lookup := []float64{.005, .01, .025, .05, .1, .25, .5}
	return searchMetrics{
		embed:    histogram("rag_embed_latency_seconds", "Embedding a query.", []float64{.01, .025, .05, .1, .25, .5, 1}),
		retrieve: histogram("rag_retrieve_latency_seconds", "Finding the passages for a query, all of it.", lookup),
		dense:    histogram("rag_dense_latency_seconds", "Looking a query up by meaning.", lookup),
		sparse:   histogram("rag_sparse_latency_seconds", "Looking a query up by words.", lookup),
		fusion: histogram("rag_fusion_latency_seconds", "Making one ranking of several.",
			[]float64{.0001, .0005, .001, .005, .01, .025, .05}),
		fallback: counters("rag_retrieval_fallback_total", "Steps of a search that failed and were done without.", "stage"),
	}
}

func (s searchMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{s.embed, s.retrieve, s.dense, s.sparse, s.fusion, s.fallback}
}

// Search counts one search.
func (m *Metrics) Search(t retrieval.Trace) {
	s := m.searching
	s.retrieve.Observe(t.Took.Seconds())
	s.fusion.Observe(t.Fusing.Seconds())
	if t.Lexical.Took > 0 {
		s.sparse.Observe(t.Lexical.Took.Seconds())
	}
	if t.Dense.Took > 0 {
		s.embed.Observe(t.Embedding.Seconds())
		s.dense.Observe(t.Dense.Took.Seconds())
	}
	for _, l := range t.Degraded {
		m.Fallback(string(l.Step))
	}
}

// Fallback counts a step of a search that failed and was done without: dense, sparse, rerank, 2tier_no_nodes or 2tier_no_spans.
func (m *Metrics) Fallback(stage string) {
	switch stage {
	case "dense", "sparse", "rerank", "2tier_no_nodes", "2tier_no_spans":
	default:
		stage = "other"
	}
	m.searching.fallback.WithLabelValues(stage).Inc()
}

// answerMetrics are about answers.
type answerMetrics struct {
	refused, hybrid *prometheus.CounterVec

	unsourced prometheus.Counter
	sources   prometheus.Histogram
}

func newAnswerMetrics() answerMetrics {
	return answerMetrics{
		refused:   counters("rag_policy_refusal_total", "Questions that were declined, by reason.", "reason"),
		hybrid:    counters("rag_hybrid_retrieval_total", "Answers that were looked up by words and by meaning.", "endpoint"),
		unsourced: counter("rag_answer_without_sources_total", "Answers that no citation supports."),
		sources:   histogram("rag_sources_returned_count", "Passages that an answer was made from.", []float64{0, 1, 2, 3, 5, 8, 13, 21}),
	}
}

func (a answerMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{a.refused, a.hybrid, a.unsourced, a.sources}
}

// Answer counts one answer; streamed says whether it went out piece by piece.
func (m *Metrics) Answer(a chat.Answer, streamed bool) {
	endpoint := "ask"
	if streamed {
		endpoint = "ask_stream"
	}
	if a.Trace.Lexical.Took > 0 && a.Trace.Dense.Took > 0 {
		m.answering.hybrid.WithLabelValues(endpoint).Inc()
	}
	m.answering.sources.Observe(float64(len(a.Sources)))
	switch {
	case !a.Evidence:
		m.answering.refused.WithLabelValues("insufficient_evidence").Inc()
	case !a.Grounded:
		m.answering.unsourced.Inc()
	}
}
