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
const modelSchemes = "offline:, openai:BASE_URL#MODEL, gemini:MODEL, and for LLM_URL anthropic:MODEL"

// OpenEmbedder opens the embedding model that EMBED_URL names:
//
//	offline:                  needs no network and is no language model
//	openai:BASE_URL#MODEL     a server that speaks OpenAI's interface, such as openai:http://localhost:11434/v1#nomic-embed-text
//	gemini:MODEL              Google's, with GOOGLE_API_KEY
//
// A model of openai: whose dimension is not set is asked for it, and must answer now.
func OpenEmbedder(c Config) (llm.Embedder, error) {
	scheme, rest, _ := strings.Cut(c.Data.EmbedURL, ":")
	switch scheme {
	case "offline":
		return offline.NewEmbedder(), nil
	case "openai":
		m, err := openaiModel("EMBED_URL", rest, c.Models)
		if err != nil {
			return nil, err
		}
		e, err := openai.NewEmbedder(m, &openai.Options{Dimension: c.Models.Dimension})
		if err != nil {
			return nil, fmt.Errorf("EMBED_URL: %w", err)
		}
		known, err := learned(resilient.NewEmbedder(e, c.Models.resilience()), c.Models.Timeout)
		if err != nil {
			return nil, err
		}
		return c.Models.remembering(known), nil
	case "gemini":
		e, err := gemini.NewEmbedder(gemini.Model{Name: rest, Key: c.Models.GoogleKey}, &gemini.Options{Dimension: c.Models.Dimension})
		if err != nil {
			return nil, fmt.Errorf("EMBED_URL, GOOGLE_API_KEY: %w", err)
		}
		return c.Models.remembering(resilient.NewEmbedder(e, c.Models.resilience())), nil
	}
	return nil, unknownScheme("EMBED_URL", modelSchemes)
}

// OpenGenerator opens the model that LLM_URL names, by the same schemes as OpenEmbedder; that of offline: answers by quoting
// and is no language model. None is called yet.
func OpenGenerator(c Config) (llm.Generator, error) {
	scheme, rest, _ := strings.Cut(c.Data.LLMURL, ":")
	switch scheme {
	case "offline":
		return offline.NewGenerator(), nil
	case "openai":
		m, err := openaiModel("LLM_URL", rest, c.Models)
		if err != nil {
			return nil, err
		}
		g, err := openai.NewGenerator(m, nil)
		if err != nil {
			return nil, fmt.Errorf("LLM_URL: %w", err)
		}
		return resilient.NewGenerator(g, c.Models.resilience()), nil
	case "gemini":
		g, err := gemini.NewGenerator(gemini.Model{Name: rest, Key: c.Models.GoogleKey}, nil)
		if err != nil {
			return nil, fmt.Errorf("LLM_URL, GOOGLE_API_KEY: %w", err)
		}
		return resilient.NewGenerator(g, c.Models.resilience()), nil
	case "anthropic":
		g, err := anthropic.NewGenerator(anthropic.Model{Name: rest, Key: c.Models.AnthropicKey}, nil)
		if err != nil {
			return nil, fmt.Errorf("LLM_URL, ANTHROPIC_API_KEY: %w", err)
		}
		return resilient.NewGenerator(g, c.Models.resilience()), nil
	}
	return nil, unknownScheme("LLM_URL", modelSchemes)
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
func learned(e *resilient.Embedder, patience time.Duration) (*resilient.Embedder, error) {
	if e.Space().Dimension > 0 {
		return e, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience) // opening a model takes no context of the caller's
	defer cancel()
	if _, err := e.Embed(ctx, llm.ForQuery, []string{"dimension"}); err != nil {
		return nil, fmt.Errorf("EMBED_URL: the model must show its dimension, unless EMBED_DIMENSION is set: %w", err)
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
