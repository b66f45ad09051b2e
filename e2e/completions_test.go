package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// TestAnOpenAIClientListsModelsAsksAndStreams uses OpenAI's own client, told no more than where the server is.
func TestAnOpenAIClientListsModelsAsksAndStreams(t *testing.T) {
	t.Parallel()
	s := start(t)
	l := s.admin(t).library(t, "handbook")
	l.add(t, file{name: "travel.md", content: []byte("# Travel\n\nTrains are booked by the travel desk.\n")})
	key := expect[struct {
		Secret string `json:"secret"`
	}](t, l.client, http.StatusCreated, "POST", "/auth/keys", map[string]any{"name": "chat", "permissions": []string{"query:ask", "query:stream"}}).Secret
	c := openai.NewClient(option.WithBaseURL(s.url+"/v1"), option.WithAPIKey(key), option.WithMaxRetries(0), option.WithHTTPClient(s.anybody().http(t)))

	page, err := c.Models.List(t.Context())
	if err != nil || len(page.Data) != 1 || page.Data[0].ID != l.id {
		t.Fatalf("models: %+v, %v", page, err)
	}
	if m, err := c.Models.Get(t.Context(), l.id); err != nil || m.ID != l.id {
		t.Errorf("model: %+v, %v", m, err)
	}
	ask := openai.ChatCompletionNewParams{Model: l.id, Messages: []openai.ChatCompletionMessageParamUnion{
		openai.SystemMessage("You are a pirate."), openai.UserMessage("Hello"), openai.AssistantMessage("Hello!"),
		openai.UserMessage("Who books trains?"),
	}}
	const want = "Trains are booked by the travel desk. [1]"
	answer, err := c.Chat.Completions.New(t.Context(), ask)
	if err != nil || len(answer.Choices) != 1 || answer.Choices[0].Message.Content != want || answer.Choices[0].FinishReason != "stop" {
		t.Errorf("answer: %+v, %v", answer, err)
	}
	checkCitation(t, answer.RawJSON())

	stream := c.Chat.Completions.NewStreaming(t.Context(), ask)
	var said, last string
	for stream.Next() {
		chunk := stream.Current()
		for _, choice := range chunk.Choices {
			said += choice.Delta.Content
		}
		last = chunk.RawJSON()
	}
	_ = stream.Close() // and so it is checked
	if err := stream.Err(); err != nil || strings.TrimSpace(said) != want {
		t.Errorf("stream: %q, %v", said, err)
	}
	checkCitation(t, last)
	if kept := expect[struct{ Conversations []any }](t, l.client, http.StatusOK, "GET", "/v1/workspaces/"+l.id+"/conversations", nil); len(kept.Conversations) > 0 {
		t.Errorf("conversations were stored: %v", kept.Conversations)
	}
}

// checkCitation looks at the extension of an answer.
func checkCitation(t *testing.T, raw string) {
	t.Helper()
	var extra struct {
		Citations []citation `json:"citations"`
		Grounded  bool       `json:"grounded"`
	}
	if err := json.Unmarshal([]byte(raw), &extra); err != nil {
		t.Fatal(err)
	}
	if len(extra.Citations) != 1 || extra.Citations[0].Quote != "Trains are booked by the travel desk." || !extra.Grounded {
		t.Errorf("extension: %+v", extra)
	}
}

func TestAnOpenAIClientUnderstandsErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	l := s.admin(t).library(t, "handbook")
	for name, tried := range map[string]struct {
		key, model string
		status     int
		kind       string
	}{
		"a wrong key":   {"rk_wrong", l.id, http.StatusUnauthorized, "authentication_error"},
		"a wrong model": {l.token, "no such handbook", http.StatusNotFound, "invalid_request_error"},
	} {
		c := openai.NewClient(option.WithBaseURL(s.url+"/v1"), option.WithAPIKey(tried.key), option.WithMaxRetries(0), option.WithHTTPClient(s.anybody().http(t)))
		_, err := c.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{
			Model: tried.model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Who?")},
		})
		var refused *openai.Error
		if !errors.As(err, &refused) || refused.StatusCode != tried.status || refused.Type != tried.kind || refused.Message == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
