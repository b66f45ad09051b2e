package gemini

import (
	"encoding/json"
	"net/http"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/llm"
)

// answer puts the chunks of a stream together.
type answer struct {
	client   *provider.Client
	finished bool // the model said why it stopped
	cut      bool // because the answer must not be longer
	usage    *llm.Usage
}

type chunk struct {
	Candidates []struct {
		Content      content `json:"content"`
		FinishReason string  `json:"finishReason"`
	} `json:"candidates"`
	Feedback struct {
		BlockReason string `json:"blockReason"`
	} `json:"promptFeedback"`
	Usage *struct {
		Prompt     int `json:"promptTokenCount"`
		Candidates int `json:"candidatesTokenCount"`
		Thoughts   int `json:"thoughtsTokenCount"`
	} `json:"usageMetadata"`
	Error *struct {
		Code int `json:"code"`
	} `json:"error"`
}

// Read implements provider.Answer. It takes the data of one event. Every event reports the usage so far, so the last one counts; thoughts are paid like
// output.
func (a *answer) Read(data []byte) (llm.Piece, error) {
	var c chunk
	if err := json.Unmarshal(data, &c); err != nil {
		return llm.Piece{}, a.client.Broken("a chunk is not what it should be: %v", err)
	}
	if c.Error != nil {
		status := c.Error.Code
		if status < 400 || status > 599 {
			status = http.StatusInternalServerError
		}
		return llm.Piece{}, a.client.Refused(status, a.client.Explained(data))
	}
	if c.Feedback.BlockReason != "" {
		return llm.Piece{}, a.client.Blocked(c.Feedback.BlockReason)
	}
	if c.Usage != nil {
		a.usage = &llm.Usage{InputTokens: c.Usage.Prompt, OutputTokens: c.Usage.Candidates + c.Usage.Thoughts}
	}
	var piece llm.Piece
	if len(c.Candidates) == 0 {
		return piece, nil
	}
	first := c.Candidates[0] // more than one come only to those who ask for more
	for _, p := range first.Content.Parts {
		if !p.Thought {
			piece.Text += p.Text
		}
	}
	return piece, a.finish(first.FinishReason)
}

// finish notes why the model stopped, if it did.
func (a *answer) finish(reason string) error {
	switch reason {
	case "", "FINISH_REASON_UNSPECIFIED":
		return nil
	case "STOP", "MAX_TOKENS":
		a.finished, a.cut = true, reason == "MAX_TOKENS"
		return nil
	case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII":
		return a.client.Blocked(reason)
	}
	return a.client.Broken("the model stopped because of %s", reason)
}

// Progress implements provider.Answer. The API has no word for the end of a stream.
func (a *answer) Progress() provider.Progress { return provider.Progress{Finished: a.finished} }

// End implements provider.Answer.
func (a *answer) End() (llm.Piece, error) {
	if !a.finished {
		return llm.Piece{}, a.client.Broken("the stream was cut off")
	}
	return llm.Piece{Usage: a.usage, Cut: a.cut}, nil
}
