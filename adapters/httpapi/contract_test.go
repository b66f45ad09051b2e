package httpapi_test

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

// contract holds a response to the OpenAPI document: that it may have this status, this content type and this body; and to
// what is true of all responses. Every response of every test in this package passes here.
func (w *world) contract(req *http.Request, r reply) {
	w.Helper()
	where := req.Method + " " + req.URL.Path + " = " + strconv.Itoa(r.status)
	if r.header.Get("X-Request-Id") == "" || r.header.Get("X-Content-Type-Options") != "nosniff" {
		w.Errorf("%s without request id or security headers", where)
	}
	kind, _, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	if err != nil && r.body != "" {
		w.Errorf("%s has the content type %q: %v", where, r.header.Get("Content-Type"), err)
	}
	if r.status >= 400 && req.URL.Path != "/readyz" {
		w.isProblem(where, req, kind, r)
	}
	op := w.operation(req.Method, req.URL.EscapedPath())
	if op == nil {
		if !slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests}, r.status) {
			w.Errorf("%s, and the document knows no such operation", where)
		}
		return
	}
	described := w.described(op, strconv.Itoa(r.status))
	if described == nil {
		w.Errorf("%s, which the document doesn't mention: %s", where, r.body)
		return
	}
	media := described.Content[kind]
	if media == nil {
		media = described.Content["*/*"]
	}
	if media == nil {
		w.Errorf("%s as %q, which the document doesn't mention", where, kind)
		return
	}
	switch kind {
	case "application/json", "application/problem+json":
		w.matches(where, media.Schema, r.body)
	case "application/x-ndjson":
		w.matches(where, media.Schema, "["+strings.Join(strings.FieldsFunc(r.body, func(c rune) bool { return c == '\n' }), ",")+"]")
	case "text/event-stream":
		w.matches(where, media.Schema, "["+strings.Join(eventsOf(r.body), ",")+"]")
	}
}

// eventsOf reads server-sent events as the document describes them: as objects of their fields. The data of some is no JSON.
func eventsOf(stream string) (out []string) {
	for event := range strings.SplitSeq(stream, "\n\n") {
		var fields []string
		for line := range strings.Lines(event) {
			name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			if !ok || name == "" || name == "retry" { // a comment
				continue
			}
			if name != "data" || !json.Valid([]byte(value)) {
				value = strconv.Quote(value)
			}
			fields = append(fields, strconv.Quote(name)+":"+value)
		}
		if len(fields) > 0 {
			out = append(out, "{"+strings.Join(fields, ",")+"}")
		}
	}
	return out
}

// described is what the document says of a response; nil when it says nothing.
func (w *world) described(op *huma.Operation, status string) *huma.Response {
	r := op.Responses[status]
	if r == nil || r.Ref == "" {
		return r
	}
	return w.api.OpenAPI().Components.Responses[strings.TrimPrefix(r.Ref, "#/components/responses/")]
}

// matches checks JSON against a schema; members that the schema doesn't know are as wrong as those that it misses.
func (w *world) matches(where string, schema *huma.Schema, body string) {
	w.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		w.Errorf("%s: the body is no JSON: %v: %.200s", where, err, body)
		return
	}
	var found huma.ValidateResult
	path := huma.NewPathBuffer([]byte("body"), 0)
	huma.Validate(w.api.OpenAPI().Components.Schemas, schema, path, huma.ModeReadFromServer, v, &found)
	for _, err := range found.Errors {
		w.Errorf("%s differs from its schema: %v: %.500s", where, err, body)
	}
}

func (w *world) isProblem(where string, req *http.Request, kind string, r reply) {
	w.Helper()
	if kind != "application/problem+json" {
		w.Errorf("%s as %q, want a problem: %.200s", where, kind, r.body)
		return
	}
	var p httpapi.Problem
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		w.Errorf("%s: %v", where, err)
		return
	}
	if p.Status != r.status || p.RequestID != r.header.Get("X-Request-Id") || p.Instance != string([]rune(req.URL.Path)) || p.Code == "" ||
		p.Detail == "" || p.Title == "" || !strings.HasPrefix(p.Type, "about:blank/") {
		w.Errorf("%s with the problem %s", where, r.body)
	}
	if len(p.Errors) == 0 || p.Errors[len(p.Errors)-1].RequestID != p.RequestID {
		w.Errorf("%s: the last of its errors doesn't carry the request id: %s", where, r.body)
	}
}

// operation finds the operation that a request is for, the one with the most literal path first.
func (w *world) operation(method, path string) *huma.Operation {
	var best *huma.Operation
	literal := -1
	for template, item := range w.api.OpenAPI().Paths {
		if n := match(template, path); n > literal {
			if op := operations(item)[method]; op != nil {
				best, literal = op, n
			}
		}
	}
	return best
}

func operations(item *huma.PathItem) map[string]*huma.Operation {
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch,
		http.MethodDelete: item.Delete,
	}
}

// match counts the literal segments of a template that a path fits, or returns -1.
func match(template, path string) int {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return -1
	}
	n := 0
	for i, segment := range want {
		switch {
		case strings.HasPrefix(segment, "{"):
		case segment == have[i]:
			n++
		default:
			return -1
		}
	}
	return n
}
