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

func TestContextsAreWrittenByTheModelThatAnswersOrByOneOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  map[string]string
		want string // model; empty for none
		own  bool
	}{
		{map[string]string{"LLM_URL": "openai:http://h/v1#a"}, "", false},
		{map[string]string{"CHUNK_CONTEXT": "off", "CHUNK_CONTEXT_URL": "openai:http://h/v1#b"}, "", false},
		{map[string]string{"CHUNK_CONTEXT": "on", "LLM_URL": "openai:http://h/v1#a"}, "openai:h/a", false},
		{map[string]string{"CHUNK_CONTEXT": "on", "LLM_URL": "openai:http://h/v1#a", "CHUNK_CONTEXT_URL": "openai:http://h/v1#b"}, "openai:h/b", true},
		{map[string]string{"CHUNK_CONTEXT": "on", "CHUNK_CONTEXT_URL": "anthropic:b", "ANTHROPIC_API_KEY": secret}, "anthropic:b", true},
	} {
		conf := config(t, c.env)
		g, err := adapters.OpenGenerator(conf)
		if err != nil {
			t.Fatal(err)
		}
		w, err := adapters.OpenContextWriter(conf, g)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case w == nil && c.want != "", w != nil && w.Model() != c.want:
			t.Errorf("with %v the writer is %v, want %q", c.env, w, c.want)
		case w != nil && (w == g) == c.own:
			t.Errorf("with %v the writer is the generator: %v", c.env, !c.own)
		}
	}
}

func TestContextsNeedALanguageModel(t *testing.T) {
	t.Parallel()
	for _, env := range []map[string]string{
		{"CHUNK_CONTEXT": "on"},
		{"CHUNK_CONTEXT": "on", "LLM_URL": "openai:http://h/v1#a", "CHUNK_CONTEXT_URL": "offline:"},
	} {
		_, err := adapters.ConfigFrom(env)
		if err == nil || err.Error() != "CHUNK_CONTEXT needs a language model, which offline: is not: set LLM_URL or CHUNK_CONTEXT_URL" {
			t.Errorf("with %v: %v", env, err)
		}
	}
	for _, name := range []string{"CHUNK_CONTEXT_CHARS", "CHUNK_CONTEXT_MAX_CHUNKS", "CHUNK_CONTEXT_CONCURRENCY"} {
		if _, err := adapters.ConfigFrom(map[string]string{name: "0"}); err == nil || !strings.HasPrefix(err.Error(), name+" must ") {
			t.Errorf("%s=0: %v, want it refused by name", name, err)
		}
	}
	c := config(t, map[string]string{"CHUNK_CONTEXT": "on", "CHUNK_CONTEXT_URL": "openai:" + secret})
	if _, err := adapters.OpenContextWriter(c, nil); err == nil || !strings.HasPrefix(err.Error(), "CHUNK_CONTEXT_URL must be ") || strings.Contains(err.Error(), secret) {
		t.Errorf("a wrong model: %v", err)
	}
}

func TestTheCallsForContextsAreCountedApart(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, `data: {"choices":[{"index":0,"delta":{"content":"About pumps."},"finish_reason":"stop"}]}`+"\n\n"+
			`data: {"choices":[],"usage":{"prompt_tokens":900,"completion_tokens":12,"total_tokens":912}}`+"\n\ndata: [DONE]\n\n")
	}))
	t.Cleanup(s.Close)
	c := config(t, map[string]string{"CHUNK_CONTEXT": "on", "CHUNK_CONTEXT_URL": "openai:" + s.URL + "/v1#m"})
	w, err := adapters.OpenContextWriter(c, offline.NewGenerator())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range w.Generate(t.Context(), llm.Request{Messages: []llm.Message{{Role: llm.RoleUser, Text: "pumps"}}}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	p := core.Ports{Embedder: offline.NewEmbedder(), Generator: offline.NewGenerator(), ContextWriter: w}
	counts := adapters.ModelCounts(p)()
	if len(counts) != 1 || counts[0].Kind != "context" || counts[0].Attempts["answered"] != 1 || counts[0].Input != 900 || counts[0].Output != 12 {
		t.Errorf("counts %+v", counts)
	}
	p.Generator = w
	if counts := adapters.ModelCounts(p)(); len(counts) != 1 || counts[0].Kind != "generate" {
		t.Errorf("one model for both is counted as %+v", counts)
	}
}
