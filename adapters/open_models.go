package adapters

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/adapters/anthropic"
	"github.com/ragcorp/ragcorp/adapters/embedcache"
	"github.com/ragcorp/ragcorp/adapters/gemini"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/openai"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// modelSchemes are those of EMBED_URL and LLM_URL.
const modelSchemes = "offline:, openai:BASE_URL#MODEL, gemini:MODEL, and for models that write anthropic:MODEL"

// OpenEmbedder opens the embedding model that EMBED_URL names:
//
//	offline:                  needs no network and is no language model
//	openai:BASE_URL#MODEL     a server that speaks OpenAI's interface, such as openai:http://localhost:11434/v1#nomic-embed-text
//	gemini:MODEL              Google's, with GOOGLE_API_KEY
//
// A model of openai: whose dimension is not set is asked for it, and must answer now.
func OpenEmbedder(c Config) (llm.Embedder, error) {
	return embedding{"EMBED_URL", "EMBED_DIMENSION", c.Data.EmbedURL, c.Models.Dimension}.open(c.Models)
}

// NextEmbedder is the embedding model that is to take the place of another; without one when there is none such.
type NextEmbedder struct{ llm.Embedder }

// OpenNextEmbedder opens the embedding model that EMBED_NEXT_URL names, if it names one, as OpenEmbedder does.
func OpenNextEmbedder(c Config) (NextEmbedder, error) {
	if c.Data.NextURL == "" {
		return NextEmbedder{}, nil
	}
	e, err := embedding{"EMBED_NEXT_URL", "EMBED_NEXT_DIMENSION", c.Data.NextURL, c.Models.NextNumbers}.open(c.Models)
	return NextEmbedder{e}, err
}

// embedding is what the settings say about an embedding model, and which ones they are.
type embedding struct {
	variable, numbers string
	url               string
	dimension         int
}

func (s embedding) open(c ModelConfig) (llm.Embedder, error) {
	scheme, rest, _ := strings.Cut(s.url, ":")
	switch scheme {
	case "offline":
		return offline.NewEmbedder(), nil
	case "openai":
		m, err := openaiModel(s.variable, rest, c)
		if err != nil {
			return nil, err
		}
		e, err := openai.NewEmbedder(m, &openai.Options{Dimension: s.dimension})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.variable, err)
		}
		known, err := s.learned(resilient.NewEmbedder(e, c.resilience()), c.Timeout)
		if err != nil {
			return nil, err
		}
		return c.remembering(known), nil
	case "gemini":
		e, err := gemini.NewEmbedder(gemini.Model{Name: rest, Key: c.GoogleKey}, &gemini.Options{Dimension: s.dimension})
		if err != nil {
			return nil, fmt.Errorf("%s, GOOGLE_API_KEY: %w", s.variable, err)
		}
		return c.remembering(resilient.NewEmbedder(e, c.resilience())), nil
	}
	return nil, unknownScheme(s.variable, modelSchemes)
}

// OpenGenerator opens the model that LLM_URL names, by the same schemes as OpenEmbedder and by anthropic:MODEL; that of offline:
// answers by quoting and is no language model. None is called yet.
func OpenGenerator(c Config) (llm.Generator, error) {
	return generating{"LLM_URL", c.Data.LLMURL}.open(c.Models)
}

// generating is what a setting says about a model that writes, and which one it is.
type generating struct{ variable, url string }

func (s generating) open(c ModelConfig) (llm.Generator, error) {
	scheme, rest, _ := strings.Cut(s.url, ":")
	switch scheme {
	case "offline":
		return offline.NewGenerator(), nil
	case "openai":
		m, err := openaiModel(s.variable, rest, c)
		if err != nil {
			return nil, err
		}
		g, err := openai.NewGenerator(m, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.variable, err)
		}
		return resilient.NewGenerator(g, c.resilience()), nil
	case "gemini":
		g, err := gemini.NewGenerator(gemini.Model{Name: rest, Key: c.GoogleKey}, nil)
		if err != nil {
			return nil, fmt.Errorf("%s, GOOGLE_API_KEY: %w", s.variable, err)
		}
		return resilient.NewGenerator(g, c.resilience()), nil
	case "anthropic":
		g, err := anthropic.NewGenerator(anthropic.Model{Name: rest, Key: c.AnthropicKey}, nil)
		if err != nil {
			return nil, fmt.Errorf("%s, ANTHROPIC_API_KEY: %w", s.variable, err)
		}
		return resilient.NewGenerator(g, c.resilience()), nil
	}
	return nil, unknownScheme(s.variable, modelSchemes)
}

// openaiModel reads BASE_URL#MODEL. No error repeats it, since it may hold a password.
func openaiModel(variable, rest string, c ModelConfig) (openai.Model, error) {
	base, name, _ := strings.Cut(rest, "#")
	if base == "" || name == "" {
		return openai.Model{}, fault.Invalid.Errorf("%s must be openai:BASE_URL#MODEL, such as openai:http://localhost:11434/v1#MODEL", variable)
	}
	return openai.Model{BaseURL: base, Name: name, Key: c.OpenAIKey}, nil
}

// learned returns e once its dimension is known, since nothing can be stored in a space without one.
func (s embedding) learned(e *resilient.Embedder, patience time.Duration) (*resilient.Embedder, error) {
	if e.Space().Dimension > 0 {
		return e, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience) // opening a model takes no context of the caller's
	defer cancel()
	if _, err := e.Embed(ctx, llm.ForQuery, []string{"dimension"}); err != nil {
		return nil, fmt.Errorf("%s: the model must show its dimension, unless %s is set: %w", s.variable, s.numbers, err)
	}
	return e, nil
}

// remembering keeps the vectors of queries, unless it shall not.
func (m ModelConfig) remembering(e *resilient.Embedder) llm.Embedder {
	if m.QueryCache == 0 {
		return e
	}
	return embedcache.New(e, m.QueryCache)
}

// resilience translates the settings for the decorators.
func (m ModelConfig) resilience() *resilient.Options {
	return &resilient.Options{
		Timeout: m.Timeout, Attempts: m.Attempts, Backoff: seconds(m.Backoff), MaxWait: seconds(m.MaxWait),
		PerMinute: m.PerMinute, TokensPerMinute: m.TokensPerMin, Concurrency: m.Concurrency,
	}
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
