package anthropic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/anthropic"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

func TestTheModelKeepsTheContract(t *testing.T) {
	t.Parallel()
	coretest.Generator(t, func(t *testing.T) llm.Generator { return serve(t, nil).generator(t) }, coretest.Deterministic)
}

func TestAPromptIsSentAsMessages(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	text, used, err := say(t.Context(), s.generator(t), llm.Request{MaxTokens: 50, Messages: []llm.Message{
		{Role: llm.RoleSystem, Text: "rules"},
		{Role: llm.RoleSystem, Text: "more"},
		{Role: llm.RoleAssistant, Text: "Hello!"},
		{Role: llm.RoleUser, Text: "Hi"},
		{Role: llm.RoleAssistant, Text: "  "},
		{Role: llm.RoleUser, Text: "first\nSecond line."},
	}})
	if err != nil || text != "Second line. [1]" {
		t.Errorf("Generate = %q, %v", text, err)
	}
	if diff := cmp.Diff(&llm.Usage{InputTokens: 120, OutputTokens: 7}, used); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	want := request{
		Model: "claude-test", MaxTokens: 50, System: "rules\n\nmore", Stream: true,
		Messages: []struct{ Role, Content string }{{"user", "Hi"}, {"user", "first\nSecond line."}},
	}
	if diff := cmp.Diff(want, s.bodies[0]); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if _, _, err := say(t.Context(), s.generator(t), question()); err != nil || s.bodies[1].MaxTokens != 4096 {
		t.Errorf("without a limit: %d tokens, %v", s.bodies[1].MaxTokens, err)
	}
}

func TestTheAPIIsToldToRememberWhatComesAgain(t *testing.T) {
	t.Parallel()
	var sent struct {
		Messages []struct{ Content json.RawMessage }
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		stream(begin(3), block(), delta("yes"), finish("end_turn", 1), stop)(w, r)
	}))
	t.Cleanup(s.Close)
	for _, c := range []struct {
		m    llm.Message
		want string
	}{
		{
			llm.Message{Text: "the document, the chunk", Shared: 13},
			`[{"type":"text","text":"the document,","cache_control":{"type":"ephemeral"}},{"type":"text","text":" the chunk"}]`,
		},
		{llm.Message{Text: "the document", Shared: 12}, `"the document"`},
		{llm.Message{Text: "  the chunk", Shared: 2}, `"  the chunk"`},
	} {
		c.m.Role = llm.RoleUser
		if _, _, err := say(t.Context(), (&server{Server: s}).generator(t), llm.Request{Messages: []llm.Message{c.m}}); err != nil {
			t.Fatal(err)
		}
		if got := string(sent.Messages[0].Content); got != c.want {
			t.Errorf("%+v was sent as %s, want %s", c.m, got, c.want)
		}
	}
}

// failure is a way in which one call fails, and what must come of it.
type failure struct {
	name    string
	handler http.HandlerFunc
	kind    fault.Kind
	reason  string
	after   time.Duration
	says    string
}

const (
	page  = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1>nginx</body></html>"
	typed = "application/json"
)

func TestEveryFailureBecomesTheRightError(t *testing.T) {
	t.Parallel()
	const broken, failed = "provider_protocol", "provider_error"
	for _, f := range []failure{
		{"a wrong key", answer(401, typed, problem("authentication_error", "invalid "+key)), fault.Unavailable, "provider_auth", 0, "401"},
		{"no money", answer(402, typed, problem("billing_error", "pay")), fault.Unavailable, "provider_auth", 0, "402"},
		{"no such model", answer(404, typed, problem("not_found_error", "model: x")), "", "", 0, "model: x"},
		{"a wrong request", answer(400, typed, problem("invalid_request_error", "too "+key+" long")), "", "", 0, "too (hidden) long"},
		{"too many requests", answer(429, typed, problem("rate_limit_error", "slow down"), "Retry-After", "7"), fault.Busy, "provider_busy", 7 * time.Second, "slow down"},
		{"overload", answer(529, typed, problem("overloaded_error", "Overloaded")), fault.Unavailable, failed, 0, "Overloaded"},
		{"a page", answer(500, "text/html", page), fault.Unavailable, failed, 0, "500"},
		{"a page in place of an answer", answer(200, "text/html", page), fault.Unavailable, broken, 0, "text/html"},
		{"an answer that is no stream", answer(200, typed, `{"content":[]}`), fault.Unavailable, broken, 0, "application/json"},
		{"an aborted answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fault.Unavailable, "provider_unreachable", 0, "EOF"},
		{"a broken connection", cut(begin(1), block(), delta("a")), fault.Unavailable, "provider_unreachable", 0, "EOF"},
		{"a closed connection", stream(begin(1), block(), delta("a")), fault.Unavailable, broken, 0, "cut off"},
		{"a broken event", stream(begin(1), `{"type":`), fault.Unavailable, broken, 0, "unexpected end"},
		{"no content", stream(begin(1), finish("end_turn", 0), stop), fault.Unavailable, broken, 0, "no content"},
		{"nothing", stream(), fault.Unavailable, broken, 0, "cut off"},
		{"a refusal", stream(begin(1), block(), delta("a"), finish("refusal", 1), stop), fault.Invalid, "blocked", 0, "refusal"},
		{"overload inside", stream(begin(1), problem("overloaded_error", "Overloaded")), fault.Unavailable, failed, 0, "Overloaded"},
		{"a limit inside", stream(problem("rate_limit_error", "slow")), fault.Busy, "provider_busy", 0, "slow"},
		{"a wrong request inside", stream(problem("invalid_request_error", "bad")), "", "", 0, "bad"},
		{"an endless stream", stream(strings.Fields(strings.Repeat(delta("a")+" ", 100))...), fault.Unavailable, broken, 0, "too long"},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, f.handler)
			_, _, err := say(t.Context(), s.generator(t), question())
			f.check(t, s, err)
		})
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
	if text := fmt.Sprintf("%v %+v", err, err); !strings.Contains(text, f.says) || strings.Contains(text, key) || strings.Contains(text, "nginx") {
		t.Errorf("error = %v, want %q, no key, no page", err, f.says)
	}
	if n := s.calls(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

func TestBadWeatherPasses(t *testing.T) {
	t.Parallel()
	limit := answer(429, typed, problem("rate_limit_error", "slow"), "Retry-After", "3")
	overload := answer(529, typed, problem("overloaded_error", "Overloaded"))
	var waits []time.Duration
	now := time.Now()
	s := serve(t, limit, overload, answer(500, "text/html", page), nil)
	g := resilient.NewGenerator(s.generator(t), &resilient.Options{
		Attempts: 4, Chance: func() float64 { return 1 }, Now: func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) error {
			waits, now = append(waits, d), now.Add(d)
			return nil
		},
	})
	text, _, err := say(t.Context(), g, question())
	if err != nil || text != "I can't tell. [1]" || s.calls() != 4 {
		t.Errorf("Generate = %q, %v after %d calls, want 4", text, err, s.calls())
	}
	if diff := cmp.Diff([]time.Duration{3 * time.Second, 2 * time.Second, 4 * time.Second}, waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	want := resilient.Stats{Calls: 1, Answered: 1, Busy: 1, Unavailable: 2, InputTokens: 120, OutputTokens: 7}
	if diff := cmp.Diff(want, g.Stats()); diff != "" {
		t.Errorf("Stats (-want +got):\n%s", diff)
	}
}

func TestAStalledStreamIsGivenUpAndTheServerToldSo(t *testing.T) {
	t.Parallel()
	left := make(chan struct{}, 1)
	s := serve(t, stall(left, begin(1), block(), delta("a")))
	g := resilient.NewGenerator(s.generator(t), &resilient.Options{Timeout: 50 * time.Millisecond})
	text, _, err := say(t.Context(), g, question())
	if f := fault.Of(err); text != "a" || f == nil || f.Reason != "provider_timeout" || s.calls() != 1 {
		t.Errorf("Generate = %q, %v after %d calls, want a, a timeout, 1", text, err, s.calls())
	}
	<-left
}

func TestTheServerLearnsThatNobodyListens(t *testing.T) {
	t.Parallel()
	left := make(chan struct{}, 1)
	for p, err := range serve(t, stall(left, begin(1), block(), delta("a"))).generator(t).Generate(t.Context(), question()) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Text != "" {
			break
		}
	}
	<-left
}

func TestAnswersAreCompleteHoweverTheStreamEnds(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"by the book":         stream(begin(3), block(), delta("a"), delta("b"), finish("end_turn", 2), stop),
		"without a last word": stream(begin(3), block(), delta("a"), delta("b"), finish("max_tokens", 2)),
		"with news": stream(begin(3), `{"type":"content_block_start"}`, `{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}}`,
			delta("ab"), `{"type":"something_new"}`, finish("stop_sequence", 2), stop),
		"roughly": cut(begin(3), block(), delta("ab"), finish("end_turn", 2)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, used, err := say(t.Context(), serve(t, handler).generator(t), question())
			if err != nil || text != "ab" || used == nil || *used != (llm.Usage{InputTokens: 3, OutputTokens: 2}) {
				t.Errorf("Generate = %q, %v, %v", text, used, err)
			}
		})
	}
}

func TestModelsWithoutNameOrKeyAreRefused(t *testing.T) {
	t.Parallel()
	for _, m := range []anthropic.Model{{Key: key}, {Name: "m"}, {Name: "m", Key: " "}} {
		if _, err := anthropic.NewGenerator(m, nil); !errors.Is(err, fault.Invalid) {
			t.Errorf("a model of %+v: %v, want invalid", m, err)
		}
	}
}

func question() llm.Request {
	return llm.Request{Messages: []llm.Message{{Role: llm.RoleUser, Text: "Why?"}}}
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

func TestAnAnswerThatMustNotBeLongerIsSaidToBeCut(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"max_tokens":          stream(begin(3), block(), delta("ab"), finish("max_tokens", 2), stop),
		"the context is full": stream(begin(3), block(), delta("ab"), finish("model_context_window_exceeded", 2), stop),
		"all was said":        stream(begin(3), block(), delta("ab"), finish("end_turn", 2), stop),
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
