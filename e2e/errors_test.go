package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestErrorsNameTheFieldAndNeverRepeatTheValue(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "errors")
	const value = "Tr0ub4dor"
	for _, c := range []struct {
		method, path string
		body         any
		field        string
	}{
		{"POST", "/auth/users", map[string]any{"email": "a@b.cd", "password": "Tr0ub"}, "password"},
		{"POST", "/auth/users", map[string]any{"email": "a@b.cd", "password": value, "role": value}, "role"},
		{"POST", "/auth/login", map[string]any{"email": "x", "password": value}, "email"},
		{"POST", "/auth/login", map[string]any{"email": adminEmail, "password": []string{value}}, "password"},
		{"POST", "/v1/workspaces", map[string]any{"name": strings.Repeat(value, 50)}, "name"},
		{"POST", "/v1/workspaces", map[string]any{"name": "  "}, "name"},
		{"POST", "/v1/workspaces", map[string]any{"name": "x", "visibility": value}, "visibility"},
		{"POST", l.path("/query"), map[string]any{"query": "x", "top_k": 1000}, "top_k"},
		{"POST", l.path("/query"), map[string]any{"query": "x", "top_k": value}, "top_k"},
		{"POST", l.path("/query"), map[string]any{"query": strings.Repeat(value, 300)}, "query"},
		{"POST", l.path("/query"), map[string]any{"top_k": 3}, "query"},
		{"POST", l.path("/ask"), map[string]any{"query": " "}, "query"},
		{"POST", l.path("/ingest/text"), map[string]any{"title": value, "text": " "}, "text"},
		{"POST", l.path("/ingest/text"), map[string]any{"title": "x", "text": "y", "metadata": map[string]any{"allowed_roles": []string{value}}}, "allowed_roles"},
		{"GET", l.path("/documents?status=" + value), nil, "status"},
		{"GET", l.path("/documents?sort=" + value), nil, "sort"},
		{"GET", l.path("/documents?cursor=" + value), nil, "cursor"},
		{"GET", "/v1/workspaces?limit=100000", nil, "limit"},
		{"GET", "/v1/workspaces/" + value, nil, "workspace_id"},
	} {
		p := refused(t, l.client, http.StatusUnprocessableEntity, c.method, c.path, c.body)
		found := slices.ContainsFunc(p.fields(), func(f string) bool { return f == c.field || strings.HasSuffix(f, "."+c.field) })
		if p.Code != "VALIDATION_ERROR" || !found {
			t.Errorf("%s %s %v: the problem is %+v, want it about %s", c.method, c.path, c.body, p, c.field)
		}
		for _, e := range p.Errors {
			if strings.Contains(p.Detail+e.Msg+e.Field, value) {
				t.Errorf("%s %s: the problem repeats what was sent: %+v", c.method, c.path, p)
			}
		}
	}
}

func TestInvalidJSONIsRefused(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "json")
	for _, body := range []string{
		`{"query": "x"`, `{"query": }`, `[]`, `"x"`, `null`, `{"query": "x"} trailing`, "{\"query\": \"\xff\xfe\"}", "", "\x00",
		strings.Repeat("[", 100_000), `{"query": "x", "filter": ` + strings.Repeat(`{"a":`, 20_000) + `1` + strings.Repeat(`}`, 20_000) + `}`,
	} {
		p := refused(t, l.client, http.StatusUnprocessableEntity, "POST", l.path("/query"), body)
		if p.Code != "VALIDATION_ERROR" {
			t.Errorf("%.40q: the problem is %+v", body, p)
		}
	}
}

func TestUnknownPathsAndMethodsAreProblems(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, path := range []string{"/", "/v1", "/v1/nothing", "/v2/workspaces", "/auth", "/v1/workspaces/x/y/z", "/favicon.ico", "/v1/%2e%2e/secret.key"} {
		if p := refused(t, s.anybody(), http.StatusNotFound, "GET", path, nil); p.Code != "NOT_FOUND" {
			t.Errorf("GET %s: %+v", path, p)
		}
	}
	for _, c := range []struct{ method, path, allow string }{
		{"DELETE", "/v1/workspaces", "GET, POST"},
		{"PUT", "/auth/login", "POST"},
		{"PATCH", "/healthz", "GET"},
		{"POST", "/v1/workspaces/00000000-0000-0000-0000-000000000001/documents", "GET"},
	} {
		r := s.anybody().do(t, c.method, c.path, nil)
		if allow := strings.Join(r.header.Values("Allow"), ", "); r.status != http.StatusMethodNotAllowed || allow != c.allow {
			t.Errorf("%s %s = %d with Allow: %s, want 405 with %s", c.method, c.path, r.status, allow, c.allow)
		}
	}
}

func TestTheRequestIDOfAClientIsKeptWhenItIsHarmless(t *testing.T) {
	t.Parallel()
	s := start(t)
	for id, kept := range map[string]bool{"abc-123": true, "with space": false, strings.Repeat("x", 500): false} {
		req := s.anybody().request(t, "GET", "/v1/nothing", nil)
		req.Header.Set("X-Request-Id", id)
		r, err := s.anybody().send(t, req)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.header.Get("X-Request-Id"); (got == id) != kept {
			t.Errorf("the id %q of the request became %q", id, got)
		}
	}
}

func TestTooManyRequestsAreToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	s := start(t, "RATE_LIMIT_RPS=0.01", "RATE_LIMIT_BURST=3")
	var last reply
	for range 5 {
		last = s.anybody().do(t, "GET", "/auth/me", nil)
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" {
		t.Errorf("the fifth request = %d with Retry-After %q, want 429", last.status, last.header.Get("Retry-After"))
	}
	if r := s.anybody().do(t, "GET", "/healthz", nil); r.status != http.StatusOK {
		t.Errorf("healthz = %d, want 200 whatever the limit", r.status)
	}
}
