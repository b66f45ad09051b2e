package openai

import (
	"encoding/json"
	"net/http"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/llm"
)

// answer puts the chunks of a stream together.
type answer struct {
	client   *provider.Client
	begun    bool // a choice came
	finished bool // the model said why it stopped
	cut      bool // because the answer must not be longer
	done     bool // the server said that nothing follows
	usage    *llm.Usage
}

type chunk struct {
	Choices []struct {
		Index int `json:"index"`
		Delta struct {
			Content string `json:"content"`
		} `json:"delta"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
	} `json:"usage"`
	Error json.RawMessage `json:"error"`
}

// Read implements provider.Answer. It takes the data of one event. Usage is kept for the end: some servers report it with every chunk.
func (a *answer) Read(data []byte) (llm.Piece, error) {
	if string(data) == "[DONE]" {
		a.done = true
		return llm.Piece{}, nil
	}
	var c chunk
	if err := json.Unmarshal(data, &c); err != nil {
		return llm.Piece{}, a.client.Broken("a chunk is not what it should be: %v", err)
	}
	if len(c.Error) > 0 && string(c.Error) != "null" {
		return llm.Piece{}, a.client.Refused(statusOf(c.Error), a.client.Explained(data))
	}
	if c.Usage != nil {
		a.usage = &llm.Usage{InputTokens: c.Usage.PromptTokens, OutputTokens: c.Usage.CompletionTokens}
	}
	var piece llm.Piece
	for _, choice := range c.Choices {
		if choice.Index != 0 {
			continue
		}
		a.begun = true
		piece.Text += choice.Delta.Content
		if choice.FinishReason == "content_filter" {
			return llm.Piece{}, a.client.Blocked(choice.FinishReason)
		}
		a.finished = a.finished || choice.FinishReason != ""
		a.cut = a.cut || choice.FinishReason == "length"
	}
	return piece, nil
}

// statusOf is the status that an error inside a stream would have had: its code where that is one, otherwise that of a
// failure of the server, whose status had already been sent.
func statusOf(raw json.RawMessage) int {
	var e struct {
		Code int    `json:"code"`
		Type string `json:"type"`
	}
	_ = json.Unmarshal(raw, &e) // a code that is a word leaves 0
	switch {
	case e.Code >= 400 && e.Code <= 599:
		return e.Code
	case e.Type == "rate_limit_error", e.Type == "rate_limit_exceeded", e.Type == "insufficient_quota":
		return http.StatusTooManyRequests
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
		return llm.Piece{}, a.client.Broken("the answer has no choices")
	}
	return llm.Piece{Usage: a.usage, Cut: a.cut}, nil
}
