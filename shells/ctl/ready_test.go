package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestReadyAsksTheProgramAndSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(`{"ok":false,"blobs":"disconnected"}`))
	}))
	defer server.Close()
	addr := strings.TrimPrefix(server.URL, "http://")
	_, port, _ := strings.Cut(addr, ":")
	w := newWorld(t, "HTTP_ADDR=0.0.0.0:"+port, "WORKER_HTTP_HOST=0.0.0.0", "WORKER_HTTP_PORT="+port)
	w.must("ready")
	w.must("ready", "--worker")
	down.Store(true)
	for _, args := range [][]string{{"ready"}, {"ready", "--worker"}} {
		if r := w.ctl("", args...); r.code != exitFailed || !strings.Contains(r.stderr, `"blobs":"disconnected"`) {
			t.Errorf("ctl %v: exit code %d, %q", args, r.code, r.stderr)
		}
	}
	server.Close()
	if r := w.ctl("", "ready"); r.code != exitFailed {
		t.Errorf("nobody listens: exit code %d", r.code)
	}
}
