package adapters_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/adapters/token"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// watchedApp makes the use cases, watched, over stores in memory.
func watchedApp(t *testing.T, watch ops.Telemetry) (*core.App, *sqlstore.Store) {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite::memory:", nil)
	if err != nil {
		t.Fatal(err)
	}
	blobs := bucket.Memory()
	t.Cleanup(func() { _, _ = store.Close(), blobs.Close() })
	hasher, err := token.NewArgon2(&token.Argon2Options{Time: 1, Memory: 8, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := token.NewJWT("a secret for tests only")
	if err != nil {
		t.Fatal(err)
	}
	app, closeApp, err := adapters.OpenApp(core.Ports{
		Store: store, Blobs: blobs, Parser: parse.InProcess(parse.Options{}), Embedder: offline.NewEmbedder(),
		Generator: offline.NewGenerator(), ContextWriter: offline.NewGenerator(), Hasher: hasher, Tokens: tokens,
	}, adapters.NextEmbedder{}, new(core.Options), store, watch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeApp)
	return app, store
}

const callersTrace = "0af7651916cd43dd8448eb211c80319c"

func TestATraceGoesFromTheRequestOverTheDeliveryToTheModel(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	watch := ops.Telemetry{Metrics: ops.NewMetrics(), Tracer: provider.Tracer("test")}
	app, store := watchedApp(t, watch)
	ws, err := app.Workspaces.Create(t.Context(), identity.System, workspace.Draft{Name: "w"})
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := app.Accounts.CreateKey(t.Context(), identity.System, identity.KeyDraft{
		Name: "k", Permissions: []identity.Permission{identity.Everything},
	})
	if err != nil {
		t.Fatal(err)
	}
	logged, logs := observer.New(zap.InfoLevel)
	api := httpapi.New(httpapi.Deps{
		App: app, Log: zap.New(logged), Tracer: watch.Tracer, Observe: watch.Metrics.Request,
		Ready: func(context.Context) map[string]error { return nil },
	}, httpapi.Options{MaxBody: 1 << 20, MaxUpload: 1 << 20, MaxTopK: 20})
	form := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nThe kettle is blue.\r\n--b--\r\n"
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/workspaces/"+ws.ID.String()+"/documents/upload", strings.NewReader(form))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	r.Header.Set("X-API-Key", secret)
	r.Header.Set("traceparent", "00-"+callersTrace+"-b7ad6b7169203331-01")
	rec := httptest.NewRecorder()
	api.Handler().ServeHTTP(rec, r)
	if rec.Code != http.StatusAccepted {
		t.Fatalf("upload = %d: %s", rec.Code, rec.Body)
	}
	if id := logs.FilterMessage("request").All()[0].ContextMap()["trace_id"]; id != callersTrace {
		t.Errorf("the access log has the trace %v, want the caller's", id)
	}
	due, err := store.Events().Claim(t.Context(), event.Claim{Max: 1, Lease: time.Minute, Now: time.Now()})
	if err != nil || len(due) != 1 {
		t.Fatalf("Claim() = %v, %v", due, err)
	}
	if err := watch.Reaction(app.Handle)(t.Context(), due[0]); err != nil {
		t.Fatal(err)
	}
	checkSpans(t, spans.GetSpans())
	metrics := httptest.NewRecorder()
	watch.Metrics.Handler().ServeHTTP(metrics, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		`rag_worker_processed_total{status="READY"} 1`, `rag_pipeline_stage_seconds_count{stage="parsing"} 1`,
		`rag_pipeline_stage_seconds_count{stage="embedding"} 1`, `rag_pipeline_stage_seconds_count{stage="indexing"} 1`,
		`rag_provider_calls_total{operation="embed",outcome="ok"} 1`, `rag_provider_calls_total{operation="context",outcome="ok"} 1`,
		`rag_pipeline_stage_seconds_count{stage="context"} 1`, `rag_chunk_contexts_total{outcome="unusable"} 1`,
		`rag_requests_total{endpoint="/v1/workspaces/{workspace_id}/documents/upload",method="POST",status="2xx"} 1`,
	} {
		if !strings.Contains(metrics.Body.String(), line+"\n") {
			t.Errorf("the metrics don't say %s", line)
		}
	}
}

func checkSpans(t *testing.T, all tracetest.SpanStubs) {
	t.Helper()
	byName := map[string]tracetest.SpanStub{}
	for _, s := range all {
		byName[s.Name] = s
	}
	request := byName["POST /v1/workspaces/{workspace_id}/documents/upload"]
	if got := request.SpanContext.TraceID().String(); got != callersTrace {
		t.Errorf("the request's span is in the trace %s, want the caller's; spans: %v", got, len(all))
	}
	reaction := byName["react to document.ingest"]
	if len(reaction.Links) != 1 || reaction.Links[0].SpanContext.SpanID() != request.SpanContext.SpanID() {
		t.Errorf("the reaction links to %+v, want the request's span", reaction.Links)
	}
	for _, name := range []string{"parse", "embed"} {
		if s := byName[name]; s.Parent.SpanID() != reaction.SpanContext.SpanID() {
			t.Errorf("the span %q has the parent %s, want the reaction", name, s.Parent.SpanID())
		}
	}
}

func TestTracesReachACollector(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type")
	}))
	t.Cleanup(collector.Close)
	watch, flush, err := adapters.OpenTelemetry(t.Context(), config(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL + "/"}))
	if err != nil {
		t.Fatal(err)
	}
	_, span := watch.Tracer.Start(t.Context(), "s")
	span.End()
	flush()
	select {
	case sent := <-got:
		if sent != "POST /v1/traces application/x-protobuf" {
			t.Errorf("the collector got %s", sent)
		}
	default:
		t.Error("the collector got nothing before the process ends")
	}
}
