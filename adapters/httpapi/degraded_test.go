package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// fickle is an embedder that fails with an error while there is one.
type fickle struct {
	llm.Embedder

	err atomic.Pointer[error]
}

func (f *fickle) Embed(ctx context.Context, p llm.Purpose, texts []string) ([]llm.Vector, error) {
	if err := f.err.Load(); err != nil {
		return nil, *err
	}
	return f.Embedder.Embed(ctx, p, texts)
}

// away takes the embedding model away.
func (w *world) away() {
	var err error = fault.Unavailable.Errorf("the model is away").Because("provider_down")
	w.model.err.Store(&err)
}

func TestWordsAnswerWhileTheEmbeddingModelIsAwayAndTheResponseSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, model := w.as(w.owner), w.mine.workspace.String()
	for _, c := range []struct {
		name, path string
		body       any
		where      string // what tells that something was missing
	}{
		{"query", w.path(w.mine, "/query"), map[string]any{"query": mineWord}, `"degraded":["dense"]`},
		{"the trace of a query", w.path(w.mine, "/query"), map[string]any{"query": mineWord, "trace": true}, `"degraded":[{"step":"dense","reason":"provider_down"}]`},
		{"ask", w.path(w.mine, "/ask"), map[string]any{"query": "Where is the code of the vault?"}, `"degraded":["dense"]`},
		{"the event sources", w.path(w.mine, "/ask/stream"), map[string]any{"query": "Where is the code of the vault?"}, `"conversation_id":null,"degraded":["dense"]}`},
		{"a completion", "/v1/chat/completions", completionOf(model, false), `"degraded":["dense"]`},
		{"the end of a streamed completion", "/v1/chat/completions", completionOf(model, true), `"degraded":["dense"]`},
	} {
		w.model.err.Store(nil)
		before := w.want(http.StatusOK, http.MethodPost, c.path, owner, c.body)
		w.away()
		after := w.want(http.StatusOK, http.MethodPost, c.path, owner, c.body)
		if strings.Contains(before.body, `"degraded"`) || strings.Count(after.body, c.where) != 1 || !strings.Contains(after.body, mineWord) {
			t.Errorf("%s: %s\nwhile the model is away: %s\nwant %s in the latter", c.name, before.body, after.body, c.where)
		}
	}
}

func TestAQueryWithoutWordsIsRefusedWhileTheEmbeddingModelIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.away()
	p := decode[httpapi.Problem](t, w.want(http.StatusServiceUnavailable, http.MethodPost, w.path(w.mine, "/query"), w.as(w.owner), map[string]any{"query": "???"}))
	if p.Reason != "provider_down" {
		t.Errorf("the problem is %+v", p)
	}
}

func TestTheLogSaysOnceInAWhileThatSearchesGoOnWithoutAModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	core, logs := observer.New(zapcore.WarnLevel)
	w.api = httpapi.New(httpapi.Deps{App: w.app, Metrics: metrics{}, Log: zap.New(core)}, httpapi.Options{MaxBody: 1 << 20, MaxTopK: 20})
	w.away()
	for range 3 {
		w.want(http.StatusOK, http.MethodPost, w.path(w.mine, "/query"), w.as(w.owner), map[string]any{"query": mineWord})
	}
	if logs.Len() != 1 {
		t.Fatalf("%d lines, want one", logs.Len())
	}
	line := logs.All()[0]
	about := line.ContextMap()
	delete(about, "request_id")
	want := map[string]any{"reason": "provider_down", "error": "embed the query: the model is away"}
	if diff := cmp.Diff(want, about); diff != "" || !strings.Contains(line.Message, "dense") {
		t.Errorf("%q (-want +got):\n%s", line.Message, diff)
	}
}
