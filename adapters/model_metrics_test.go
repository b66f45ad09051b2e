package adapters_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/core/llm"
)

func TestCallsOfModelsAreCountedByProviderAndKind(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"data":[{"index":0,"embedding":[3,4]}]}`))
	}))
	t.Cleanup(server.Close)
	c, err := adapters.ConfigFrom(map[string]string{"EMBED_URL": "openai:" + server.URL + "#m", "EMBED_DIMENSION": "2"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := adapters.OpenEmbedder(c)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := e.Embed(t.Context(), llm.ForQuery, []string{"the same"}); err != nil {
			t.Fatal(err)
		}
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(adapters.ModelMetrics(e, nil, offline.NewGenerator()))
	const want = `
# HELP rag_model_attempts_total Attempts to call a model, by how they ended.
# TYPE rag_model_attempts_total counter
rag_model_attempts_total{kind="embed",outcome="answered",provider="openai"} 1
rag_model_attempts_total{kind="embed",outcome="busy",provider="openai"} 0
rag_model_attempts_total{kind="embed",outcome="cancelled",provider="openai"} 0
rag_model_attempts_total{kind="embed",outcome="refused",provider="openai"} 0
rag_model_attempts_total{kind="embed",outcome="rejected",provider="openai"} 0
rag_model_attempts_total{kind="embed",outcome="unavailable",provider="openai"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "rag_model_attempts_total"); err != nil {
		t.Error(err)
	}
}
