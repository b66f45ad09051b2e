package adapters_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/llm"
)

func TestTheRerankerIsChosenByURL(t *testing.T) {
	t.Parallel()
	network := map[string]string{"EMBED_URL": "openai:http://h/v1#e", "EMBED_DIMENSION": "3"}
	for want, env := range map[string]map[string]string{
		"offline-proximity-1":  nil,
		"":                     network,
		"cohere:h:1/m:2":       {"RERANK_URL": "cohere:http://H:1/v2#m:2"},
		"jina:h/m":             {"RERANK_URL": "jina:https://h/v1#m"},
		"tei:h":                {"RERANK_URL": "tei:http://me:" + secret + "@h"},
		"llm:openai:h/g":       {"RERANK_URL": "llm:", "LLM_URL": "openai:https://h/v1#g"},
		"offline-proximity-1 ": {"RERANK_URL": " offline: ", "EMBED_URL": network["EMBED_URL"], "EMBED_DIMENSION": "3"},
	} {
		c := config(t, env)
		g, err := adapters.OpenGenerator(c)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		r, err := adapters.OpenReranker(c, g)
		if r != nil {
			got = r.Model()
		}
		if err != nil || got != strings.TrimSpace(want) {
			t.Errorf("%v: %q, %v, want %q", env, got, err, want)
		}
	}
	if r, err := adapters.OpenReranker(config(t, map[string]string{"RERANK_URL": "off"}), nil); r != nil || err != nil {
		t.Errorf("off: %v, %v", r, err)
	}
}

func TestWrongRerankersAreRefusedWithoutShowingSecrets(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"cohere:http://me:" + secret + "@h": "no name",
		"jina:h?k=" + secret + "#m":         "must be a URL",
		secret:                              "unknown scheme; known are off, offline:",
		"llm:":                              "must not be llm: while LLM_URL is offline:",
	} {
		_, err := adapters.OpenReranker(config(t, map[string]string{"RERANK_URL": url}), offline.NewGenerator())
		if text := fmt.Sprint(err); !strings.Contains(text, want) || !strings.Contains(text, "RERANK_URL") || strings.Contains(text, secret) {
			t.Errorf("%s: %s, want %s", url, text, want)
		}
	}
	for name, value := range map[string]string{
		"RERANK_CANDIDATE_MULTIPLIER": "0", "RERANK_MAX_CANDIDATES": "0", "RERANK_TIMEOUT": "1ms", "ENABLE_RERANK": "perhaps",
	} {
		if _, err := adapters.ConfigFrom(map[string]string{name: value}); err == nil || !strings.HasPrefix(err.Error(), name+" must ") {
			t.Errorf("%s=%s: %v, want it refused by name", name, value, err)
		}
	}
}

func TestARerankerOverTheNetworkIsAskedWithItsKeyAndCounted(t *testing.T) {
	t.Parallel()
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if calls++; calls == 1 || r.Header.Get("Authorization") != "Bearer "+secret {
			http.Error(w, "<html>", http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, `[{"index":1,"score":2},{"index":0,"score":1}]`)
	}))
	t.Cleanup(s.Close)
	c := config(t, map[string]string{"RERANK_URL": "tei:" + s.URL, "RERANK_API_KEY": secret, "RETRY_BASE_DELAY_SECONDS": "0.001"})
	r, err := adapters.OpenReranker(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := r.Rerank(t.Context(), "q", []llm.Candidate{{Text: "a"}, {Text: "b"}})
	if err != nil || len(scores) != 2 || scores[1] != 2 || calls != 2 {
		t.Errorf("Rerank = %v, %v after %d calls", scores, err, calls)
	}
	counts := adapters.ModelCounts(core.Ports{Embedder: offline.NewEmbedder(), Generator: offline.NewGenerator(), Reranker: r})()
	if len(counts) != 1 || counts[0].Kind != "rerank" || counts[0].Provider != "tei" || counts[0].Attempts["unavailable"] != 1 || counts[0].Attempts["answered"] != 1 {
		t.Errorf("counts %+v", counts)
	}
}
