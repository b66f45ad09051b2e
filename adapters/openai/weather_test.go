package openai_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/openai"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// patient are options of a decorator whose waits are noted and not waited for.
func patient(waits *[]time.Duration) *resilient.Options {
	now := time.Now()
	return &resilient.Options{
		Attempts: 4, Chance: func() float64 { return 1 }, Now: func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) error {
			*waits, now = append(*waits, d), now.Add(d)
			return nil
		},
	}
}

func TestBadWeatherPasses(t *testing.T) {
	t.Parallel()
	limit := answer(429, typed, `{"error":{"message":"slow down"}}`, "Retry-After", "3")
	proxy := answer(502, "text/html", page)
	for _, c := range []struct {
		name     string
		handlers []http.HandlerFunc
		calls    int
		waits    []time.Duration
	}{
		{"a limit", []http.HandlerFunc{limit, nil}, 2, []time.Duration{3 * time.Second}},
		{"pages", []http.HandlerFunc{proxy, proxy, nil}, 3, []time.Duration{time.Second, 2 * time.Second}},
		{"both", []http.HandlerFunc{proxy, limit, nil}, 3, []time.Duration{time.Second, 3 * time.Second}},
		{"a connection that breaks", []http.HandlerFunc{cut(""), nil}, 2, []time.Duration{time.Second}},
		{"an empty answer", []http.HandlerFunc{stream("[DONE]"), nil}, 2, []time.Duration{time.Second}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, waits := serve(t, c.handlers...), []time.Duration(nil)
			text, _, err := say(t.Context(), resilient.NewGenerator(s.generator(t, nil), patient(&waits)), question())
			if err != nil || text != "I can't tell. [1]" || s.calls() != c.calls {
				t.Errorf("Generate = %q, %v after %d calls, want %d", text, err, s.calls(), c.calls)
			}
			if diff := cmp.Diff(c.waits, waits); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEmbeddingRepeatsTheRequestThatFailedAndNoOther(t *testing.T) {
	t.Parallel()
	s, waits := serve(t, nil, answer(429, typed, `{}`, "Retry-After", "3"), answer(500, "text/html", page), nil), []time.Duration(nil)
	e := resilient.NewEmbedder(s.embedder(t, &openai.Options{Batch: 2}), patient(&waits))
	vectors, err := e.Embed(t.Context(), llm.ForDocument, []string{"a", "b", "c", "d", "e"})
	if err != nil || len(vectors) != 5 || s.calls() != 5 {
		t.Errorf("Embed = %d vectors, %v after %d calls, want 5 after 5", len(vectors), err, s.calls())
	}
	want := resilient.Stats{Calls: 3, Answered: 3, Busy: 1, Unavailable: 1}
	if diff := cmp.Diff(want, e.Stats()); diff != "" {
		t.Errorf("Stats (-want +got):\n%s", diff)
	}
}

func TestAStalledStreamIsGivenUpAndTheServerToldSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		left := make(chan time.Time, 2)
		calls := 0
		client := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			calls++
			words := [][]string{{piece("")}, {piece("a"), piece("b")}}[calls-1]
			stall(left, words...)(w, r)
		})
		g, err := openai.NewGenerator(openai.Model{BaseURL: "http://model.example/v1", Name: "m"}, &openai.Options{HTTP: client})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		o := &resilient.Options{Timeout: 20 * time.Second, Chance: func() float64 { return 1 }}
		text, _, err := say(t.Context(), resilient.NewGenerator(g, o), question())
		if f := fault.Of(err); text != "ab" || f == nil || f.Reason != "provider_timeout" || calls != 2 {
			t.Errorf("Generate = %q, %v after %d calls, want ab, a timeout, 2", text, err, calls)
		}
		if first, second := (<-left).Sub(start), (<-left).Sub(start); first != 20*time.Second || second != 41*time.Second {
			t.Errorf("the server was left after %s and %s, want 20s and, a second later, 20s more", first, second)
		}
	})
}

// inMemory serves HTTP without a network, so that a bubble's clock can run ahead of everything.
func inMemory(t *testing.T, h http.HandlerFunc) *http.Client {
	t.Helper()
	conns := make(chan net.Conn)
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(pipes{conns}) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case conns <- far:
			return near, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return &http.Client{Transport: transport}
}

// pipes is a listener for the ends of pipes.
type pipes struct{ conns chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error {
	close(p.conns)
	return nil
}

func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func TestTheServerLearnsWithinASecondThatNobodyListens(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(t *testing.T, g llm.Generator){
		"breaking out": func(_ *testing.T, g llm.Generator) {
			for range g.Generate(context.Background(), question()) {
				break
			}
		},
		"an ended context": func(t *testing.T, g llm.Generator) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var last error
			for _, err := range g.Generate(ctx, question()) {
				cancel()
				last = err
			}
			if !errors.Is(last, context.Canceled) || fault.Of(last) != nil {
				t.Errorf("Generate: %v, want context.Canceled without a kind", last)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left := make(chan time.Time, 1)
			g := serve(t, stall(left, piece("a"))).generator(t, nil)
			leave(t, resilient.NewGenerator(g, nil))
			gone := time.Now()
			if late := (<-left).Sub(gone); late > time.Second {
				t.Errorf("the server learned it after %s", late)
			}
		})
	}
}

func TestAnEmbeddingThatIsNotWantedAnyMoreEnds(t *testing.T) {
	t.Parallel()
	left := make(chan time.Time, 1)
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel() // while the server is at work
		<-r.Context().Done()
		left <- time.Now()
	})
	if _, err := s.embedder(t, nil).Embed(ctx, llm.ForQuery, []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Embed: %v, want the context's error", err)
	}
	<-left
}
