package anthropic_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/anthropic"
)

// key is what no error may show.
const key = "sk-ant-the-operators-secret-key"

// server speaks the wire format. It answers each request with the next of its handlers, the last one again and again; nil answers
// as a working API does.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	handlers []http.HandlerFunc
	bodies   []request
}

// request is what a client may send.
type request struct {
	Model     string
	MaxTokens int `json:"max_tokens"`
	System    string
	Messages  []struct{ Role, Content string }
	Stream    bool
}

func serve(t *testing.T, handlers ...http.HandlerFunc) *server {
	t.Helper()
	s := &server{handlers: handlers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body request
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Errorf("%s: %v", r.URL, err)
		}
		if r.URL.Path != "/v1/messages" || r.Header.Get("X-Api-Key") != key || r.Header.Get("Anthropic-Version") == "" {
			t.Errorf("%s with %v", r.URL, r.Header)
		}
		s.next(body)(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) next(body request) http.HandlerFunc {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies = append(s.bodies, body)
	h := s.handlers[0]
	if len(s.handlers) > 1 {
		s.handlers = s.handlers[1:]
	}
	if h == nil {
		return stream(live(body)...)
	}
	return h
}

func (s *server) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bodies)
}

func (s *server) generator(t *testing.T) *anthropic.Generator {
	t.Helper()
	g, err := anthropic.NewGenerator(anthropic.Model{Name: "claude-test", Key: key}, &anthropic.Options{
		BaseURL: s.URL + "/v1", MaxBytes: 4096, Now: func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// live repeats the line after the first passage's fence, and cites it.
func live(body request) []string {
	said := "I can't tell."
	if lines := strings.Split(body.Messages[len(body.Messages)-1].Content, "\n"); len(lines) > 1 {
		said = lines[1]
	}
	events := []string{begin(120), `{"type":"ping"}`, block()}
	for _, word := range strings.SplitAfter(said+" [1]", " ") {
		events = append(events, delta(word))
	}
	return append(events, `{"type":"content_block_stop","index":0}`, finish("end_turn", 7), stop)
}

const stop = `{"type":"message_stop"}`

func begin(input int) string {
	return fmt.Sprintf(`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude-test","stop_reason":null,"usage":{"input_tokens":%d,"output_tokens":1}}}`, input)
}

func block() string {
	return `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
}

func delta(text string) string {
	raw, _ := json.Marshal(text)
	return fmt.Sprintf(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%s}}`, raw)
}

func finish(reason string, output int) string {
	return fmt.Sprintf(`{"type":"message_delta","delta":{"stop_reason":%q,"stop_sequence":null},"usage":{"output_tokens":%d}}`, reason, output)
}

func problem(kind, message string) string {
	return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q}}`, kind, message)
}

// stream answers with events, each named by its type and sent at once.
func stream(events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for _, e := range events {
			var kind struct{ Type string }
			_ = json.Unmarshal([]byte(e), &kind)
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", kind.Type, e)
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

// cut sends events and then breaks the connection.
func cut(events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		stream(events...)(w, r)
		panic(http.ErrAbortHandler)
	}
}

// stall sends events and then nothing until the client leaves, which it reports.
func stall(left chan<- struct{}, events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		stream(events...)(w, r)
		<-r.Context().Done()
		left <- struct{}{}
	}
}
