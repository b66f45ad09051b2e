package anthropic

import (
	"context"
	"iter"
	"strings"

	"github.com/ragcorp/ragcorp/adapters/provider"
	"github.com/ragcorp/ragcorp/core/llm"
)

// Generator writes text. It is safe for concurrent use.
type Generator struct {
	client    *provider.Client
	model     string
	maxTokens int
}

var _ llm.Generator = (*Generator)(nil)

// NewGenerator makes a Generator; it does not call the API. fault.Invalid when the model has no name or no key.
func NewGenerator(m Model, o *Options) (*Generator, error) {
	opts := o.withDefaults()
	client, err := connect(m, opts)
	if err != nil {
		return nil, err
	}
	return &Generator{client: client, model: m.Name, maxTokens: opts.MaxTokens}, nil
}

// Model implements llm.Generator.
func (g *Generator) Model() string { return g.client.Name() }

// Generate implements llm.Generator. A piece without text and usage says that the model is at work. Besides the errors of the
// port, fault.Invalid with the reason "blocked" when the model refuses, and an error without a kind when the API refuses the
// request as wrong.
func (g *Generator) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Piece, error] {
	return g.client.Write(ctx, "messages", g.request(r), &answer{client: g.client})
}

type messagesRequest struct {
	Model     string    `json:"model"`
	MaxTokens int       `json:"max_tokens"`
	System    string    `json:"system,omitempty"`
	Messages  []message `json:"messages"`
	Stream    bool      `json:"stream"`
}

type message struct {
	Role    string `json:"role"`
	Content any    `json:"content"` // a string, or a list of block
}

type block struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Cache *cache `json:"cache_control,omitempty"`
}

// cache tells the API to remember what it has read up to the end of a block, for some minutes.
type cache struct {
	Type string `json:"type"`
}

// contentOf is the text of a message, in two blocks where others begin with the same.
func contentOf(m llm.Message) any {
	begins, goesOn := m.Text[:m.Shared], m.Text[m.Shared:]
	if strings.TrimSpace(begins) == "" || strings.TrimSpace(goesOn) == "" {
		return m.Text
	}
	return []block{{Type: "text", Text: begins, Cache: &cache{"ephemeral"}}, {Type: "text", Text: goesOn}}
}

// request translates messages. The API has one instruction beside the messages, wants the user to speak first, and refuses
// messages without text.
func (g *Generator) request(r llm.Request) messagesRequest {
	out := messagesRequest{Model: g.model, MaxTokens: r.MaxTokens, Stream: true, Messages: []message{}}
	if out.MaxTokens <= 0 {
		out.MaxTokens = g.maxTokens
	}
	var system []string
	for _, m := range r.Messages {
		switch {
		case strings.TrimSpace(m.Text) == "":
		case m.Role == llm.RoleSystem:
			system = append(system, m.Text)
		case m.Role == llm.RoleAssistant && len(out.Messages) == 0:
		default:
			out.Messages = append(out.Messages, message{Role: string(m.Role), Content: contentOf(m)})
		}
	}
	out.System = strings.Join(system, "\n\n")
	return out
}
