package httpapi

import (
	"context"
	"math"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
)

// FilterReq narrows a search; all that is given must hold.
type FilterReq struct {
	DocumentIDs []uuid.UUID       `json:"document_ids,omitempty" maxItems:"1000" doc:"Any of these."`
	Tags        []string          `json:"tags,omitempty" maxItems:"50" doc:"All of these."`
	MimeTypes   []string          `json:"mime_types,omitempty" maxItems:"50" doc:"Any of these."`
	Sources     []string          `json:"sources,omitempty" maxItems:"50" doc:"Any of these, exactly."`
	Languages   []string          `json:"languages,omitempty" maxItems:"10" doc:"Any of these: en, es, pt, fr, de, it, simple."`
	Metadata    map[string]string `json:"metadata,omitempty" doc:"All of these members of metadata, as strings."`
}

func (f *FilterReq) filter() retrieval.Filter {
	if f == nil {
		return retrieval.Filter{}
	}
	out := retrieval.Filter{
		Documents: f.DocumentIDs, Tags: f.Tags, MediaTypes: f.MimeTypes, Sources: f.Sources, Metadata: f.Metadata,
	}
	for _, l := range f.Languages {
		out.Languages = append(out.Languages, text.ParseLanguage(l))
	}
	return out
}

// QueryReq is what to look for.
type QueryReq struct {
	Query  string     `json:"query" minLength:"1" doc:"Words in quotation marks must stand in a match one after the other; word* stands for all words that begin so."`
	TopK   int        `json:"top_k,omitempty" default:"5" minimum:"1" doc:"How many matches at most."`
	UseMMR bool       `json:"use_mmr,omitempty" doc:"Prefer matches that differ from each other."`
	Filter *FilterReq `json:"filter,omitempty"`
	Trace  bool       `json:"trace,omitempty" doc:"Say how the result came about."`
	Guard  string     `json:"injection_filter,omitempty" enum:"off,mark,downrank,exclude" doc:"What becomes of matches that look like prompt injection: nobody looks, they are marked, they come last, or others take their places. Defaults to the setting of the server."`
}

// MatchRes is a chunk that was found.
type MatchRes struct {
	ChunkID       uuid.UUID `json:"chunk_id" format:"uuid"`
	DocumentID    uuid.UUID `json:"document_id" format:"uuid"`
	DocumentTitle string    `json:"document_title"`
	Content       string    `json:"content"`
	Score         float64   `json:"score" doc:"Comparable within one result only."`
	ChunkIndex    int       `json:"chunk_index"`
	Page          int       `json:"page" doc:"Page on which the chunk begins; 0 where the format has none."`
	RowFrom       int       `json:"row_from,omitempty" doc:"Row of the sheet, or record of the file, with which the chunk begins; not there where the format has none."`
	RowTo         int       `json:"row_to,omitempty" doc:"The one with which it ends."`
	Start         int       `json:"start" doc:"First byte in the normalised text of the document."`
	End           int       `json:"end" doc:"Byte after the last."`
	Section       []string  `json:"section" nullable:"false" doc:"Titles of the sections that the chunk is in, the topmost first."`
	SectionStart  int       `json:"section_start" doc:"First byte of the innermost of these sections, which is its heading's."`
	SectionEnd    int       `json:"section_end" doc:"Byte after the section and those within it; 0, like the first one, where the chunk is in none."`
	RiskRes
}

// RiskRes says what a passage shows of prompt injection. All is empty where nobody looked.
type RiskRes struct {
	RiskScore float64  `json:"risk_score" doc:"0 to 1: how much the passage looks like an attempt to give orders to a language model."`
	Flags     []string `json:"security_flags" nullable:"false" doc:"What the attempt is after, when the risk is at or above the limit: instruction_override, exfiltration_attempt, policy_override, tool_abuse, concealment."`
	Patterns  []string `json:"detected_patterns" nullable:"false" doc:"What the score is made of."`
}

func riskRes(h retrieval.Hit) RiskRes {
	out := RiskRes{RiskScore: math.Round(h.Verdict.Score*1e4) / 1e4, Flags: []string{}, Patterns: []string{}}
	for _, p := range h.Verdict.Patterns {
		out.Patterns = append(out.Patterns, string(p))
	}
	if h.Suspicious {
		out.Flags = append(out.Flags, h.Verdict.Flags()...)
	}
	return out
}

// QueryRes is what was found, best first.
type QueryRes struct {
	Matches []MatchRes `json:"matches" nullable:"false"`
	Trace   *TraceRes  `json:"trace,omitempty"`
}

// TraceRes says how a result came about.
type TraceRes struct {
	Language    string    `json:"language"`
	Terms       []TermRes `json:"terms" nullable:"false" doc:"Words that were looked up, each with its forms in the index."`
	Lexical     ArmRes    `json:"lexical"`
	Dense       ArmRes    `json:"dense"`
	Space       string    `json:"embedding_space" doc:"The one that the dense arm looked in; empty when there was none."`
	Unserved    string    `json:"unserved_space,omitempty" doc:"The one that it should have looked in; no model is configured for it, so only words were looked for."`
	EmbedMS     float64   `json:"embed_ms"`
	Fused       int       `json:"fused" doc:"Candidates after fusion."`
	Diversified bool      `json:"diversified"`
	Reranked    bool      `json:"reranked"`
	Guard       string    `json:"injection_filter" doc:"What became of suspicious candidates."`
	Suspicious  int       `json:"suspicious" doc:"Candidates that look like prompt injection."`
	TotalMS     float64   `json:"total_ms"`
}

// TermRes is a word that was looked up.
type TermRes struct {
	Forms  []string `json:"forms" nullable:"false"`
	Weight float64  `json:"weight"`
}

// ArmRes is what one way of looking found.
type ArmRes struct {
	Found []ScoredRes `json:"found" nullable:"false"`
	MS    float64     `json:"ms"`
}

// ScoredRes is a candidate with its score on the arm's scale.
type ScoredRes struct {
	ChunkID uuid.UUID `json:"chunk_id" format:"uuid"`
	Score   float64   `json:"score"`
}

func (s *Server) query() {
	both(s, huma.Operation{
		OperationID: "query_workspace", Method: http.MethodPost, Path: "/workspaces/{workspace_id}/query", Tags: []string{"query"},
		Summary: "Find the passages that answer a query",
	}, access{permission: identity.QuerySearch}, func(ctx context.Context, in *struct {
		WorkspacePath

		Body QueryReq
	},
	) (*body[QueryRes], error) {
		k, err := s.topK(in.Body.TopK)
		if err != nil {
			return nil, err
		}
		found, err := s.app.Search.Search(ctx, actorOf(ctx), in.WorkspaceID, retrieval.Query{
			Text: in.Body.Query, K: k, Diverse: in.Body.UseMMR, Filter: in.Body.Filter.filter(), Guard: retrieval.Guard(in.Body.Guard),
		})
		if err != nil {
			return nil, err
		}
		out := QueryRes{Matches: make([]MatchRes, len(found.Hits))}
		for i, h := range found.Hits {
			out.Matches[i] = matchRes(h)
		}
		if in.Body.Trace {
			out.Trace = traceRes(found.Trace)
		}
		return &body[QueryRes]{out}, nil
	})
}

// topK holds a client to the limit; 0 means the default.
func (s *Server) topK(k int) (int, error) {
	if k == 0 {
		k = min(5, s.opts.MaxTopK)
	}
	if k > s.opts.MaxTopK {
		return 0, fault.Field("top_k", "is greater than the limit")
	}
	return k, nil
}

func matchRes(h retrieval.Hit) MatchRes {
	return MatchRes{
		ChunkID: h.ID, DocumentID: h.Document, DocumentTitle: h.Title, Content: h.Text, Score: h.Score, ChunkIndex: h.Ordinal,
		Page: h.PageFrom, RowFrom: h.RowFrom, RowTo: h.RowTo, Start: h.Span.Start, End: h.Span.End, Section: append([]string{}, h.Headings...),
		SectionStart: h.Section.Start, SectionEnd: h.Section.End, RiskRes: riskRes(h),
	}
}

func traceRes(t retrieval.Trace) *TraceRes {
	out := &TraceRes{
		Language: string(t.Language), Terms: []TermRes{}, Lexical: armRes(t.Lexical), Dense: armRes(t.Dense),
		Space: t.Space, Unserved: t.Unserved, EmbedMS: millis(t.Embedding), Fused: t.Fused, Diversified: t.Diversified, Reranked: t.Reranked,
		Guard: string(t.Guard), Suspicious: t.Suspicious, TotalMS: millis(t.Took),
	}
	for _, g := range t.Terms {
		out.Terms = append(out.Terms, TermRes{Forms: g.Alternatives, Weight: g.Weight})
	}
	return out
}

func armRes(a retrieval.Arm) ArmRes {
	out := ArmRes{Found: make([]ScoredRes, len(a.Found)), MS: millis(a.Took)}
	for i, f := range a.Found {
		out.Found[i] = ScoredRes{ChunkID: f.Chunk, Score: f.Score}
	}
	return out
}
