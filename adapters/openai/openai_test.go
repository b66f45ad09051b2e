package openai_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/openai"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

func TestTheModelsKeepTheContract(t *testing.T) {
	t.Parallel()
	coretest.Embedder(t, func(t *testing.T) llm.Embedder {
		return serve(t, nil).embedder(t, &openai.Options{Dimension: dimension})
	}, coretest.Deterministic)
	coretest.Embedder(t, func(t *testing.T) llm.Embedder {
		return resilient.NewEmbedder(serve(t, nil).embedder(t, &openai.Options{Dimension: dimension, Batch: 10}), nil)
	}, coretest.Deterministic)
	coretest.Generator(t, func(t *testing.T) llm.Generator { return serve(t, nil).generator(t, nil) }, coretest.Deterministic)
	coretest.Generator(t, func(t *testing.T) llm.Generator {
		return resilient.NewGenerator(serve(t, nil).generator(t, nil), nil)
	}, coretest.Deterministic)
}

func TestTextsAreSentInBatchesAndTheDimensionIsLearned(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	e := s.embedder(t, &openai.Options{Batch: 2})
	want := llm.Space{Name: "openai:" + strings.TrimPrefix(s.URL, "http://") + "/test-model"}
	if diff := cmp.Diff(want, e.Space()); diff != "" {
		t.Errorf("Space before use (-want +got):\n%s", diff)
	}
	if _, err := e.Embed(t.Context(), llm.ForDocument, []string{"a", "b", "c", "d", "<e>"}); err != nil {
		t.Fatal(err)
	}
	if want.Dimension = dimension; e.Space() != want {
		t.Errorf("Space = %+v, want %+v", e.Space(), want)
	}
	var sent [][]string
	for _, b := range s.bodies {
		sent = append(sent, b.Input)
	}
	if diff := cmp.Diff([][]string{{"a", "b"}, {"c", "d"}, {"<e>"}}, sent); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestAPromptIsSentAsMessages(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	text, used, err := say(t.Context(), s.generator(t, nil), llm.Request{MaxTokens: 50, Messages: []llm.Message{
		{Role: llm.RoleSystem, Text: "rules"}, {Role: llm.RoleUser, Text: "first\nSecond line."},
	}})
	if err != nil || text != "Second line. [1]" {
		t.Errorf("Generate = %q, %v", text, err)
	}
	if diff := cmp.Diff(&llm.Usage{InputTokens: 120, OutputTokens: 7}, used); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	want := request{
		Model: "test-model", Stream: true, StreamOptions: map[string]bool{"include_usage": true}, MaxTokens: 50,
		Messages: []struct{ Role, Content string }{{"system", "rules"}, {"user", "first\nSecond line."}},
	}
	if diff := cmp.Diff(want, s.bodies[0]); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

// failure is a way in which a server may go wrong, and the error that it should become.
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
	return []failure{
		{"a wrong key", answer(401, typed, `{"error":{"message":"Incorrect key: `+key+`"}}`), fault.Unavailable, "provider_auth", 0, "key"},
		{"a forbidden model", answer(403, typed, `{}`), fault.Unavailable, "provider_auth", 0, "403"},
		{"an unknown model", answer(404, typed, `{"error":{"message":"no model x"}}`), "", "", 0, "no model x"},
		{"a wrong request", answer(400, typed, `{"error":"too `+key+` long"}`), "", "", 0, "too (hidden) long"},
		{"a wrong request, told otherwise", answer(422, typed, `{"object":"error","message":"bad"}`), "", "", 0, "bad"},
		{"a redirect", answer(302, typed, `{}`, "Location", "http://127.0.0.1:1/steal"), "", "", 0, "302"},
		{"too many requests", answer(429, typed, `{}`, "Retry-After", "7"), fault.Busy, "provider_busy", 7 * time.Second, "429"},
		{"too many requests until a date", answer(429, "text/plain", "slow down", "Retry-After", "Fri, 01 May 2026 12:00:20 GMT"), fault.Busy, "provider_busy", 20 * time.Second, "429"},
		{"a page", answer(500, "text/html", page), fault.Unavailable, "provider_error", 0, "500"},
		{"a pause", answer(503, typed, `{"error":{"message":"loading"}}`, "Retry-After", "2"), fault.Unavailable, "provider_error", 2 * time.Second, "loading"},
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
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v looks as if the caller had left", err)
	}
	if n := s.calls(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

func options() *openai.Options {
	return &openai.Options{
		Dimension: 2, MaxBytes: 4096, Now: func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) },
	}
}

func vectors(data string) http.HandlerFunc { return answer(200, typed, `{"data":[`+data+`]}`) }

func TestEveryFailureOfEmbeddingBecomesTheRightError(t *testing.T) {
	t.Parallel()
	const broken = "provider_protocol"
	for _, f := range append(failures(), []failure{
		{"too few vectors", vectors(`{"index":0,"embedding":[1,2]}`), fault.Unavailable, broken, 0, "1 vectors for 2"},
		{"too many vectors", vectors(`{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1,2]},{"index":2,"embedding":[1,2]}`), fault.Unavailable, broken, 0, "3 vectors"},
		{"a number twice", vectors(`{"index":1,"embedding":[1,2]},{"index":1,"embedding":[1,2]}`), fault.Unavailable, broken, 0, "numbered"},
		{"a number too high", vectors(`{"index":1,"embedding":[1,2]},{"index":2,"embedding":[1,2]}`), fault.Unavailable, broken, 0, "numbered"},
		{"a number below zero", vectors(`{"index":-1,"embedding":[1,2]},{"index":0,"embedding":[1,2]}`), fault.Unavailable, broken, 0, "numbered"},
		{"a null", vectors(`{"index":0,"embedding":[1,null]},{"index":1,"embedding":[1,2]}`), fault.Unavailable, broken, 0, "null"},
		{"zeros", vectors(`{"index":0,"embedding":[0,0]},{"index":1,"embedding":[1,2]}`), fault.Unavailable, broken, 0, "direction"},
		{"no vectors", answer(200, typed, `{}`), fault.Unavailable, broken, 0, "0 vectors"},
		{"half an answer", answer(200, typed, `{"data":[{"ind`), fault.Unavailable, broken, 0, "unexpected end"},
		{"a huge answer", answer(200, typed, `{"data":"`+strings.Repeat("x", 5000)+`"}`), fault.Unavailable, broken, 0, "too long"},
		{"another dimension", vectors(`{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1,2,3]}`), fault.Unavailable, "space_dimension", 0, "3 numbers, not of 2"},
	}...) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, f.handler)
			_, err := s.embedder(t, options()).Embed(t.Context(), llm.ForDocument, []string{"a", "b"})
			f.check(t, s, err)
		})
	}
}

func TestEveryFailureOfAnsweringBecomesTheRightError(t *testing.T) {
	t.Parallel()
	const broken = "provider_protocol"
	for _, f := range append(failures(), []failure{
		{"an answer that is no stream", answer(200, typed, `{"choices":[]}`), fault.Unavailable, broken, 0, "application/json"},
		{"a broken connection", cut("data: " + piece("a") + "\n\ndata: {\"ch"), fault.Unavailable, "provider_unreachable", 0, "EOF"},
		{"a closed connection", stream(piece("a")), fault.Unavailable, broken, 0, "cut off"},
		{"a closed connection in the middle", stream(piece("a"), `{"choi`), fault.Unavailable, broken, 0, "unexpected end"},
		{"no choices", stream(`{"choices":[]}`, usage(1, 0), "[DONE]"), fault.Unavailable, broken, 0, "no choices"},
		{"nothing", stream(), fault.Unavailable, broken, 0, "cut off"},
		{"a filter", stream(piece("a"), finish("content_filter")), fault.Invalid, "blocked", 0, "content_filter"},
		{"an error inside", stream(piece("a"), `{"error":{"message":"out of memory","type":"server_error","code":null}}`), fault.Unavailable, "provider_error", 0, "out of memory"},
		{"a limit inside", stream(`{"error":{"message":"slow","type":"x","code":429}}`), fault.Busy, "provider_busy", 0, "slow"},
		{"a named limit inside", stream(`{"error":{"message":"slow","type":"rate_limit_error","code":"limit"}}`), fault.Busy, "provider_busy", 0, "slow"},
		{"a plain error inside", stream(`{"error":"no ` + key + `"}`), fault.Unavailable, "provider_error", 0, "no (hidden)"},
		{"an endless stream", stream(strings.Fields(strings.Repeat(piece("a")+" ", 100))...), fault.Unavailable, broken, 0, "too long"},
	}...) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, f.handler)
			_, _, err := say(t.Context(), s.generator(t, options()), question())
			f.check(t, s, err)
		})
	}
}

func TestAnswersAreCompleteHoweverTheStreamEnds(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"by the book":          stream(piece("a"), piece("b"), finish("stop"), usage(3, 2), "[DONE]"),
		"without a last word":  stream(piece("a"), piece("b"), finish("length"), usage(3, 2)),
		"with usage all along": stream(`{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}`, piece("b"), finish("stop"), usage(3, 2), "[DONE]"),
		"roughly":              cut("data: " + piece("ab") + "\n\ndata: " + usage(3, 2) + "\n\ndata: " + finish("stop") + "\n\ndata: {"),
		"without line ends":    answer(200, "text/event-stream", ": hello\n\ndata: "+piece("ab")+"\r\n\r\ndata:"+usage(3, 2)+"\n\ndata: [DONE]"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, used, err := say(t.Context(), serve(t, handler).generator(t, nil), question())
			if err != nil || text != "ab" || used == nil || *used != (llm.Usage{InputTokens: 3, OutputTokens: 2}) {
				t.Errorf("Generate = %q, %v, %v", text, used, err)
			}
		})
	}
}

func TestAServerThatIsNotThereIsUnavailable(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.Close()
	m := s.model()
	m.BaseURL = strings.Replace(m.BaseURL, "http://", "http://me:pass-word@", 1) + "?code=" + key
	e, err := openai.NewEmbedder(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Embed(t.Context(), llm.ForQuery, []string{"a"})
	if f := fault.Of(err); f == nil || f.Reason != "provider_unreachable" || strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "pass-word") {
		t.Errorf("Embed: %v, want unavailable and no secrets", err)
	}
}

func TestModelsWithoutNameOrAddressAreRefused(t *testing.T) {
	t.Parallel()
	for _, m := range []openai.Model{{BaseURL: "http://localhost/v1"}, {Name: "m"}, {Name: "m", BaseURL: "localhost:80?k=" + key}} {
		_, err := openai.NewEmbedder(m, nil)
		_, genErr := openai.NewGenerator(m, nil)
		if !errors.Is(err, fault.Invalid) || !errors.Is(genErr, fault.Invalid) || strings.Contains(err.Error(), key) {
			t.Errorf("a model of %+v: %v, %v, want invalid", m, err, genErr)
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
		"length": stream(piece("ab"), finish("length"), usage(3, 2), "[DONE]"), "without usage": stream(piece("ab"), finish("length"), "[DONE]"),
		"all was said": stream(piece("ab"), finish("stop"), usage(3, 2), "[DONE]"),
	} {
		var text string
		var end llm.Piece
		for p, err := range serve(t, handler).generator(t, nil).Generate(t.Context(), question()) {
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
