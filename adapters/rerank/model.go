// Package rerank implements llm.Reranker with models: Server asks one that was made for it, over the interfaces of Cohere, Jina and
// Hugging Face's text-embeddings-inference, which other servers (vLLM, Xinference, llama.cpp) speak too; Listwise asks a language
// model for an order. Both make each call once; package resilient adds timeouts, retries and limits.
package rerank

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// Dialect is the wire format of a server.
type Dialect string

// The dialects. All are posted to the path rerank under the server's address.
const (
	Cohere Dialect = "cohere" // version 2 of Cohere's interface
	Jina   Dialect = "jina"
	TEI    Dialect = "tei" // text-embeddings-inference, which serves one model, so that its name may be left out
)

// Model says which model on which server.
type Model struct {
	Dialect Dialect
	BaseURL string // what the path is added to, such as https://api.cohere.com/v2, https://api.jina.ai/v1 or http://localhost:8080
	Name    string // as the server calls it
	Key     string // optional; no error ever shows it
}

// Options are the settings of a Server; nil means defaults.
type Options struct {
	// Batch is how many passages one request carries at most. Defaults to 32 for TEI, which takes no more unless it is told to, and to
	// 1,000 for others.
	Batch int
	// HTTP makes the requests; redirects are not followed. Defaults to a client without a timeout: contexts have one.
	HTTP *http.Client
	// Now tells the time, for dates in Retry-After. Defaults to time.Now.
	Now func() time.Time
}

func (o *Options) withDefaults(d Dialect) Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Batch <= 0 {
		c.Batch = 1000
		if d == TEI {
			c.Batch = 32
		}
	}
	return c
}

// mostAnswered is how long an answer may be, in bytes.
const mostAnswered = 4 << 20

// connect makes the client of a model.
func connect(m Model, o Options) (*provider.Client, error) {
	if m.Name == "" && m.Dialect != TEI {
		return nil, fault.Invalid.Errorf("the model has no name")
	}
	name := string(m.Dialect) + ":" + provider.HostOf(m.BaseURL)
	if m.Name != "" {
		name += "/" + m.Name
	}
	server := provider.Bearer(name, m.BaseURL, m.Key, explain)
	return provider.New(server, &provider.Options{HTTP: o.HTTP, MaxBytes: mostAnswered, Now: o.Now})
}

// explain reads errors as the servers write them: {"message": "…"}, {"detail": "…"} and {"error": "…"}.
func explain(body []byte) provider.Refusal {
	var said map[string]json.RawMessage
	_ = json.Unmarshal(body, &said) // an error that can't be read says nothing
	for _, member := range []string{"message", "detail", "error"} {
		var text string
		if json.Unmarshal(said[member], &text) == nil && text != "" {
			return provider.Refusal{Text: text}
		}
	}
	return provider.Refusal{}
}

// passage is a candidate as a model reads it: what it stands under, and its text.
func passage(c llm.Candidate) string {
	var lines []string
	for _, line := range append([]string{c.Title}, c.Headings...) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && line != "-" {
			lines = append(lines, line)
		}
	}
	return strings.Join(append(lines, c.Text), "\n")
}
