package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
)

// CompletionReq is a question in the words of OpenAI's chat completions. Members of theirs that are not named here have no effect.
type CompletionReq struct {
	Model         string           `json:"model" minLength:"1" maxLength:"200" doc:"Id of a workspace, or its name where only one has it."`
	Messages      []CompletionTurn `json:"messages" minItems:"1" maxItems:"1000" nullable:"false" doc:"The conversation; the last message is the question, of the user. It is not stored, but the answer leaves a record, as others do. What the roles system and developer say is heeded in tone, length and form, never above the rules of the server; 4,000 characters of it count, and as many of each message before the question."`
	Stream        bool             `json:"stream,omitempty"`
	StreamOptions *StreamOptions   `json:"stream_options,omitempty"`

	MaxTokens           *int `json:"max_tokens,omitempty" nullable:"true" doc:"Bounds the length of the answer, beside the server's own bound; 0 or less is none."`
	MaxCompletionTokens *int `json:"max_completion_tokens,omitempty" nullable:"true" doc:"The newer name of max_tokens; the lesser one counts."`

	TopK   int        `json:"top_k,omitempty" minimum:"1" doc:"Extension: how many passages to read at most."`
	Filter *FilterReq `json:"filter,omitempty" doc:"Extension: narrows the search."`
	Guard  string     `json:"injection_filter,omitempty" enum:"off,mark,downrank,exclude" doc:"Extension: what becomes of passages that look like prompt injection."`
}

// StreamOptions are those of OpenAI.
type StreamOptions struct {
	IncludeUsage bool `json:"include_usage,omitempty" doc:"Send a last chunk that counts the tokens."`
}

// CompletionTurn is a message.
type CompletionTurn struct {
	Role    string         `json:"role" enum:"system,developer,user,assistant,tool,function"`
	Content CompletionText `json:"content,omitempty"`
}

// CompletionRes is an answer in the words of OpenAI's chat completions.
type CompletionRes struct {
	ID      string             `json:"id"`
	Object  string             `json:"object" enum:"chat.completion"`
	Created int64              `json:"created" doc:"Seconds since 1970."`
	Model   string             `json:"model"`
	Choices []CompletionChoice `json:"choices" nullable:"false"`
	Usage   *CompletionUsage   `json:"usage,omitempty" doc:"Missing where the model doesn't count tokens."`

	CompletionExtras
}

// CompletionExtras is what an answer has beyond OpenAI's.
type CompletionExtras struct {
	Citations []CitationRes `json:"citations" nullable:"false" doc:"What the markers such as [1] in the answer point at."`
	Sources   []string      `json:"sources" nullable:"false" doc:"Title and chunk index of every passage that was read."`
	Grounded  bool          `json:"grounded" doc:"Whether at least one citation supports the answer."`
	Evidence  bool          `json:"evidence" doc:"false: the documents don't answer, and the answer says so."`
	DegradedRes
}

// CompletionChoice is the one answer.
type CompletionChoice struct {
	Index        int               `json:"index"`
	Message      CompletionMessage `json:"message"`
	FinishReason string            `json:"finish_reason" enum:"stop,length"`
}

// CompletionMessage is what the assistant says.
type CompletionMessage struct {
	Role    string  `json:"role" enum:"assistant"`
	Content string  `json:"content" doc:"With markers such as [1] that citations explain."`
	Refusal *string `json:"refusal" nullable:"true"`
}

// CompletionUsage counts tokens.
type CompletionUsage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

func (s *Server) completions() {
	both(s, huma.Operation{
		OperationID: "create_chat_completion", Method: http.MethodPost, Path: "/chat/completions", Tags: []string{"openai"},
		Summary: "Answer a question, for clients of OpenAI's API",
		Description: "A workspace is a model. With `stream`, the answer comes as server-sent events of `chat.completion.chunk`, the last but " +
			"`[DONE]` with the citations. API keys are taken as bearer tokens too; errors have OpenAI's member `error` beside those of a problem.",
		Responses: map[string]*huma.Response{"200": {Description: "The answer, or the stream of its parts", Content: map[string]*huma.MediaType{
			"text/event-stream": s.eventStream(
				eventDoc{data: ChunkRes{}}, eventDoc{data: lastChunkRes{}}, eventDoc{data: lastWord}, eventDoc{data: chunkError{}},
			),
			"application/json": {Schema: s.schemaOf(CompletionRes{})},
		}}},
	}, access{permission: identity.QueryAsk, bearerKeys: true}, func(ctx context.Context, in *body[CompletionReq]) (*huma.StreamResponse, error) {
		q, err := s.completionQuestion(ctx, in.Body)
		if err != nil {
			return nil, err
		}
		c := &completion{id: "chatcmpl-" + uuid.NewString(), model: in.Body.Model, created: time.Now().Unix()}
		if in.Body.Stream {
			c.usage = in.Body.StreamOptions != nil && in.Body.StreamOptions.IncludeUsage
			return s.streamCompletion(ctx, c, q)
		}
		a, err := s.answer(ctx, q)
		if err != nil {
			return nil, err
		}
		s.noteDegraded(ctx, a.Trace.Degraded)
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			_, w := humago.Unwrap(hctx)
			writeJSON(w, c.whole(a))
		}}, nil
	})
}

// completionQuestion finds the question in a conversation. fault.Invalid when its last message is not the user's.
func (s *Server) completionQuestion(ctx context.Context, in CompletionReq) (chat.Question, error) {
	k, err := s.topK(in.TopK)
	if err != nil {
		return chat.Question{}, err
	}
	last := in.Messages[len(in.Messages)-1]
	if last.Role != string(llm.RoleUser) {
		return chat.Question{}, fault.Field("messages", "the last one must be the user's")
	}
	ws, err := s.modelWorkspace(ctx, in.Model)
	if err != nil {
		return chat.Question{}, err
	}
	q := chat.Question{
		Workspace: ws.ID, Text: string(last.Content), K: k, Filter: in.Filter.filter(), Guard: retrieval.Guard(in.Guard), History: []chat.Message{},
		MaxTokens: lesser(in.MaxTokens, in.MaxCompletionTokens),
	}
	var wishes []string
	for _, m := range in.Messages[:len(in.Messages)-1] {
		switch m.Role {
		case string(llm.RoleUser), string(llm.RoleAssistant):
			q.History = append(q.History, chat.Message{Role: llm.Role(m.Role), Text: string(m.Content)})
		case "system", "developer":
			wishes = append(wishes, string(m.Content))
		}
	}
	q.Wishes = strings.Join(wishes, "\n\n")
	return q, nil
}

// lesser is the lesser one of two bounds; 0 when there is none.
func lesser(a, b *int) int {
	least := 0
	for _, n := range []*int{a, b} {
		if n != nil && *n > 0 && (least == 0 || *n < least) {
			least = *n
		}
	}
	return least
}

// completion is an answer on its way to a client of OpenAI's API.
type completion struct {
	id      string
	model   string
	created int64
	usage   bool // the stream shall end with the usage
}

func (c *completion) whole(a chat.Answer) CompletionRes {
	return CompletionRes{
		ID: c.id, Object: "chat.completion", Created: c.created, Model: c.model, Usage: usageRes(a.Usage),
		Choices:          []CompletionChoice{{Message: CompletionMessage{Role: string(llm.RoleAssistant), Content: a.Text}, FinishReason: finishReason(a)}},
		CompletionExtras: extrasRes(a),
	}
}

// finishReason is OpenAI's word for why an answer ended.
func finishReason(a chat.Answer) string {
	if a.Cut {
		return "length"
	}
	return "stop"
}

func extrasRes(a chat.Answer) CompletionExtras {
	return CompletionExtras{
		Citations: citationsRes(a.Citations), Sources: sourceNames(a.Sources), Grounded: a.Grounded, Evidence: a.Evidence,
		DegradedRes: degradedRes(a.Trace.Degraded),
	}
}

func usageRes(u *llm.Usage) *CompletionUsage {
	if u == nil {
		return nil
	}
	return &CompletionUsage{Prompt: u.InputTokens, Completion: u.OutputTokens, Total: u.InputTokens + u.OutputTokens}
}
