package openai_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/openai"
)

// key is what no error may show.
const key = "sk-the-operators-secret-key"

// server speaks the wire format. It answers each request with the next of its handlers, the last one again and again, and
// keeps what it was asked.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	handlers []http.HandlerFunc
	requests []*http.Request
	bodies   []request
}

// request is what a client may send.
type request struct {
	Model         string
	Input         []string
	Messages      []struct{ Role, Content string }
	Stream        bool
	StreamOptions map[string]bool `json:"stream_options"`
	MaxTokens     int             `json:"max_tokens"`
}

func serve(t *testing.T, handlers ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{handlers: handlers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body request
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Errorf("%s: %v", r.URL, err)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer "+key {
			t.Errorf("%s: Authorization: %q", r.URL, got)
		}
		s.next(r, body)(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) next(r *http.Request, body request) http.HandlerFunc {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.bodies = append(s.requests, r), append(s.bodies, body)
	h := s.handlers[0]
	if len(s.handlers) > 1 {
		s.handlers = s.handlers[1:]
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if h == nil {
			live(w, r, body)
			return
		}
		h(w, r)
	}
}

func (s *server) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *server) model() openai.Model {
	return openai.Model{BaseURL: s.URL + "/v1", Name: "test-model", Key: key}
}

func (s *server) embedder(t *testing.T, o *openai.Options) *openai.Embedder {
	t.Helper()
	e, err := openai.NewEmbedder(s.model(), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (s *server) generator(t *testing.T, o *openai.Options) *openai.Generator {
	t.Helper()
	g, err := openai.NewGenerator(s.model(), o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// live is a handler that answers as a working server does, given the request that it read.
func live(w http.ResponseWriter, r *http.Request, body request) {
	switch r.URL.Path {
	case "/v1/embeddings":
		liveEmbeddings(w, body)
	case "/v1/chat/completions":
		stream(liveAnswer(body)...)(w, r)
	default:
		http.NotFound(w, r)
	}
}

const dimension = 96

// bag is the vector of a text by its words, of any length but that of a unit.
func bag(s string) []float32 {
	v := make([]float32, dimension)
	v[0] = 0.1 // so that no text is without direction
	for _, word := range strings.Fields(strings.ToLower(s)) {
		h := fnv.New32()
		_, _ = h.Write([]byte(strings.Trim(word, ".,?!")))
		v[h.Sum32()%dimension]++
	}
	return v
}

// liveEmbeddings answers in an order of its own.
func liveEmbeddings(w http.ResponseWriter, body request) {
	data := []map[string]any{}
	for i := len(body.Input) - 1; i >= 0; i-- {
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": bag(body.Input[i])})
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": data, "model": body.Model})
}

// liveAnswer repeats the line after the first passage's fence, or the suite's first passage, and cites it.
func liveAnswer(body request) []string {
	prompt := body.Messages[len(body.Messages)-1].Content
	said := "I can't tell."
	if lines := strings.Split(prompt, "\n"); len(lines) > 1 {
		said = lines[1]
	}
	events := []string{piece("")}
	for _, word := range strings.SplitAfter(said+" [1]", " ") {
		events = append(events, piece(word))
	}
	return append(events, finish("stop"), usage(120, 7), "[DONE]")
}

func piece(text string) string {
	raw, _ := json.Marshal(text)
	return fmt.Sprintf(`{"id":"c1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":%s},"finish_reason":null}],"usage":null}`, raw)
}

func finish(reason string) string {
	return fmt.Sprintf(`{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":%q}]}`, reason)
}

func usage(in, out int) string {
	return fmt.Sprintf(`{"id":"c1","choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}}`, in, out, in+out)
}

// stream answers with events, each sent at once.
func stream(events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range events {
			fmt.Fprintf(w, "data: %s\n\n", e)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// answer answers with a body.
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

// cut sends events and then breaks the connection.
func cut(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, raw)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// stall sends events and then nothing until the client leaves, which it reports.
func stall(left chan<- time.Time, events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		stream(events...)(w, r)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		left <- time.Now()
	}
}

const (
	page  = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1>nginx</body></html>"
	typed = "application/json"
)
