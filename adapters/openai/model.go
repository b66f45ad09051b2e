// Package openai implements the ports of core/llm over the HTTP interface that OpenAI made and most model servers speak:
// Ollama, vLLM, llama.cpp, text-embeddings-inference and others. It makes each call once; package resilient adds timeouts,
// retries and limits.
package openai

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Model says which model on which server.
type Model struct {
	BaseURL string // what the server's paths are added to, such as https://api.openai.com/v1 or http://localhost:11434/v1
	Name    string // as the server calls it
	Key     string // optional; no error ever shows it
}

// Options are the settings of an Embedder or a Generator; nil means defaults.
type Options struct {
	// Dimension is how many numbers the vectors have. Defaults to what the first answer shows. An Embedder whose dimension is
	// neither set nor seen yet says 0.
	Dimension int
	// Batch is how many texts are embedded by one request at most. Defaults to 32, which all servers accept.
	Batch int
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
	if c.Batch <= 0 {
		c.Batch = 32
	}
	return c
}

// connect makes the client and the stable name of a model: the host tells apart servers that call different models alike.
func connect(m Model, o Options) (*provider.Client, error) {
	if m.Name == "" {
		return nil, fault.Invalid.Errorf("the model has no name")
	}
	name := "openai:" + provider.HostOf(m.BaseURL) + "/" + m.Name
	server := provider.Bearer(name, m.BaseURL, m.Key, explain)
	return provider.New(server, &provider.Options{HTTP: o.HTTP, MaxBytes: o.MaxBytes, Now: o.Now})
}

// explain reads errors as the servers write them: {"error": {"message": …}}, {"error": "…"} and {"message": "…"}.
func explain(body []byte) provider.Refusal {
	var said struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
	}
	_ = json.Unmarshal(body, &said) // an error that can't be read says nothing
	var nested struct {
		Message string `json:"message"`
	}
	var plain string
	switch {
	case json.Unmarshal(said.Error, &nested) == nil:
		return provider.Refusal{Text: nested.Message}
	case json.Unmarshal(said.Error, &plain) == nil:
		return provider.Refusal{Text: plain}
	}
	return provider.Refusal{Text: said.Message}
}
