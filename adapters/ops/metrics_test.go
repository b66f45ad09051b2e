package ops

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/core/retrieval"
)

func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	m := NewMetrics()
	for _, s := range []string{"SELECT", "PRAGMA", "'; DROP", "x"} {
		m.Query(s, 0)
		m.Fallback(s)
		m.Request("unmatched", s, 299, 0)
	}
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, s := range []string{"PRAGMA", "DROP", `"x"`} {
		if strings.Contains(rec.Body.String(), s) {
			t.Errorf("a label has the value %s", s)
		}
	}
}

func TestRequestsAreCountedByClassOfStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		100: "other", 200: "2xx", 201: "2xx", 302: "other", 400: "4xx", 422: "4xx", 500: "5xx", 503: "5xx", 0: "other",
	} {
		if got := class(status); got != want {
			t.Errorf("the status %d is of the class %s, want %s", status, got, want)
		}
	}
}

func TestASearchWithoutAModelIsCountedAsAFallback(t *testing.T) {
	t.Parallel()
	m := NewMetrics()
	m.Search(retrieval.Trace{Reranking: retrieval.Reranking{Failed: retrieval.ModelUnset}})
	m.Search(retrieval.Trace{Degraded: []retrieval.Lack{{Step: retrieval.StepDense, Reason: retrieval.ModelTimeout}}})
	m.Search(retrieval.Trace{Degraded: []retrieval.Lack{{Step: retrieval.StepDense}, {Step: retrieval.StepRerank}}})
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, want := range []string{`rag_retrieval_fallback_total{stage="dense"} 2`, `rag_retrieval_fallback_total{stage="rerank"} 1`} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
