package gemini

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
	path   string
}

var _ llm.Generator = (*Generator)(nil)

// NewGenerator makes a Generator; it does not call the API. fault.Invalid as in NewEmbedder.
func NewGenerator(m Model, o *Options) (*Generator, error) {
	client, path, err := connect(m, o.withDefaults())
	if err != nil {
		return nil, err
	}
	return &Generator{client: client, path: path}, nil
}

// Model implements llm.Generator.
func (g *Generator) Model() string { return g.client.Name() }

// Generate implements llm.Generator. A piece without text and usage says that the model is at work. Besides the errors of the
// port, fault.Invalid with the reason "blocked" when Google's policy forbids the question or the answer, and an error
// without a kind when the API refuses the request as wrong.
func (g *Generator) Generate(ctx context.Context, r llm.Request) iter.Seq2[llm.Piece, error] {
	return g.client.Write(ctx, g.path+":streamGenerateContent?alt=sse", request(r), &answer{client: g.client})
}

type content struct {
	Role  string `json:"role,omitempty"`
	Parts []part `json:"parts"`
}

type part struct {
	Text    string `json:"text"`
	Thought bool   `json:"thought,omitempty"`
}

type generateRequest struct {
	System   *content          `json:"systemInstruction,omitempty"`
	Contents []content         `json:"contents"`
	Config   *generationConfig `json:"generationConfig,omitempty"`
}

type generationConfig struct {
	MaxTokens int `json:"maxOutputTokens"`
}

// request translates messages. The API has one instruction instead of system messages, calls the assistant "model", and
// refuses turns without text.
func request(r llm.Request) generateRequest {
	var out generateRequest
	for _, m := range r.Messages {
		said := part{Text: m.Text}
		switch {
		case strings.TrimSpace(m.Text) == "":
		case m.Role == llm.RoleSystem && out.System == nil:
			out.System = &content{Parts: []part{said}}
		case m.Role == llm.RoleSystem:
			out.System.Parts = append(out.System.Parts, said)
		case m.Role == llm.RoleAssistant:
			out.Contents = append(out.Contents, content{Role: "model", Parts: []part{said}})
		default:
			out.Contents = append(out.Contents, content{Role: "user", Parts: []part{said}})
		}
	}
	if r.MaxTokens > 0 {
		out.Config = &generationConfig{MaxTokens: r.MaxTokens}
	}
	return out
}
