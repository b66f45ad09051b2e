package anthropic

import (
	"encoding/json"
	"net/http"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/llm"
)

// answer puts the events of a stream together.
type answer struct {
	client   *provider.Client
	begun    bool // a block of content began
	finished bool // the model said why it stopped
	cut      bool // because the answer must not be longer
	done     bool // the API said that nothing follows
	counted  bool
	usage    llm.Usage
}

// tokens are counts that later events may raise.
type tokens struct {
	Input   int `json:"input_tokens"`
	Created int `json:"cache_creation_input_tokens"`
	Read    int `json:"cache_read_input_tokens"`
	Output  int `json:"output_tokens"`
}

type streamed struct {
	Type    string `json:"type"`
	Message struct {
		Usage *tokens `json:"usage"`
	} `json:"message"`
	Delta struct {
		Type       string `json:"type"`
		Text       string `json:"text"`
		StopReason string `json:"stop_reason"`
	} `json:"delta"`
	Usage *tokens `json:"usage"`
	Error struct {
		Type string `json:"type"`
	} `json:"error"`
}

// Read implements provider.Answer. It takes the data of one event. Kinds of events that are not known are passed over, as the API asks its clients to.
func (a *answer) Read(data []byte) (llm.Piece, error) {
	var e streamed
	if err := json.Unmarshal(data, &e); err != nil {
		return llm.Piece{}, a.client.Broken("an event is not what it should be: %v", err)
	}
	switch e.Type {
	case "error":
		return llm.Piece{}, a.client.Refused(statusOf(e.Error.Type), a.client.Explained(data))
	case "message_start":
		a.count(e.Message.Usage)
	case "content_block_start":
		a.begun = true
	case "content_block_delta":
		if e.Delta.Type == "text_delta" { // others are thoughts and calls of tools
			return llm.Piece{Text: e.Delta.Text}, nil
		}
	case "message_delta":
		a.count(e.Usage)
		if e.Delta.StopReason == "refusal" {
			return llm.Piece{}, a.client.Blocked(e.Delta.StopReason)
		}
		a.finished = a.finished || e.Delta.StopReason != ""
		a.cut = a.cut || e.Delta.StopReason == "max_tokens" || e.Delta.StopReason == "model_context_window_exceeded"
	case "message_stop":
		a.done = true
	}
	return llm.Piece{}, nil
}

// count keeps the greatest counts: the last event repeats some of those of the first.
func (a *answer) count(t *tokens) {
	if t == nil {
		return
	}
	a.counted = true
	a.usage.InputTokens = max(a.usage.InputTokens, t.Input+t.Created+t.Read)
	a.usage.OutputTokens = max(a.usage.OutputTokens, t.Output)
}

// statusOf is the status that an error inside a stream would have had.
func statusOf(kind string) int {
	switch kind {
	case "rate_limit_error":
		return http.StatusTooManyRequests
	case "invalid_request_error":
		return http.StatusBadRequest
	case "not_found_error":
		return http.StatusNotFound
	case "request_too_large":
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusInternalServerError
}

// Progress implements provider.Answer.
func (a *answer) Progress() provider.Progress {
	return provider.Progress{Finished: a.finished, Done: a.done}
}

// End implements provider.Answer.
func (a *answer) End() (llm.Piece, error) {
	switch {
	case !a.done && !a.finished:
		return llm.Piece{}, a.client.Broken("the stream was cut off")
	case !a.begun:
		return llm.Piece{}, a.client.Broken("the answer has no content")
	case !a.counted:
		return llm.Piece{Cut: a.cut}, nil
	}
	return llm.Piece{Usage: &a.usage, Cut: a.cut}, nil
}
