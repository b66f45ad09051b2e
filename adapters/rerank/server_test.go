package rerank_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/rerank"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// key is what no error may show.
const key = "the-operators-secret-key"

// server speaks a dialect. It answers each request with the next of its handlers, and when there are none left as a working server.
type server struct {
	*httptest.Server
	dialect rerank.Dialect

	mu       sync.Mutex
	handlers []http.HandlerFunc
	requests []map[string]any
}

func serve(t *testing.T, d rerank.Dialect, handlers ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{dialect: d, handlers: handlers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Errorf("%s: %v", r.URL, err)
		}
		if r.URL.Path != "/v9/rerank" || r.Header.Get("Authorization") != "Bearer "+key {
			t.Errorf("%s with %q", r.URL, r.Header.Get("Authorization"))
		}
		s.mu.Lock()
		s.requests = append(s.requests, body)
		h := s.live(body)
		if len(s.handlers) > 0 {
			h, s.handlers = s.handlers[0], s.handlers[1:]
		}
		s.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *server) open(t *testing.T) *rerank.Server {
	t.Helper()
	r, err := rerank.NewServer(rerank.Model{Dialect: s.dialect, BaseURL: s.URL + "/v9", Name: "m", Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// live answers as the servers do: best first, and TEI takes no more than 32 texts.
func (s *server) live(body map[string]any) http.HandlerFunc {
	texts, _ := body["documents"].([]any)
	if s.dialect == rerank.TEI {
		texts, _ = body["texts"].([]any)
	}
	query, _ := body["query"].(string)
	field := map[rerank.Dialect]string{rerank.TEI: "score"}[s.dialect]
	if field == "" {
		field = "relevance_score"
	}
	list := []map[string]any{}
	for i, text := range texts {
		score := -9.5 // as the logits of some models
		for _, word := range strings.Fields(strings.Trim(query, "?")) {
			if strings.Contains(strings.ToLower(fmt.Sprint(text)), word) {
				score += 4
			}
		}
		list = append(list, map[string]any{"index": i, field: score, "document": map[string]any{"text": text}})
	}
	slices.SortStableFunc(list, func(a, b map[string]any) int {
		x, _ := a[field].(float64)
		y, _ := b[field].(float64)
		return int(y - x)
	})
	var out any = map[string]any{"id": "1", "results": list, "meta": map[string]any{}}
	if s.dialect == rerank.TEI {
		out = list
	}
	raw, _ := json.Marshal(out)
	if s.dialect == rerank.TEI && len(texts) > 32 {
		return answer(http.StatusRequestEntityTooLarge, typed, `{"error":"batch size > maximum allowed batch size 32","error_type":"Validation"}`)
	}
	return answer(http.StatusOK, typed, string(raw))
}

const (
	typed = "application/json"
	page  = "<!DOCTYPE html><html><body><h1>500 Internal Server Error</h1>nginx</body></html>"
)

func answer(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func candidates() []llm.Candidate {
	return []llm.Candidate{{Text: "The canteen."}, {Title: "Travel  desk", Headings: []string{"Trains"}, Text: "Who books?"}, {Title: "-", Text: "trains"}}
}

func TestServersKeepTheContract(t *testing.T) {
	t.Parallel()
	for _, d := range []rerank.Dialect{rerank.Cohere, rerank.Jina, rerank.TEI} {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			coretest.Reranker(t, func(t *testing.T) llm.Reranker {
				return resilient.NewReranker(serve(t, d).open(t), nil)
			}, coretest.Deterministic)
		})
	}
}

func TestRequestsAreThoseOfTheDialect(t *testing.T) {
	t.Parallel()
	texts := []any{"The canteen.", "Travel desk\nTrains\nWho books?", "trains"}
	for d, want := range map[rerank.Dialect]map[string]any{
		rerank.Cohere: {"model": "m", "query": "trains", "documents": texts},
		rerank.Jina:   {"model": "m", "query": "trains", "documents": texts, "return_documents": false},
		rerank.TEI:    {"query": "trains", "texts": texts, "truncate": true},
	} {
		s := serve(t, d)
		scores, err := s.open(t).Rerank(t.Context(), "trains", candidates())
		if diff := cmp.Diff([]float64{-9.5, -5.5, -5.5}, scores); diff != "" || err != nil {
			t.Errorf("%s: scores (-want +got):\n%s%v", d, diff, err)
		}
		if diff := cmp.Diff([]map[string]any{want}, s.requests); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", d, diff)
		}
	}
}

func TestWhatServersDoWrongIsToldApart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    error
		reason  string
	}{
		"a limit":           {answer(429, typed, `{"message":"trial key"}`, "Retry-After", "7"), fault.Busy, "provider_busy"},
		"a page":            {answer(500, "text/html", page), fault.Unavailable, "provider_error"},
		"a wrong key":       {answer(401, typed, `{"message":"invalid api token `+key+`"}`), fault.Unavailable, "provider_auth"},
		"too few results":   {answer(200, typed, `{"results":[{"index":0,"relevance_score":1}]}`), fault.Unavailable, "provider_protocol"},
		"a result twice":    {answer(200, typed, `[{"index":0,"score":1},{"index":0,"score":2},{"index":2,"score":2}]`), fault.Unavailable, "provider_protocol"},
		"a result too far":  {answer(200, typed, `[{"index":0,"score":1},{"index":3,"score":2},{"index":2,"score":2}]`), fault.Unavailable, "provider_protocol"},
		"no index":          {answer(200, typed, `[{"score":1},{"index":1,"score":2},{"index":2,"score":2}]`), fault.Unavailable, "provider_protocol"},
		"no score":          {answer(200, typed, `[{"index":0,"score":null},{"index":1,"score":2},{"index":2,"score":2}]`), fault.Unavailable, "provider_protocol"},
		"no JSON":           {answer(200, typed, `{"results":`), fault.Unavailable, "provider_protocol"},
		"another type":      {answer(200, "text/html", page), fault.Unavailable, "provider_protocol"},
		"a wrong request":   {answer(422, typed, `{"detail":"no such model"}`), nil, ""},
		"something else":    {answer(200, typed, `{"data":[]}`), fault.Unavailable, "provider_protocol"},
		"a redirect":        {answer(302, typed, `{}`, "Location", "http://elsewhere.example/"), nil, ""},
		"too much to be it": {answer(200, typed, `{"results":"`+strings.Repeat("x", 5<<20)+`"}`), fault.Unavailable, "provider_protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, rerank.Cohere, c.handler)
			_, err := s.open(t).Rerank(t.Context(), "trains", candidates())
			f := fault.Of(err)
			if err == nil || strings.Contains(err.Error(), key) || s.calls() != 1 {
				t.Fatalf("Rerank: %v after %d calls", err, s.calls())
			}
			if c.kind == nil && f != nil || c.kind != nil && (!errors.Is(err, c.kind) || f.Reason != c.reason) {
				t.Errorf("Rerank: %v, want %v because of %s", err, c.kind, c.reason)
			}
			if name == "a limit" && f.RetryAfter != 7*time.Second {
				t.Errorf("to be tried again after %s", f.RetryAfter)
			}
		})
	}
}

func TestOnlyTheRequestThatFailedIsRepeated(t *testing.T) {
	t.Parallel()
	ok := serve(t, rerank.TEI)
	many := make([]llm.Candidate, 70) // three requests
	for i := range many {
		many[i].Text = fmt.Sprint("text ", i)
	}
	many[69].Text = "trains"
	want, err := ok.open(t).Rerank(t.Context(), "trains", many)
	if err != nil || ok.calls() != 3 {
		t.Fatalf("%v after %d calls, want 3", err, ok.calls())
	}
	var waits []time.Duration
	now := time.Now()
	o := &resilient.Options{Chance: func() float64 { return 1 }, Now: func() time.Time { return now }, Sleep: func(_ context.Context, d time.Duration) error {
		waits, now = append(waits, d), now.Add(d)
		return nil
	}}
	s := serve(t, rerank.TEI, answer(429, typed, `{"error":"Model is overloaded"}`, "Retry-After", "3"), answer(500, "text/html", page))
	r := resilient.NewReranker(s.open(t), o)
	got, err := r.Rerank(t.Context(), "trains", many)
	if diff := cmp.Diff(want, got); diff != "" || err != nil || s.calls() != 5 {
		t.Errorf("%v after %d calls, want 5; scores (-want +got):\n%s", err, s.calls(), diff)
	}
	if diff := cmp.Diff([]time.Duration{3 * time.Second, 2 * time.Second}, waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(resilient.Stats{Calls: 3, Answered: 3, Busy: 1, Unavailable: 1}, r.Stats()); diff != "" {
		t.Errorf("Stats (-want +got):\n%s", diff)
	}
}

func TestWrongServersAreRefused(t *testing.T) {
	t.Parallel()
	for _, m := range []rerank.Model{
		{Dialect: "x", BaseURL: "http://h", Name: "m"}, {Dialect: rerank.Cohere, BaseURL: "http://h"}, {Dialect: rerank.TEI, BaseURL: "h:80?k=" + key},
	} {
		if _, err := rerank.NewServer(m, nil); !errors.Is(err, fault.Invalid) || strings.Contains(err.Error(), key) {
			t.Errorf("a model of %+v: %v, want invalid", m, err)
		}
	}
}
