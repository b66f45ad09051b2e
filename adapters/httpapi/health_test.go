package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/core/chat"
)

// serving puts another server in front of the same use cases.
func (w *world) serving(change func(*httpapi.Deps, *httpapi.Options)) {
	w.Helper()
	d := httpapi.Deps{App: w.app, Metrics: metrics{}, Log: zap.NewNop(), Ready: func(context.Context) map[string]error { return nil }}
	o := httpapi.Options{Version: "test", MaxBody: 1 << 20, MaxUpload: 1 << 20, MaxTopK: 20, CookieName: "access_token"}
	change(&d, &o)
	w.api = httpapi.New(d, o)
}

func TestReadinessFailsWithWhatRequestsNeedAndHealthDoesNot(t *testing.T) {
	t.Parallel()
	away := errors.New("dial tcp 10.0.0.7: secret password refused")
	for _, c := range []struct {
		name                      string
		database, blobs, redis    error
		ready                     int
		db, readyBlobs, readRedis string
		alive                     bool
	}{
		{"all answer", nil, nil, nil, 200, "connected", "connected", "connected", true},
		{"no database", away, nil, nil, 503, "disconnected", "connected", "connected", false},
		{"no files", nil, away, nil, 503, "connected", "disconnected", "connected", true},
		{"no announcements", nil, nil, away, 200, "connected", "connected", "disconnected", true},
	} {
		w := emptyWorld(t)
		w.serving(func(d *httpapi.Deps, _ *httpapi.Options) {
			d.Ready = func(context.Context) map[string]error {
				return map[string]error{"database": c.database, "blobs": c.blobs}
			}
			d.Helpful = func(context.Context) map[string]error { return map[string]error{"redis": c.redis} }
		})
		r := w.want(c.ready, "GET", "/readyz", credential{}, nil)
		ready := decode[httpapi.ReadyRes](t, r)
		if ready.OK != (c.ready == 200) || ready.DB != c.db || ready.Checks["blobs"] != c.readyBlobs || ready.Checks["redis"] != c.readRedis {
			t.Errorf("%s: readyz says %s", c.name, r.body)
		}
		if ready.RequestID != r.header.Get("X-Request-Id") || strings.Contains(r.body, "10.0.0.7") {
			t.Errorf("%s: readyz says %s under the id %s", c.name, r.body, r.header.Get("X-Request-Id"))
		}
		for _, path := range []string{"/healthz", "/healthz?full=true"} {
			health := decode[httpapi.HealthRes](t, w.want(200, "GET", path, credential{}, nil)) // the process is alive all the same
			if health.OK != c.alive || health.DB != c.db || health.Google == "" {
				t.Errorf("%s: %s says %+v", c.name, path, health)
			}
		}
	}
}

func TestMetricsAreForEverybodyUnlessTheyTakeThePermission(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(401, "GET", "/metrics", credential{}, nil)
	w.want(403, "GET", "/metrics", w.as(w.owner), nil)
	w.want(200, "GET", "/metrics", w.as(w.admin), nil)
	w.serving(func(*httpapi.Deps, *httpapi.Options) {})
	if r := w.want(200, "GET", "/metrics", credential{}, nil); !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Errorf("metrics come as %s", r.header.Get("Content-Type"))
	}
}

// counted is a request as metrics see it.
type counted struct {
	route, method string
	status        int
}

// watched are the requests that a server has logged and counted.
type watched struct {
	logs *observer.ObservedLogs
	mu   sync.Mutex
	all  []counted
}

func (w *world) watched(change func(*httpapi.Options)) *watched {
	w.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	seen := &watched{logs: logs}
	w.serving(func(d *httpapi.Deps, o *httpapi.Options) {
		d.Log = zap.New(core)
		d.Observe = func(route, method string, status int, _ time.Duration) {
			seen.mu.Lock()
			defer seen.mu.Unlock()
			seen.all = append(seen.all, counted{route, method, status})
		}
		change(o)
	})
	return seen
}

// last is the line of the last request, and what was counted for it.
func (s *watched) last(t *testing.T) (map[string]any, counted) {
	t.Helper()
	lines := s.logs.FilterMessage("request").All()
	if len(lines) == 0 || len(lines) != len(s.all) {
		t.Fatalf("%d lines for %d counted requests", len(lines), len(s.all))
	}
	return lines[len(lines)-1].ContextMap(), s.all[len(s.all)-1]
}

func TestEveryRequestIsLoggedAndCountedUnderItsRouteAndItsID(t *testing.T) {
	t.Parallel()
	w := newAnsweringWorld(t, broken{}, chat.Options{})
	owner := w.as(w.owner)
	seen := w.watched(func(*httpapi.Options) {})
	for _, c := range []struct {
		method, path string
		who          credential
		body         any
		status       int
		route        string
	}{
		{"GET", w.documentPath(w.mine, "?secret=1"), owner, nil, 200, "/v1/workspaces/{workspace_id}/documents/{document_id}"},
		{"GET", "/v1/workspaces/7", owner, nil, 422, "/v1/workspaces/{workspace_id}"},
		{"GET", "/auth/me", credential{}, nil, 401, "/auth/me"},
		{"GET", "/wp-admin/" + mineWord, credential{}, nil, 404, "unmatched"},
		{"DELETE", "/auth/login", credential{}, nil, 405, "unmatched"},
		{"POST", w.path(w.mine, "/query"), owner, strings.Repeat("x", 2<<20), 413, "unmatched"},
		{"POST", w.path(w.mine, "/ask"), owner, `{"query":"Where is the code of the vault?"}`, 500, "/v1/workspaces/{workspace_id}/ask"}, // a panic
	} {
		r := w.want(c.status, c.method, c.path, c.who, c.body)
		line, count := seen.last(t)
		if count != (counted{c.route, c.method, c.status}) {
			t.Errorf("%s %s is counted as %+v, want the route %s", c.method, c.path, count, c.route)
		}
		if line["path"] != c.route || line["status_code"] != int64(c.status) || line["request_id"] != r.header.Get("X-Request-Id") {
			t.Errorf("%s %s is logged as %v with the id %s", c.method, c.path, line, r.header.Get("X-Request-Id"))
		}
		if wants := c.who == owner && c.status != 413; (line["actor"] == "user:"+w.owner.ID.String()) != wants {
			t.Errorf("%s %s is logged as by %v", c.method, c.path, line["actor"])
		}
	}
	if lines := seen.logs.FilterMessage("panic").All(); len(lines) != 1 || lines[0].ContextMap()["stack"] == nil {
		t.Errorf("the panic is logged as %v, want it once, with its stack", lines)
	}
}

func TestProbesAreCountedButNotLoggedAndRefusedRequestsAreBoth(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	seen := w.watched(func(o *httpapi.Options) { o.RateRPS, o.RateBurst = 0.001, 1 })
	for range 3 {
		for _, probe := range []string{"/healthz", "/readyz", "/metrics"} {
			w.want(200, "GET", probe, credential{}, nil)
		}
	}
	if n := seen.logs.FilterMessage("request").Len(); n != 0 || len(seen.all) != 9 {
		t.Errorf("9 probes left %d lines and %d counts, want 0 and 9", n, len(seen.all))
	}
	seen.all = nil
	w.want(401, "GET", "/auth/me", credential{}, nil)
	r := w.want(http.StatusTooManyRequests, "GET", "/auth/me", credential{}, nil)
	line, count := seen.last(t)
	if count.status != 429 || line["request_id"] != r.header.Get("X-Request-Id") || line["request_id"] == "" {
		t.Errorf("a request too many is counted as %+v and logged as %v", count, line)
	}
}

func TestThePasswordOfASignInReachesNoLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := w.watched(func(*httpapi.Options) {})
	session := decode[httpapi.LoginRes](t, w.want(200, "POST", "/auth/login", credential{}, login("owner@example.org", password)))
	w.want(401, "POST", "/auth/login", credential{}, login("owner@example.org", "a wrong password"))
	w.want(200, "GET", "/auth/me?access_token="+session.AccessToken, bearer(session.AccessToken), nil)
	for _, line := range seen.logs.All() {
		for name, value := range line.ContextMap() {
			for _, secret := range []string{password, "a wrong password", session.AccessToken, "owner@example.org"} {
				if text, ok := value.(string); ok && strings.Contains(text, secret) {
					t.Errorf("%s in the log is %q", name, text)
				}
			}
		}
	}
}

func TestTheIDOfARequestIsOneAndHarmless(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var made []string
	for id, kept := range map[string]bool{"": false, "abc-123": true, strings.Repeat("x", 128): true, strings.Repeat("x", 129): false, "with space": false, "é": false} {
		for _, path := range []string{"/v1/workspaces", "/nothing"} { // send compares the ids of header and problem
			r := w.request("GET", path, credential{}, nil)
			r.Header.Set("X-Request-Id", id)
			got := w.send(r).header.Get("X-Request-Id")
			if (got == id) != kept || !kept && len(got) != 36 {
				t.Errorf("the id %q became %q", id, got)
			}
			if !kept {
				made = append(made, got)
			}
		}
	}
	slices.Sort(made)
	if len(slices.Compact(made)) != len(made) {
		t.Errorf("the ids %q, want each once", made)
	}
}

// raw is send for what no operation of the document answers, such as a preflight.
func (w *world) raw(r *http.Request) reply {
	w.Helper()
	rec := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(rec, r)
	return reply{rec.Code, rec.Header(), rec.Body.String()}
}
