package ops

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/fault"
)

// probe asks a process; key is the API key, empty for none.
func probe(t *testing.T, p Probes, path, key string) *httptest.ResponseRecorder {
	t.Helper()
	p.Log = zap.NewNop()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("X-Api-Key", key)
	rec := httptest.NewRecorder()
	p.handler(time.Now().Add(-time.Minute)).ServeHTTP(rec, r)
	return rec
}

func TestAWorkerIsReadyWhenWhatItNeedsAnswersAndAliveInAnyCase(t *testing.T) {
	t.Parallel()
	away := errors.New("dial tcp 10.0.0.7: refused")
	for _, c := range []struct {
		name          string
		needed, helps error
		status        int
		says          []string
	}{
		{"all answer", nil, nil, 200, []string{`"ok":true`, `"db":"connected"`, `"redis":"connected"`}},
		{"no database", away, nil, 503, []string{`"ok":false`, `"db":"disconnected"`}},
		{"no announcements", nil, away, 200, []string{`"ok":true`, `"redis":"disconnected"`}},
	} {
		p := Probes{
			Ready:   func(context.Context) map[string]error { return map[string]error{"db": c.needed} },
			Helpful: func(context.Context) map[string]error { return map[string]error{"redis": c.helps} },
		}
		ready := probe(t, p, "/readyz", "")
		for _, want := range c.says {
			if ready.Code != c.status || !strings.Contains(ready.Body.String(), want) || strings.Contains(ready.Body.String(), "10.0.0.7") {
				t.Errorf("%s: readyz = %d, %s, want %d and %s", c.name, ready.Code, ready.Body, c.status, want)
			}
		}
		if alive := probe(t, p, "/healthz", ""); alive.Code != 200 || !strings.Contains(alive.Body.String(), `"ok":true,"uptime_seconds":60`) {
			t.Errorf("%s: healthz = %d, %s", c.name, alive.Code, alive.Body)
		}
	}
}

func TestMetricsOfAWorkerAreShownToWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	p := Probes{Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "rag_up 1") })}
	if r := probe(t, p, "/metrics", ""); r.Code != 200 || r.Body.String() != "rag_up 1" {
		t.Errorf("metrics for everybody = %d, %s", r.Code, r.Body)
	}
	p.Allow = func(_ context.Context, key string) error {
		return map[string]error{
			"": fault.Unauthenticated.Errorf("no"), "wrong": fault.Denied.Errorf("no"), "down": errors.New("dial tcp: secret refused"), "right": nil,
		}[key]
	}
	for key, status := range map[string]int{"": 401, "wrong": 403, "down": 503, "right": 200} {
		r := probe(t, p, "/metrics", key)
		if r.Code != status || strings.Contains(r.Body.String(), "rag_up") != (status == 200) || strings.Contains(r.Body.String(), "secret") {
			t.Errorf("metrics for %q = %d, %s, want %d", key, r.Code, r.Body, status)
		}
	}
	if r := probe(t, p, "/nothing", "right"); r.Code != 404 {
		t.Errorf("nothing = %d, want 404", r.Code)
	}
}
