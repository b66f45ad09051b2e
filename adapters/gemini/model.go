// Package gemini implements the ports of core/llm over Google's Generative Language API, with no more than net/http: the
// four messages that it takes are no reason to link Google's client library. It makes each call once; package resilient
// adds timeouts, retries and limits.
package gemini

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/fault"
)

// Model says which model.
type Model struct {
	Name string // such as gemini-2.5-flash
	Key  string // of the API; it travels in a header, and no error ever shows it
}

// Options are the settings of an Embedder or a Generator; nil means defaults.
type Options struct {
	// BaseURL is where the API is. Defaults to Google's.
	BaseURL string
	// Dimension is how many numbers the vectors have. Defaults to 768.
	Dimension int
	// Batch is how many texts are embedded by one request at most. Defaults to 100, the most that the API accepts.
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
	if c.BaseURL == "" {
		c.BaseURL = "https://generativelanguage.googleapis.com/v1beta"
	}
	if c.Dimension <= 0 {
		c.Dimension = 768
	}
	if c.Batch <= 0 {
		c.Batch = 100
	}
	return c
}

// connect makes the client for a model and the path of the model under the base.
func connect(m Model, o Options) (client *provider.Client, path string, err error) {
	name, key := strings.TrimPrefix(m.Name, "models/"), strings.TrimSpace(m.Key)
	switch {
	case name == "":
		return nil, "", fault.Invalid.Errorf("the model has no name")
	case key == "":
		return nil, "", fault.Invalid.Errorf("there is no key for Google's API")
	}
	header := http.Header{}
	header.Set("X-Goog-Api-Key", key)
	client, err = provider.New(
		provider.Server{Name: "gemini:" + name, Base: o.BaseURL, Header: header, Secret: key, Explain: explain},
		&provider.Options{HTTP: o.HTTP, MaxBytes: o.MaxBytes, Now: o.Now},
	)
	return client, "models/" + url.PathEscape(name), err
}

// explain reads Google's errors. A wrong key comes as 400, and when to try again as a detail of the body.
func explain(body []byte) provider.Refusal {
	var said struct {
		Error struct {
			Message string `json:"message"`
			Details []struct {
				Reason     string `json:"reason"`
				RetryDelay string `json:"retryDelay"`
			} `json:"details"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &said) // an error that can't be read says nothing
	r := provider.Refusal{Text: said.Error.Message}
	for _, d := range said.Error.Details {
		if strings.HasPrefix(d.Reason, "API_KEY_") {
			r.Auth = true
		}
		if seconds, err := strconv.ParseFloat(strings.TrimSuffix(d.RetryDelay, "s"), 64); err == nil {
			r.RetryAfter = provider.Seconds(seconds)
		}
	}
	return r
}
