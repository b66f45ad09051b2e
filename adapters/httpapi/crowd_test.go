package httpapi_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/openai"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/llm"
)

// modelServer is a server of a model that speaks slowly and never comes to an end, unless it is told to. It counts its calls.
type modelServer struct {
	*httptest.Server

	calls, running atomic.Int64
	end            chan struct{} // closed: answers end
}

// serveModel starts a model that says a word whenever a pause is over.
func serveModel(t *testing.T, pause time.Duration) *modelServer {
	t.Helper()
	m := &modelServer{end: make(chan struct{})}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.calls.Add(1)
		m.running.Add(1)
		defer m.running.Add(-1)
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see the client leave
		w.Header().Set("Content-Type", "text/event-stream")
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for i := 0; ; i++ {
			fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":\"word%d \"}}]}\n\n", i)
			if http.NewResponseController(w).Flush() != nil {
				return
			}
			select {
			case <-r.Context().Done():
				return
			case <-m.end:
				fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
				return
			case <-tick.C:
			}
		}
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *modelServer) generator(t *testing.T) llm.Generator {
	t.Helper()
	g, err := openai.NewGenerator(openai.Model{BaseURL: m.URL + "/v1", Name: "slow"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resilient.NewGenerator(g, &resilient.Options{Concurrency: 1000})
}

// answering is the model of a world; a test may put another in its place.
type answering struct{ llm.Generator }

// newAnsweringWorld is newWorld with another model, which answers from when the world is made.
func newAnsweringWorld(t *testing.T, g llm.Generator, o chat.Options, change ...func(*httpapi.Options)) *world {
	t.Helper()
	model := &answering{offline.NewGenerator()}
	w := worldWith(t, model, o, change...)
	w.people()
	model.Generator = g
	t.Cleanup(w.app.Close)
	return w
}

// stream is an answer that a client follows over a real connection.
type stream struct {
	events *bufio.Scanner
	leave  context.CancelFunc
	id     string // of the last event
}

// open asks, or comes back when there is an event to go on after.
func (w *world) open(url string, who credential, question, after string) (*stream, error) {
	ctx, leave := context.WithCancel(w.Context())
	body := strings.NewReader(fmt.Sprintf(`{"query":%q}`, question))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/workspaces/"+w.mine.workspace.String()+"/ask/stream", body)
	if err != nil {
		leave()
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(who.header, who.value)
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		leave()
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		defer leave()
		defer func() { _ = res.Body.Close() }()
		text, _ := io.ReadAll(res.Body) // whatever of it there is
		return nil, fmt.Errorf("%d %s", res.StatusCode, text)
	}
	return &stream{events: bufio.NewScanner(res.Body), leave: func() { leave(); _ = res.Body.Close() }}, nil
}

// next returns the name and data of the next event; empty at the end.
func (s *stream) next() (name, data string) {
	for s.events.Scan() {
		line := s.events.Text()
		switch {
		case strings.HasPrefix(line, "id: "):
			s.id = line[4:]
		case strings.HasPrefix(line, "event: "):
			name = line[7:]
		case strings.HasPrefix(line, "data: "):
			data = line[6:]
		case line == "" && name != "":
			return name, data
		}
	}
	return "", ""
}

// until reads up to an event of that name.
func (s *stream) until(want string) (data string) {
	for {
		name, data := s.next()
		if name == want || name == "" {
			return data
		}
	}
}

func (w *world) serve() string {
	w.Helper()
	server := httptest.NewServer(w.api.Handler())
	w.Cleanup(server.Close)
	return server.URL
}

// within waits for a number to come down to zero, however busy the machine, and says how long that took.
func (w *world) within(limit time.Duration, left func() int64) time.Duration {
	w.Helper()
	began := time.Now()
	for tick := time.NewTicker(5 * time.Millisecond); left() > 0; <-tick.C {
		if time.Since(began) > limit {
			w.Fatalf("after %v %d calls of the model still run", limit, left())
		}
	}
	return time.Since(began)
}

func TestWhoLosesTheConnectionGetsTheRestOfTheSameAnswer(t *testing.T) {
	t.Parallel()
	model := serveModel(t, 5*time.Millisecond)
	w := newAnsweringWorld(t, model.generator(t), chat.Options{ResumeWindow: time.Hour})
	url, who := w.serve(), w.as(w.member)
	first, err := w.open(url, who, "Where is the code of the vault?", "")
	w.must(err)
	var said strings.Builder
	first.until("sources")
	for range 3 {
		_, data := first.next()
		said.WriteString(data)
	}
	last := first.id
	first.leave()
	for name, c := range map[string]struct {
		who   credential
		after string
	}{
		"another user":    {w.as(w.owner), last},
		"another answer":  {who, "0192f0c1-5f7e-7cc5-9d35-5d2b1a8f9b10:1"},
		"what never was":  {who, last + "999999"},
		"nothing of ours": {who, "17"},
	} {
		if s, err := w.open(url, c.who, "Where is the code of the vault?", c.after); err == nil {
			s.leave()
			t.Errorf("%s was let in", name)
		}
	}
	second, err := w.open(url, who, "Where is the code of the vault?", last)
	w.must(err)
	defer second.leave()
	_, data := second.next()
	if !strings.Contains(data, "word3") || !strings.Contains(said.String(), "word2") {
		t.Errorf("after %s comes %s, want no word twice and none left out", said.String(), data)
	}
	close(model.end)
	if citations := second.until("citations"); !strings.Contains(citations, `"grounded":false`) {
		t.Errorf("the citations are %s", citations)
	}
	name, data := second.next()
	if name != "done" || !strings.Contains(data, "word0 word1 word2 word3") || !strings.Contains(data, `"conversation_id":"0`) {
		t.Errorf("the stream ends with %s %s", name, data)
	}
	if n := model.calls.Load(); n != 1 {
		t.Errorf("the model was called %d times, want once", n)
	}
}

// TestACrowdOfStreamsLeavesTheServerResponsive follows 200 answers of a slow model at once. What it prints with -v are the
// figures of this machine; what it asserts holds on a busy one, too.
func TestACrowdOfStreamsLeavesTheServerResponsive(t *testing.T) {
	const crowd = 200
	model := serveModel(t, 500*time.Millisecond)
	w := newAnsweringWorld(t, model.generator(t), chat.Options{})
	url, who := w.serve(), w.as(w.member)
	other := func() time.Duration {
		return median(50, func() { w.want(http.StatusOK, "GET", "/v1/workspaces/"+w.mine.workspace.String(), who, nil) })
	}
	before, idle := heap(), other()
	streams := make([]*stream, crowd)
	var all sync.WaitGroup
	for i := range streams {
		all.Go(func() {
			s, err := w.open(url, who, "Where is the code of the vault?", "")
			if err != nil {
				t.Error(err)
				return
			}
			streams[i] = s
			s.until("token")
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
	if n := model.running.Load(); n != crowd {
		t.Errorf("%d calls of the model run, want %d", n, crowd)
	}
	memory, busy := heap()-before, other()
	for _, s := range streams {
		s.leave()
	}
	took := w.within(time.Minute, model.running.Load)
	t.Logf("%d streams: another request takes %v, without them %v (%.1f times); %d KiB of memory a stream, both ends and the model's server included; "+
		"all calls of the model had ended %v after the clients left", crowd, busy, idle, float64(busy)/float64(idle), memory/crowd>>10, took)
	if busy > 20*idle+time.Second {
		t.Errorf("beside %d streams a request takes %v, without them %v", crowd, busy, idle)
	}
	if n := model.calls.Load(); n != crowd {
		t.Errorf("the model was called %d times, want %d", n, crowd)
	}
}

// median is the median time of some calls.
func median(n int, call func()) time.Duration {
	times := make([]time.Duration, n)
	for i := range times {
		began := time.Now()
		call()
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	return times[n/2]
}

// heap is the memory in use, stacks included.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse) //nolint:gosec // far from 2^63
}

func TestTheFirstByteComesBeforeTheModelAnswers(t *testing.T) {
	t.Parallel()
	asked, silent := make(chan struct{}), make(chan struct{})
	model := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see the client leave
		close(asked)
		<-r.Context().Done()
		close(silent)
	}))
	t.Cleanup(model.Close)
	m := &modelServer{Server: model}
	w := newAnsweringWorld(t, m.generator(t), chat.Options{ResumeWindow: -1})
	s, err := w.open(w.serve(), w.as(w.member), "Where is the code of the vault?", "")
	w.must(err)
	if name, data := s.next(); name != "sources" || !strings.Contains(data, "amaranth") {
		t.Errorf("the first event is %s %s", name, data)
	}
	<-asked // whoever leaves before that spares the call
	s.leave()
	<-silent // the call of a model that has said nothing yet ends, too
}
