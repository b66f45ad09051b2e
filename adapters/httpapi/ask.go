package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
)

// AskReq is a question.
type AskReq struct {
	Query          string     `json:"query" minLength:"1"`
	TopK           int        `json:"top_k,omitempty" minimum:"1" doc:"How many passages to read at most; where it is not said, as in query. The same holds for what follows."`
	UseMMR         *bool      `json:"use_mmr,omitempty" doc:"Prefer passages that differ from each other."`
	Rerank         *bool      `json:"rerank,omitempty" doc:"Let the reranker order the passages, where the server has one."`
	ConversationID *string    `json:"conversation_id,omitempty" nullable:"true" maxLength:"100" doc:"Goes on with a conversation of the caller's; one that isn't begins anew."`
	Filter         *FilterReq `json:"filter,omitempty"`
	Guard          string     `json:"injection_filter,omitempty" enum:"off,mark,downrank,exclude" doc:"What becomes of passages that look like prompt injection; as in query."`
	Trace          bool       `json:"trace,omitempty" doc:"Say how the passages were found; not for streams."`
	ExpandReq
}

// AskRes is an answer.
type AskRes struct {
	Answer         string        `json:"answer" doc:"With markers such as [1] that citations explain."`
	Sources        []string      `json:"sources" nullable:"false" doc:"Title and chunk index of every passage that was read."`
	ConversationID string        `json:"conversation_id"`
	MessageID      uuid.UUID     `json:"message_id" format:"uuid" doc:"Of the answer in the conversation."`
	Citations      []CitationRes `json:"citations" nullable:"false"`
	Grounded       bool          `json:"grounded" doc:"Whether at least one citation supports the answer."`
	Evidence       bool          `json:"evidence" doc:"false: the documents don't answer, and the answer says so."`
	Suspicious     []int         `json:"suspicious_sources" nullable:"false" doc:"Numbers of the sources that look like prompt injection."`
	Refused        bool          `json:"refused" doc:"The model answered, but the documents support none of it, and the workspace's policy is strict."`
	Sentences      []SentenceRes `json:"sentences" nullable:"false" doc:"Of the answer; none where the workspace's policy is off."`
	Policy         string        `json:"policy" enum:"strict,annotate,off" doc:"The workspace's policy of answers."`
	Cut            bool          `json:"cut" doc:"The model stopped before the end, since an answer must not be longer."`
	Language       string        `json:"language"`
	Model          string        `json:"model"`
	PromptVersion  string        `json:"prompt_version"`
	Trace          *AskTraceRes  `json:"trace,omitempty"`
	DegradedRes
}

// SentenceRes is a sentence of an answer.
type SentenceRes struct {
	Start     int     `json:"start" doc:"First byte in the answer."`
	End       int     `json:"end" doc:"Byte after the last."`
	Supported bool    `json:"supported" doc:"A citation covers at least half of its words, its numbers stand in what is cited, and neither denies what the other says."`
	Score     float64 `json:"score" doc:"Of its best citation; 0 without any."`
}

// AskTraceRes says how the passages were found.
type AskTraceRes struct {
	TraceRes

	Rewrite      RewriteRes `json:"rewrite"`
	GenerationMS float64    `json:"generation_ms"`
}

// RewriteRes is what became of the question before it was searched for.
type RewriteRes struct {
	OriginalQuery  string  `json:"original_query"`
	RewrittenQuery string  `json:"rewritten_query" doc:"What was searched for."`
	RewriteApplied bool    `json:"rewrite_applied"`
	RewriteReason  string  `json:"rewrite_reason" example:"context_expanded"`
	By             string  `json:"by" enum:"words,model," doc:"Who made it; empty when nobody did."`
	MS             float64 `json:"ms"`
}

// CitationRes points at the text that supports a claim. quote is, byte for byte, the document's normalised text from start
// to end, unless it is withheld.
type CitationRes struct {
	Marker        int       `json:"marker" doc:"Number in the answer."`
	DocumentID    uuid.UUID `json:"document_id" format:"uuid"`
	DocumentTitle string    `json:"document_title"`
	ChunkID       uuid.UUID `json:"chunk_id" format:"uuid"`
	Page          int       `json:"page" doc:"0 where the format has no pages."`
	Start         int       `json:"start" doc:"First byte."`
	End           int       `json:"end" doc:"Byte after the last."`
	Quote         string    `json:"quote"`
	Score         float64   `json:"score" doc:"How much of the claim the quote covers, 0 to 1."`
	Withheld      bool      `json:"withheld,omitempty" doc:"The document is deleted, or the caller may not read it any more: only marker and document_id are told."`
}

func (s *Server) ask() {
	both(s, huma.Operation{
		OperationID: "ask_workspace", Method: http.MethodPost, Path: "/workspaces/{workspace_id}/ask", Tags: []string{"query"},
		Summary: "Answer a question from the documents, with citations",
	}, access{permission: identity.QueryAsk}, func(ctx context.Context, in *struct {
		WorkspacePath

		Body AskReq
	},
	) (*body[AskRes], error) {
		q, err := s.question(in.WorkspaceID, in.Body)
		if err != nil {
			return nil, err
		}
		a, err := s.answer(ctx, q)
		if err != nil {
			return nil, err
		}
		s.noteDegraded(ctx, a.Trace.Degraded)
		out := askRes(a)
		if in.Body.Trace {
			out.Trace = askTraceRes(in.Body.Query, a)
		}
		return &body[AskRes]{out}, nil
	})
}

func (s *Server) question(ws uuid.UUID, in AskReq) (chat.Question, error) {
	k, err := s.topK(in.TopK)
	q := chat.Question{
		Workspace: ws, Text: in.Query, K: k, Diverse: in.UseMMR, Rerank: in.Rerank, Filter: in.Filter.filter(), Guard: retrieval.Guard(in.Guard),
		Expand: retrieval.Expansion(in.Expand), Room: in.Chars,
	}
	if in.ConversationID != nil {
		if id, perr := uuid.Parse(*in.ConversationID); perr == nil {
			q.Conversation = id
		}
	}
	return q, err
}

func askRes(a chat.Answer) AskRes {
	return AskRes{
		Answer: a.Text, Sources: sourceNames(a.Sources), ConversationID: a.Conversation.String(), MessageID: a.ID, Citations: citationsRes(a.Citations),
		Grounded: a.Grounded, Evidence: a.Evidence, Suspicious: suspicious(a.Sources),
		Refused: a.Refused, Cut: a.Cut, Sentences: sentencesRes(a.Sentences),
		Policy: string(a.Policy), Language: string(a.Language), Model: a.Model, PromptVersion: a.Prompt,
		DegradedRes: degradedRes(a.Trace.Degraded),
	}
}

func sentencesRes(ss []chat.Sentence) []SentenceRes {
	out := make([]SentenceRes, len(ss))
	for i, s := range ss {
		out[i] = SentenceRes{Start: s.Span.Start, End: s.Span.End, Supported: s.Supported, Score: s.Score}
	}
	return out
}

func askTraceRes(query string, a chat.Answer) *AskTraceRes {
	r := a.Rewrite
	return &AskTraceRes{TraceRes: *traceRes(a.Trace), GenerationMS: millis(a.Generating), Rewrite: RewriteRes{
		OriginalQuery: query, RewrittenQuery: r.Query, RewriteApplied: r.Applied, RewriteReason: r.Reason, By: string(r.By), MS: millis(r.Took),
	}}
}

func citationsRes(cs []chat.Citation) []CitationRes {
	out := make([]CitationRes, len(cs))
	for i, c := range cs {
		out[i] = CitationRes{
			Marker: c.Marker, DocumentID: c.Document, DocumentTitle: c.Title, ChunkID: c.Chunk, Page: c.Page,
			Start: c.Span.Start, End: c.Span.End, Quote: c.Quote, Score: c.Score, Withheld: c.Withheld,
		}
	}
	return out
}

// sourceNames is how sources are named for clients that show them as they are.
func sourceNames(hits []retrieval.Hit) []string {
	out := make([]string, len(hits))
	for i, h := range hits {
		out[i] = strings.TrimSpace(fmt.Sprintf("%s#%d", h.Title, h.Ordinal))
	}
	return out
}

// suspicious lists the numbers of the sources that look like prompt injection.
func suspicious(hits []retrieval.Hit) []int {
	out := []int{}
	for i, h := range hits {
		if h.Suspicious {
			out = append(out, i+1)
		}
	}
	return out
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
