package gemini_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/gemini"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// key is what no error and no address may show.
const key = "AIza-the-operators-secret-key"

const dimension = 96

type content struct {
	Role  string
	Parts []struct{ Text string }
}

// request is what a client may send.
type request struct {
	Requests []struct {
		Model                string
		Content              content
		TaskType             string
		OutputDimensionality int
	}
	SystemInstruction *content
	Contents          []content
	GenerationConfig  *struct{ MaxOutputTokens int }
}

// server speaks the wire format. It answers each request with the next of its handlers, the last one again and again; nil is
// an API that works.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	handlers []http.HandlerFunc
	paths    []string
	bodies   []request
}

func serve(t *testing.T, handlers ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{handlers: handlers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body request
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Errorf("%s: %v", r.URL, err)
		}
		if got := r.Header.Get("X-Goog-Api-Key"); got != key || strings.Contains(r.URL.String(), key) {
			t.Errorf("%s: the key is %q", r.URL, got)
		}
		if h := s.next(r, body); h != nil {
			h(w, r)
		} else {
			live(w, r, body)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) next(r *http.Request, body request) http.HandlerFunc {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paths, s.bodies = append(s.paths, r.URL.String()), append(s.bodies, body)
	h := s.handlers[0]
	if len(s.handlers) > 1 {
		s.handlers = s.handlers[1:]
	}
	return h
}

func (s *server) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.paths)
}

func (s *server) options() *gemini.Options {
	return &gemini.Options{BaseURL: s.URL + "/v1beta", Dimension: dimension, MaxBytes: 1 << 20}
}

func (s *server) embedder(t *testing.T, o *gemini.Options) *gemini.Embedder {
	t.Helper()
	e, err := gemini.NewEmbedder(gemini.Model{Name: "gemini-embedding-001", Key: key}, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (s *server) generator(t *testing.T) *gemini.Generator {
	t.Helper()
	g, err := gemini.NewGenerator(gemini.Model{Name: "models/gemini-2.5-flash", Key: key}, s.options())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func live(w http.ResponseWriter, r *http.Request, body request) {
	switch {
	case strings.HasSuffix(r.URL.Path, ":batchEmbedContents"):
		embeddings := []any{}
		for _, q := range body.Requests {
			embeddings = append(embeddings, map[string]any{"values": bag(q.Content.Parts[0].Text, q.OutputDimensionality)})
		}
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		_ = json.NewEncoder(w).Encode(map[string]any{"embeddings": embeddings})
	case strings.HasSuffix(r.URL.Path, ":streamGenerateContent") && r.URL.Query().Get("alt") == "sse":
		turns := body.Contents
		said := "I can't tell."
		if lines := strings.Split(turns[len(turns)-1].Parts[0].Text, "\n"); len(lines) > 1 {
			said = lines[1]
		}
		events := []string{`{"candidates":[{"content":{"parts":[{"text":"I think.","thought":true}],"role":"model"},"index":0}]}`}
		for _, word := range strings.SplitAfter(said, " ") {
			events = append(events, piece(word))
		}
		stream(append(events, last(" [1]", "STOP"))...)(w, r)
	default:
		http.NotFound(w, r)
	}
}

// bag is the vector of a text by its words, of any length but that of a unit.
func bag(s string, n int) []float32 {
	v := make([]float32, n)
	v[0] = 0.1 // so that no text is without direction
	for _, word := range strings.Fields(strings.ToLower(s)) {
		h := fnv.New32()
		_, _ = h.Write([]byte(strings.Trim(word, ".,?!")))
		v[int(h.Sum32())%n]++
	}
	return v
}

func piece(text string) string {
	raw, _ := json.Marshal(text)
	return fmt.Sprintf(`{"candidates":[{"content":{"parts":[{"text":%s}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9},"modelVersion":"m"}`, raw)
}

func last(text, reason string) string {
	raw, _ := json.Marshal(text)
	return fmt.Sprintf(`{"candidates":[{"content":{"parts":[{"text":%s}],"role":"model"},"finishReason":%q,"index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":4,"thoughtsTokenCount":3,"totalTokenCount":16}}`, raw, reason)
}

// stream answers with events, each sent at once.
func stream(events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range events {
			fmt.Fprintf(w, "data: %s\r\n\r\n", e)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

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

func refusal(code int, message, details string) string {
	return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":"X","details":[%s]}}`, code, message, details)
}

const (
	page  = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1>nginx</body></html>"
	typed = "application/json; charset=UTF-8"
)

func question() llm.Request {
	return llm.Request{MaxTokens: 50, Messages: []llm.Message{
		{Role: llm.RoleSystem, Text: "rules"},
		{Role: llm.RoleUser, Text: "one"},
		{Role: llm.RoleAssistant, Text: "two"},
		{Role: llm.RoleAssistant, Text: " "},
		{Role: llm.RoleUser, Text: "three\nfour"},
		{Role: llm.RoleSystem, Text: "more"},
	}}
}

func say(ctx context.Context, g llm.Generator, r llm.Request) (text string, used *llm.Usage, err error) {
	for p, err := range g.Generate(ctx, r) {
		if err != nil {
			return text, used, err
		}
		text += p.Text
		if p.Usage != nil {
			used = p.Usage
		}
	}
	return text, used, nil
}

func TestTheModelsKeepTheContract(t *testing.T) {
	t.Parallel()
	coretest.Embedder(t, func(t *testing.T) llm.Embedder {
		s := serve(t, nil)
		return s.embedder(t, s.options())
	}, coretest.Deterministic)
	coretest.Generator(t, func(t *testing.T) llm.Generator { return serve(t, nil).generator(t) }, coretest.Deterministic)
	coretest.Generator(t, func(t *testing.T) llm.Generator {
		return resilient.NewGenerator(serve(t, nil).generator(t), nil)
	}, coretest.Deterministic)
}

func TestTextsAreSentInBatchesWithTheirPurpose(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	o := s.options()
	o.Batch = 2
	e := s.embedder(t, o)
	if diff := cmp.Diff(llm.Space{Name: "gemini:gemini-embedding-001/96", Dimension: dimension}, e.Space()); diff != "" {
		t.Errorf("Space (-want +got):\n%s", diff)
	}
	for _, p := range []llm.Purpose{llm.ForDocument, llm.ForQuery} {
		if _, err := e.Embed(t.Context(), p, []string{"a", "b", "c"}); err != nil {
			t.Fatal(err)
		}
	}
	var sent []string
	for i, b := range s.bodies {
		for _, q := range b.Requests {
			sent = append(sent, fmt.Sprintf("%s %s %s %s %d", s.paths[i], q.Model, q.TaskType, q.Content.Parts[0].Text, q.OutputDimensionality))
		}
	}
	const path = "/v1beta/models/gemini-embedding-001:batchEmbedContents models/gemini-embedding-001 RETRIEVAL_"
	want := []string{
		path + "DOCUMENT a 96", path + "DOCUMENT b 96", path + "DOCUMENT c 96", path + "QUERY a 96", path + "QUERY b 96", path + "QUERY c 96",
	}
	if diff := cmp.Diff(want, sent); diff != "" || s.calls() != 4 {
		t.Errorf("%d calls; texts (-want +got):\n%s", s.calls(), diff)
	}
}

func TestAPromptIsSentAsInstructionAndTurns(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	g := s.generator(t)
	text, used, err := say(t.Context(), g, question())
	if err != nil || text != "four [1]" || g.Model() != "gemini:gemini-2.5-flash" {
		t.Errorf("%s: Generate = %q, %v", g.Model(), text, err)
	}
	if diff := cmp.Diff(&llm.Usage{InputTokens: 9, OutputTokens: 7}, used); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	turn := func(role string, texts ...string) content {
		c := content{Role: role}
		for _, s := range texts {
			c.Parts = append(c.Parts, struct{ Text string }{s})
		}
		return c
	}
	system := turn("", "rules", "more")
	want := request{
		SystemInstruction: &system, GenerationConfig: &struct{ MaxOutputTokens int }{50},
		Contents: []content{turn("user", "one"), turn("model", "two"), turn("user", "three\nfour")},
	}
	if diff := cmp.Diff(want, s.bodies[0]); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

// failure is a way in which the API may go wrong, and the error that it should become.
type failure struct {
	name    string
	handler http.HandlerFunc
	kind    fault.Kind // empty for none
	reason  string
	after   time.Duration
	says    string // in the error's text
}

// failures are those that both models share.
func failures() []failure {
	const wrongKey = `{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}`
	const wait = `{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}`
	return []failure{
		{"a wrong key", answer(400, typed, refusal(400, "API key not valid: "+key, wrongKey)), fault.Unavailable, "provider_auth", 0, "key"},
		{"a key without the right", answer(403, typed, refusal(403, "denied", "")), fault.Unavailable, "provider_auth", 0, "403"},
		{"a wrong request", answer(400, typed, refusal(400, "bad "+key, "")), "", "", 0, "bad (hidden)"},
		{"an unknown model", answer(404, typed, refusal(404, "no such model", "")), "", "", 0, "no such model"},
		{"too many requests", answer(429, typed, refusal(429, "quota", wait)), fault.Busy, "provider_busy", 34500 * time.Millisecond, "quota"},
		{"too many requests, with a header", answer(429, typed, refusal(429, "quota", ""), "Retry-After", "7"), fault.Busy, "provider_busy", 7 * time.Second, "429"},
		{"overload", answer(503, typed, refusal(503, "overloaded", "")), fault.Unavailable, "provider_error", 0, "overloaded"},
		{"a page", answer(500, "text/html", page), fault.Unavailable, "provider_error", 0, "500"},
		{"a page in place of an answer", answer(200, "text/html", page), fault.Unavailable, "provider_protocol", 0, "text/html"},
		{"an aborted answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fault.Unavailable, "provider_unreachable", 0, "EOF"},
	}
}

func (f failure) check(t *testing.T, s *server, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	if got := fault.Of(err); f.kind == "" && got != nil || f.kind != "" && (got == nil || got.Kind != f.kind || got.Reason != f.reason || got.RetryAfter != f.after) {
		t.Errorf("error = %#v, want %s because of %q after %s", got, f.kind, f.reason, f.after)
	}
	if got := fault.Of(err); got != nil && strings.Contains(got.Text, f.says) {
		t.Errorf("users read %q", got.Text)
	}
	if text := fmt.Sprintf("%v %+v", err, err); !strings.Contains(text, f.says) || strings.Contains(text, key) || strings.Contains(text, "nginx") {
		t.Errorf("error = %v, want %q, no key, no page", err, f.says)
	}
	if n := s.calls(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

func TestEveryFailureOfEmbeddingBecomesTheRightError(t *testing.T) {
	t.Parallel()
	const broken = "provider_protocol"
	for _, f := range append(failures(), []failure{
		{"too few vectors", answer(200, typed, `{"embeddings":[{"values":[1,2]}]}`), fault.Unavailable, broken, 0, "1 vectors for 2"},
		{"another dimension", answer(200, typed, `{"embeddings":[{"values":[1,2]},{"values":[1,2,3]}]}`), fault.Unavailable, "space_dimension", 0, "3 numbers, not of 2"},
		{"zeros", answer(200, typed, `{"embeddings":[{"values":[0,0]},{"values":[1,2]}]}`), fault.Unavailable, broken, 0, "direction"},
		{"half an answer", answer(200, typed, `{"embed`), fault.Unavailable, broken, 0, "unexpected end"},
		{"a huge answer", answer(200, typed, `{"x":"`+strings.Repeat("x", 1<<20)+`"}`), fault.Unavailable, broken, 0, "too long"},
	}...) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, f.handler)
			o := s.options()
			o.Dimension = 2
			_, err := s.embedder(t, o).Embed(t.Context(), llm.ForDocument, []string{"a", "b"})
			f.check(t, s, err)
		})
	}
}

func TestEveryFailureOfAnsweringBecomesTheRightError(t *testing.T) {
	t.Parallel()
	const broken = "provider_protocol"
	for _, f := range append(failures(), []failure{
		{"a blocked question", stream(`{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{}}`), fault.Invalid, "blocked", 0, "PROHIBITED"},
		{"a blocked answer", stream(piece("a"), last("", "SAFETY")), fault.Invalid, "blocked", 0, "SAFETY"},
		{"an odd end", stream(piece("a"), last("", "OTHER")), fault.Unavailable, broken, 0, "OTHER"},
		{"a closed connection", stream(piece("a")), fault.Unavailable, broken, 0, "cut off"},
		{"no candidates", stream(`{"candidates":[]}`), fault.Unavailable, broken, 0, "cut off"},
		{"a closed connection in the middle", stream(piece("a"), `{"cand`), fault.Unavailable, broken, 0, "unexpected end"},
		{"an error inside", stream(piece("a"), refusal(503, "overloaded", "")), fault.Unavailable, "provider_error", 0, "overloaded"},
	}...) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, f.handler)
			_, _, err := say(t.Context(), s.generator(t), question())
			f.check(t, s, err)
		})
	}
}

func TestALimitPassesAndOneMoreCallSucceeds(t *testing.T) {
	t.Parallel()
	s := serve(t, answer(429, typed, refusal(429, "quota", `{"retryDelay":"4s"}`)), answer(500, "text/html", page), nil)
	now, waits := time.Now(), []time.Duration(nil)
	g := resilient.NewGenerator(s.generator(t), &resilient.Options{
		Chance: func() float64 { return 1 }, Now: func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) error {
			waits, now = append(waits, d), now.Add(d)
			return nil
		},
	})
	text, _, err := say(t.Context(), g, question())
	if err != nil || text != "four [1]" || s.calls() != 3 {
		t.Errorf("Generate = %q, %v after %d calls, want 3", text, err, s.calls())
	}
	if diff := cmp.Diff([]time.Duration{4 * time.Second, 2 * time.Second}, waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

func TestTheAPILearnsWithinASecondThatNobodyListens(t *testing.T) {
	t.Parallel()
	left := make(chan time.Time, 1)
	g := serve(t, func(w http.ResponseWriter, r *http.Request) {
		stream(piece("a"))(w, r)
		<-r.Context().Done()
		left <- time.Now()
	}).generator(t)
	for range g.Generate(t.Context(), question()) {
		break
	}
	gone := time.Now()
	if late := (<-left).Sub(gone); late > time.Second {
		t.Errorf("the API learned it after %s", late)
	}
}

func TestModelsWithoutNameOrKeyAreRefused(t *testing.T) {
	t.Parallel()
	for _, m := range []gemini.Model{{Name: "m"}, {Key: key}, {Name: "models/", Key: key}, {Name: "m", Key: " \n"}} {
		_, err := gemini.NewEmbedder(m, nil)
		_, genErr := gemini.NewGenerator(m, nil)
		if !errors.Is(err, fault.Invalid) || !errors.Is(genErr, fault.Invalid) || strings.Contains(err.Error(), key) {
			t.Errorf("a model named %q: %v, %v, want invalid", m.Name, err, genErr)
		}
	}
}

func TestAnAnswerThatMustNotBeLongerIsSaidToBeCut(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"MAX_TOKENS":   stream(piece("a"), last("b", "MAX_TOKENS")),
		"all was said": stream(piece("a"), last("b", "STOP")),
	} {
		var text string
		var end llm.Piece
		for p, err := range serve(t, handler).generator(t).Generate(t.Context(), question()) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			text, end = text+p.Text, p
		}
		if want := name != "all was said"; text != "ab" || end.Cut != want {
			t.Errorf("%s: %q, cut %v", name, text, end.Cut)
		}
	}
}
