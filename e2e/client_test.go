package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"
)

// client speaks to an http shell as one user, or program.
type client struct {
	url   string
	token string // of a user; empty: none
	key   string // of a program; empty: none
	rough bool   // the shell may say that something that it needs is not available
}

// problem is the body of every error.
type problem struct {
	Type, Title, Detail, Code, Reason, Instance string
	Status                                      int
	RequestID                                   string `json:"request_id"`
	Errors                                      []struct {
		Field, Msg string
		RequestID  string `json:"request_id"`
	}
}

// fields are the fields that the problem is about.
func (p problem) fields() []string {
	var out []string
	for _, e := range p.Errors {
		if e.Field != "" {
			out = append(out, e.Field)
		}
	}
	return out
}

// reply is a response that was read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// direct speaks to local shells only: no proxy, and no connection is kept that a killed shell would leave broken.
var direct = &http.Client{
	Transport: &http.Transport{DisableKeepAlives: true},
	Timeout:   5 * time.Minute,
}

// user signs in.
func (s *shell) user(t *testing.T, email, password string) *client {
	t.Helper()
	anybody := &client{url: s.url}
	in := map[string]string{"email": email, "password": password}
	session := expect[struct {
		Token string `json:"access_token"`
	}](t, anybody, http.StatusOK, "POST", "/auth/login", in)
	return &client{url: s.url, token: session.Token, rough: s.rough}
}

// admin signs the administrator in.
func (s *shell) admin(t *testing.T) *client { t.Helper(); return s.user(t, adminEmail, adminPassword) }

// anybody speaks to the shell without signing in.
func (s *shell) anybody() *client { return &client{url: s.url} }

// at is the same user at another shell of the same world.
func (c *client) at(s *shell) *client {
	return &client{url: s.url, token: c.token, key: c.key, rough: c.rough}
}

// expect sends JSON, wants this status and returns the body of the response.
func expect[T any](t *testing.T, c *client, status int, method, path string, body any) T {
	t.Helper()
	r := c.do(t, method, path, body)
	if r.status != status {
		t.Fatalf("%s %s = %d, want %d: %s", method, path, r.status, status, r.body)
	}
	return parse[T](t, r)
}

// refused sends JSON, wants this error and returns its problem.
func refused(t *testing.T, c *client, status int, method, path string, body any) problem {
	t.Helper()
	return expect[problem](t, c, status, method, path, body)
}

func parse[T any](t *testing.T, r reply) T {
	t.Helper()
	var out T
	if err := json.Unmarshal(r.body, &out); err != nil {
		t.Fatalf("read %.300s: %v", r.body, err)
	}
	return out
}

// do sends JSON, or no body if it is nil, or a string as it is.
func (c *client) do(t *testing.T, method, path string, body any) reply {
	t.Helper()
	r, err := c.try(t, method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// try is do for shells that may be gone.
func (c *client) try(t *testing.T, method, path string, body any) (reply, error) {
	t.Helper()
	var raw io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		raw = strings.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		raw = bytes.NewReader(encoded)
	}
	req := c.request(t, method, path, raw)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.send(t, req)
}

func (c *client) request(t *testing.T, method, path string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, c.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.key != "" {
		req.Header.Set("X-API-Key", c.key)
	}
	return req
}

// send sends a request and reads the response.
func (c *client) send(t *testing.T, req *http.Request) (reply, error) {
	t.Helper()
	res, err := c.http(t).Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, body}, err
}

// check: every response has a request id, and every error is a problem that names the same id.
func (r reply) check(t *testing.T, req *http.Request) {
	t.Helper()
	id := r.header.Get("X-Request-Id")
	if id == "" {
		t.Errorf("%s %s: no X-Request-Id", req.Method, req.URL.Path)
	}
	if r.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s %s = %d without the security headers", req.Method, req.URL.Path, r.status)
	}
	if r.status < 400 || req.URL.Path == "/readyz" {
		return
	}
	if r.status >= 500 {
		t.Errorf("%s %s = %d: %s", req.Method, req.URL.Path, r.status, r.body)
	}
	kind, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	if kind != "application/problem+json" {
		t.Errorf("%s %s = %d as %q, want a problem: %.300s", req.Method, req.URL.Path, r.status, kind, r.body)
		return
	}
	p := parse[problem](t, r)
	if p.Status != r.status || p.RequestID != id || p.Code == "" || p.Detail == "" || p.Title == "" || p.Instance != req.URL.Path {
		t.Errorf("%s %s = %d with the request id %s and the problem %s", req.Method, req.URL.Path, r.status, id, r.body)
	}
}
