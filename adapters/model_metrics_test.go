package adapters_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/core"
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
	m := ops.NewMetrics()
	m.WatchModels(adapters.ModelCounts(core.Ports{Embedder: e, Generator: offline.NewGenerator()}))
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	var got []string
	for line := range strings.Lines(rec.Body.String()) {
		if strings.HasPrefix(line, "rag_model_attempts_total") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := []string{
		`rag_model_attempts_total{kind="embed",outcome="answered",provider="openai"} 1`,
		`rag_model_attempts_total{kind="embed",outcome="busy",provider="openai"} 0`,
		`rag_model_attempts_total{kind="embed",outcome="cancelled",provider="openai"} 0`,
		`rag_model_attempts_total{kind="embed",outcome="refused",provider="openai"} 0`,
		`rag_model_attempts_total{kind="embed",outcome="rejected",provider="openai"} 0`,
		`rag_model_attempts_total{kind="embed",outcome="unavailable",provider="openai"} 0`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}
