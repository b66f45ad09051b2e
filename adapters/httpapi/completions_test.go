package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ragcorp/ragcorp/adapters/openai"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
)

// completionOf is a question to a model, as clients of OpenAI's API put it.
func completionOf(model string, stream bool) map[string]any {
	return map[string]any{
		"model": model, "stream": stream, "temperature": 0,
		"messages": []map[string]any{{"role": "user", "content": "Where is the code of the vault?"}},
	}
}

// TestCompletionsLeakNothing asks every workspace as everybody, in one piece and streaming.
func TestCompletionsLeakNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := &huma.Operation{Path: "/v1/chat/completions"}
	for _, c := range callers() {
		who := c.who(w)
		for _, ids := range variants() {
			if ids.name != "mine" && ids.name != "theirs" && ids.name != "no such workspace" {
				continue
			}
			for _, stream := range []bool{false, true} {
				a := attempt{op: op, caller: c, ids: ids, rule: rule{needs: identity.QueryAsk, reach: reading}}
				want := a.decide()
				if stream && want == http.StatusOK && !c.actor.Can(identity.QueryStream) {
					want = http.StatusForbidden
				}
				r := w.do(http.MethodPost, "/v1/chat/completions", who, completionOf(ids.workspace(w).String(), stream))
				if r.status != want {
					t.Errorf("%s asks %s (stream %v): %d, want %d: %.200s", c.name, ids.name, stream, r.status, want, r.body)
				}
				for _, word := range []string{mineWord, theirsWord} {
					if strings.Contains(strings.ToLower(r.body), word) && (r.status >= 400 || !c.knows(word)) {
						t.Errorf("%s asks %s (stream %v) and reads %s", c.name, ids.name, stream, word)
					}
				}
			}
		}
	}
}

func TestModelsAreTheWorkspacesOfTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.want(http.StatusOK, http.MethodGet, "/v1/models", w.as(w.member), nil)
	var list struct{ Data []struct{ ID, Name string } }
	w.must(json.Unmarshal([]byte(r.body), &list))
	if len(list.Data) != 1 || list.Data[0].ID != w.mine.workspace.String() {
		t.Errorf("the member has the models %+v", list.Data)
	}
	r = w.want(http.StatusOK, http.MethodPost, "/v1/chat/completions", w.as(w.member), completionOf(list.Data[0].Name, false))
	if !strings.Contains(r.body, mineWord) {
		t.Errorf("asked by name: %s", r.body)
	}
}

func TestErrorsOfCompletionsAreInOpenAIsShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.mine.workspace.String()
	said := func(messages ...map[string]any) map[string]any {
		return map[string]any{"model": model, "messages": messages}
	}
	for name, c := range map[string]struct {
		who    credential
		body   any
		status int
		kind   string
	}{
		"nobody":           {credential{}, completionOf(model, false), 401, "authentication_error"},
		"a wrong key":      {bearer("rk_nothing"), completionOf(model, false), 401, "authentication_error"},
		"a stranger":       {w.as(w.foreign), completionOf(model, true), 403, "permission_error"},
		"no such model":    {w.as(w.owner), completionOf("gpt-5", false), 404, "invalid_request_error"},
		"no messages":      {w.as(w.owner), said(), 422, "invalid_request_error"},
		"no question":      {w.as(w.owner), said(map[string]any{"role": "assistant", "content": "Hi"}), 422, "invalid_request_error"},
		"an odd message":   {w.as(w.owner), said(map[string]any{"role": "user", "content": 5}), 422, "invalid_request_error"},
		"no JSON":          {w.as(w.owner), `{"model`, 422, "invalid_request_error"},
		"nothing to say":   {w.as(w.owner), said(map[string]any{"role": "user", "content": " "}), 422, "invalid_request_error"},
		"an unknown guard": {w.as(w.owner), map[string]any{"model": model, "messages": said(map[string]any{"role": "user", "content": "x"})["messages"], "injection_filter": "banish"}, 422, "invalid_request_error"},
	} {
		r := w.do(http.MethodPost, "/v1/chat/completions", c.who, c.body)
		var out struct {
			Error struct{ Message, Type, Code string }
		}
		_ = json.Unmarshal([]byte(r.body), &out)
		if r.status != c.status || out.Error.Type != c.kind || out.Error.Message == "" || out.Error.Code == "" {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if r := w.do(http.MethodGet, "/v1/workspaces/"+model, credential{}, nil); strings.Contains(r.body, `"error"`) {
		t.Errorf("elsewhere: %s", r.body)
	}
}

func TestAnAPIKeyIsABearerTokenWhereOpenAIsClientsCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, c := w.key(identity.KeyDraft{Permissions: []identity.Permission{identity.QueryAsk, identity.DocumentsRead}})
	w.want(http.StatusOK, http.MethodGet, "/v1/models", bearer(c.value), nil)
	if r := w.do(http.MethodGet, "/v1/workspaces", bearer(c.value), nil); r.status != http.StatusUnauthorized {
		t.Errorf("elsewhere: %d", r.status)
	}
}

func TestPartsOfTypeTextAreWhatAMessageSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := completionOf(w.mine.workspace.String(), false)
	body["messages"] = []map[string]any{
		{"role": "assistant", "content": nil},
		{"role": "user", "content": []map[string]any{{"type": "text", "text": "Where is the code"}, {"type": "image_url"}, {"type": "text", "text": "of the vault?"}}},
	}
	if r := w.want(http.StatusOK, http.MethodPost, "/v1/chat/completions", w.as(w.owner), body); !strings.Contains(r.body, mineWord) {
		t.Errorf("got %s", r.body)
	}
}

// TestFinishReasonIsLengthWhenTheAnswerWasCut asks a model that stops at the limit, or says all it has to say.
func TestFinishReasonIsLengthWhenTheAnswerWasCut(t *testing.T) {
	t.Parallel()
	model := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var in struct {
			MaxTokens int `json:"max_tokens"`
		}
		_ = json.NewDecoder(r.Body).Decode(&in)
		reason := "stop"
		if in.MaxTokens == 5 {
			reason = "length"
		}
		rw.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(rw, "data: {\"choices\":[{\"delta\":{\"content\":\"The code is in the\"}}]}\n\n"+
			"data: {\"choices\":[{\"delta\":{},\"finish_reason\":%q}]}\n\ndata: [DONE]\n\n", reason)
	}))
	t.Cleanup(model.Close)
	g, err := openai.NewGenerator(openai.Model{BaseURL: model.URL + "/v1", Name: "m"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := newAnsweringWorld(t, resilient.NewGenerator(g, nil), chat.Options{})
	for limit, want := range map[string]string{"max_tokens": "length", "max_completion_tokens": "length", "": "stop"} {
		for _, stream := range []bool{false, true} {
			body := completionOf(w.mine.workspace.String(), stream)
			if limit != "" {
				body[limit] = 5
			}
			r := w.want(http.StatusOK, http.MethodPost, "/v1/chat/completions", w.as(w.owner), body)
			if !strings.Contains(r.body, `"finish_reason":"`+want+`"`) || strings.Count(r.body, `"finish_reason":"`) != 1 {
				t.Errorf("%q, stream %v: want %s in %s", limit, stream, want, r.body)
			}
		}
	}
}

// short is a model that stops before the end.
type short struct{}

func (short) Model() string { return "short" }

// Generate implements llm.Generator.
func (short) Generate(context.Context, llm.Request) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) {
		_ = yield(llm.Piece{Text: "The code of the"}, nil) && yield(llm.Piece{Cut: true}, nil)
	}
}

func TestAnAnswerThatWasCutSaysSoElsewhereToo(t *testing.T) {
	t.Parallel()
	w := newAnsweringWorld(t, short{}, chat.Options{})
	for _, path := range []string{"/ask", "/ask/stream"} {
		r := w.want(http.StatusOK, http.MethodPost, w.path(w.mine, path), w.as(w.owner), `{"query":"Where is the code of the vault?"}`)
		if !strings.Contains(r.body, `"cut":true`) {
			t.Errorf("%s says nothing of it: %s", path, r.body)
		}
	}
	blank := map[string]any{"model": w.mine.workspace.String(), "messages": []map[string]any{{"role": "user", "content": " "}}}
	if r := w.want(http.StatusUnprocessableEntity, http.MethodPost, "/v1/chat/completions", w.as(w.owner), blank); strings.Contains(r.body, "blank: ") {
		t.Errorf("the error says it twice: %s", r.body)
	}
}
