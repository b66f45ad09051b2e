// Package anthropic implements llm.Generator over Anthropic's Messages API, with no more than net/http. Anthropic offers no
// embeddings. It makes each call once; package resilient adds timeouts, retries and limits.
package anthropic

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/fault"
)

// apiVersion is the version of the API that is spoken here.
const apiVersion = "2023-06-01"

// Model says which model.
type Model struct {
	Name string // such as claude-sonnet-4-5
	Key  string // of the API; it travels in a header, and no error ever shows it
}

// Options are the settings of a Generator; nil means defaults.
type Options struct {
	// BaseURL is where the API is. Defaults to Anthropic's.
	BaseURL string
	// MaxTokens is how long an answer may be when a request doesn't say it; the API wants a number. Defaults to 4,096.
	MaxTokens int
	// MaxBytes is how long an answer may be, in bytes. Defaults to 64 MiB.
	MaxBytes int64
	// HTTP makes the requests; redirects are not followed. Defaults to a client without a timeout: contexts have one.
	HTTP *http.Client
	// Now tells the time, for dates in Retry-After. Defaults to time.Now.
	Now func() time.Time
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.BaseURL == "" {
		c.BaseURL = "https://api.anthropic.com/v1"
	}
	if c.MaxTokens <= 0 {
		c.MaxTokens = 4096
	}
	return c
}

// connect makes the client for a model.
func connect(m Model, o Options) (*provider.Client, error) {
	key := strings.TrimSpace(m.Key)
	switch {
	case m.Name == "":
		return nil, fault.Invalid.Errorf("the model has no name")
	case key == "":
		return nil, fault.Invalid.Errorf("there is no key for Anthropic's API")
	}
	header := http.Header{}
	header.Set("X-Api-Key", key)
	header.Set("Anthropic-Version", apiVersion)
	return provider.New(
		provider.Server{Name: "anthropic:" + m.Name, Base: o.BaseURL, Header: header, Secret: key, Explain: explain},
		&provider.Options{HTTP: o.HTTP, MaxBytes: o.MaxBytes, Now: o.Now},
	)
}

// explain reads Anthropic's errors: {"type": "error", "error": {"type": …, "message": …}}.
func explain(body []byte) provider.Refusal {
	var said struct {
		Error struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &said) // an error that can't be read says nothing
	return provider.Refusal{
		Text: said.Error.Message,
		Auth: said.Error.Type == "authentication_error" || said.Error.Type == "permission_error" || said.Error.Type == "billing_error",
	}
}
