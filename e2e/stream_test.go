package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// sse is one server-sent event.
type sse struct {
	id   string
	name string
	data json.RawMessage
}

// stream asks and hands the events to each as they come, until it returns false; then the client leaves.
func (l *library) stream(t *testing.T, question string, each func(e sse) bool) error {
	t.Helper()
	ctx, leave := context.WithTimeout(context.Background(), longest(t))
	defer leave()
	body, err := json.Marshal(map[string]any{"query": question})
	if err != nil {
		return err
	}
	req := l.request(t, "POST", l.path("/ask/stream"), strings.NewReader(string(body))).WithContext(ctx)
	req.Header.Set("Content-Type", "application/json")
	res, err := l.http(t).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
		return fmt.Errorf("stream = %d as %s", res.StatusCode, kind)
	}
	return readEvents(bufio.NewScanner(res.Body), each)
}

func readEvents(in *bufio.Scanner, each func(e sse) bool) error {
	in.Buffer(nil, 1<<20)
	var e sse
	for in.Scan() {
		switch line := in.Text(); {
		case line == "":
			if e.name != "" && !each(e) {
				return nil
			}
			e = sse{}
		case strings.HasPrefix(line, ":"), strings.HasPrefix(line, "retry: "):
		case strings.HasPrefix(line, "id: "):
			e.id = line[len("id: "):]
		case strings.HasPrefix(line, "event: "):
			e.name = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			e.data = json.RawMessage(line[len("data: "):])
		default:
			return fmt.Errorf("a stray line %q", line)
		}
	}
	return in.Err()
}

// streamed is an answer that came as a stream.
type streamed struct {
	order  []string // names of the events, repeated ones once
	tokens string
	answer string
	beside
}

// beside is what a stream tells beside the answer.
type beside struct {
	Sources []struct {
		DocumentID string `json:"document_id"`
		Content    string
		Marker     int
	}
	Citations []citation
	Evidence  bool
	Grounded  bool
}

func (l *library) streamAll(t *testing.T, question string) (streamed, error) {
	t.Helper()
	var out streamed
	err := l.stream(t, question, func(e sse) bool {
		if n := len(out.order); n == 0 || out.order[n-1] != e.name {
			out.order = append(out.order, e.name)
		}
		var err error
		switch e.name {
		case "token":
			var token struct{ Token string }
			err = json.Unmarshal(e.data, &token)
			out.tokens += token.Token
		case "done":
			var done struct{ Answer string }
			err = json.Unmarshal(e.data, &done)
			out.answer = done.Answer
		default:
			err = json.Unmarshal(e.data, &out.beside)
		}
		if err != nil {
			t.Errorf("event %s with %s: %v", e.name, e.data, err)
		}
		return true
	})
	return out, err
}

func TestAStreamTellsSourcesTokensCitationsAndDoneInThisOrder(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "stream")
	d := l.add(t, testdata(t, "visitors-en.md"))[0]
	s, err := l.streamAll(t, "How much does a lost badge cost?")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.order, " "); got != "sources token citations done" {
		t.Errorf("the events are %s", got)
	}
	if s.tokens != s.answer || !strings.Contains(s.answer, "12 pounds") || !s.Grounded || !s.Evidence {
		t.Errorf("the tokens are %q, the answer is %q", s.tokens, s.answer)
	}
	if len(s.Sources) == 0 || s.Sources[0].DocumentID != d.ID || s.Sources[0].Content == "" || s.Sources[0].Marker != 1 {
		t.Errorf("the sources are %+v", s.Sources)
	}
	l.checkCitations(t, answer{Answer: s.answer, Citations: s.Citations}, nil)
	if whole := l.ask(t, "How much does a lost badge cost?"); whole.Answer != s.answer {
		t.Errorf("ask says %q, the stream said %q", whole.Answer, s.answer)
	}
}

func TestAStreamWithoutEvidenceSaysSo(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "stream")
	l.add(t, testdata(t, "visitas-es.md"))
	s, err := l.streamAll(t, "¿Cuál es la capital de Mongolia?")
	if err != nil {
		t.Fatal(err)
	}
	if s.tokens != s.answer || s.Evidence || len(s.Citations) > 0 || !strings.HasPrefix(s.answer, noEvidence["es"]) {
		t.Errorf("the stream said %+v", s)
	}
}

func TestStreamsDoNotHoldEachOtherUpAndAClientMayLeave(t *testing.T) {
	t.Parallel()
	s := start(t)
	l := s.admin(t).library(t, "stream")
	l.add(t, testdata(t, "visitors-en.md"), testdata(t, "canteen-en.txt"))
	if err := l.stream(t, "Where do visitors park?", func(sse) bool { return false }); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for _, f := range []fact{{"Where do visitors park?", "bays 31 to 46", 0}, {"Who is the head cook?", "Philippa Drummond", 0}} {
		both.Go(func() {
			got, err := l.streamAll(t, f.question)
			if err != nil || !strings.Contains(flat(got.answer), flat(f.want)) {
				t.Errorf("%q = %q, %v, want %q", f.question, got.answer, err, f.want)
			}
		})
	}
	both.Wait()
	began := time.Now()
	s.stop(t)
	if took := time.Since(began); took > patience(20*time.Second) {
		t.Errorf("after a client had left, the shell took %v to stop", took)
	}
}

func TestAStreamThatMayNotBeginIsAProblem(t *testing.T) {
	t.Parallel()
	s := start(t)
	l := s.admin(t).library(t, "stream")
	p := refused(t, l.client, http.StatusUnprocessableEntity, "POST", l.path("/ask/stream"), map[string]any{"query": "  "})
	if f := p.fields(); len(f) != 1 || f[0] != "query" {
		t.Errorf("the problem is about %v, want query", f)
	}
	refused(t, s.anybody(), http.StatusUnauthorized, "POST", l.path("/ask/stream"), map[string]any{"query": "who?"})
}
