package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// checked is the only way to the API: what comes back is held to what is true of all responses, and to the OpenAPI document.
// Of a response that isn't read to its end only the beginning can be.
type checked struct {
	t *testing.T
	c *client
}

// http is direct, checked. It follows no redirect.
func (c *client) http(t *testing.T) *http.Client {
	t.Helper()
	return &http.Client{
		Transport: checked{t, c}, Timeout: direct.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// RoundTrip implements http.RoundTripper.
func (h checked) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := direct.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = &held{checked: h, body: res.Body, req: req, head: reply{status: res.StatusCode, header: res.Header}}
	return res, nil
}

// held is a body that is kept while it is read, and checked when that ends.
type held struct {
	checked
	body  io.ReadCloser
	req   *http.Request
	head  reply
	kept  bytes.Buffer
	whole bool
}

// Read implements io.Reader.
func (b *held) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.kept.Write(p[:n])
	b.whole = b.whole || errors.Is(err, io.EOF)
	return n, err
}

// Close implements io.Closer.
func (b *held) Close() error {
	b.t.Helper()
	r := b.head
	r.body = b.kept.Bytes()
	if b.whole && (!b.c.rough || r.status != http.StatusServiceUnavailable) {
		r.check(b.t, b.req)
	}
	if d := b.c.contract(b.t); d != nil {
		d.hold(b.t, b.req, r, b.whole)
	}
	return b.body.Close()
}

// value is a body as the document describes it: JSON as it is, streams as the lists of what comes in them. ok is false when there
// is nothing to compare.
func value(kind string, body []byte) (v []byte, ok bool) {
	switch kind {
	case "application/json", "application/problem+json":
		return body, true
	case "application/x-ndjson":
		return []byte("[" + strings.Join(strings.FieldsFunc(string(body), func(c rune) bool { return c == '\n' }), ",") + "]"), true
	case "text/event-stream":
		events := []map[string]any{}
		for event := range strings.SplitAfterSeq(string(body), "\n\n") {
			if fields := fieldsOf(event); len(fields) > 0 && strings.HasSuffix(event, "\n\n") {
				events = append(events, fields)
			}
		}
		v, err := json.Marshal(events)
		return v, err == nil
	}
	return nil, false
}

// fieldsOf is a server-sent event as an object of its fields; comments and hints about reconnecting are none.
func fieldsOf(event string) map[string]any {
	fields := map[string]any{}
	for line := range strings.Lines(strings.TrimSuffix(event, "\n")) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case !ok || name == "" || name == "retry":
		case name == "data" && json.Valid([]byte(value)):
			fields[name] = json.RawMessage(value)
		default:
			fields[name] = value
		}
	}
	return fields
}
