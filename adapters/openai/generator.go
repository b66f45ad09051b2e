package openai

import (
	"context"
	"iter"
	"strings"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/llm"
)

// Generator writes text. It is safe for concurrent use.
type Generator struct {
	client *provider.Client
	model  string
	modern bool // the limit of an answer goes by its new name, which OpenAI demands and others don't know
}

var _ llm.Generator = (*Generator)(nil)

// NewGenerator makes a Generator; it does not call the server. fault.Invalid as in NewEmbedder.
func NewGenerator(m Model, o *Options) (*Generator, error) {
	client, err := connect(m, o.withDefaults())
	if err != nil {
		return nil, err
	}
	return &Generator{client: client, model: m.Name, modern: strings.HasSuffix(provider.HostOf(m.BaseURL), ".openai.com")}, nil
}

// Model implements llm.Generator.
func (g *Generator) Model() string { return g.client.Name() }

// Generate implements llm.Generator. A piece without text and usage says that the model is at work, as when it thinks before
// it writes. Besides the errors of the port, fault.Invalid with the reason "blocked" when the server's content filter ends
// the answer, and an error without a kind when the server refuses the request as wrong.
func (g *Generator) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Piece, error] {
	return g.client.Write(ctx, "chat/completions", g.request(r), &answer{client: g.client})
}

type chatRequest struct {
	Model         string        `json:"model"`
	Messages      []chatMessage `json:"messages"`
	Stream        bool          `json:"stream"`
	StreamOptions streamOptions `json:"stream_options"`
	MaxTokens     int           `json:"max_tokens,omitempty"`
	MaxCompletion int           `json:"max_completion_tokens,omitempty"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type chatMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func (g *Generator) request(r llm.Request) chatRequest {
	out := chatRequest{Model: g.model, Stream: true, StreamOptions: streamOptions{IncludeUsage: true}}
	for _, m := range r.Messages {
		out.Messages = append(out.Messages, chatMessage{Role: string(m.Role), Content: m.Text})
	}
	if g.modern {
		out.MaxCompletion = r.MaxTokens
	} else {
		out.MaxTokens = r.MaxTokens
	}
	return out
}
