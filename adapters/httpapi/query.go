package httpapi

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/guard"
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
	Metadata    map[string]string `json:"metadata,omitempty" maxProperties:"50" doc:"All of these members of metadata, as strings."`
	From        time.Time         `json:"created_from,omitzero" doc:"Documents that came at this time or later."`
	Before      time.Time         `json:"created_before,omitzero" doc:"Documents that came before this time."`
}

func (f *FilterReq) filter() retrieval.Filter {
	if f == nil {
		return retrieval.Filter{}
	}
	out := retrieval.Filter{
		Documents: f.DocumentIDs, Tags: f.Tags, MediaTypes: f.MimeTypes, Sources: f.Sources, Metadata: f.Metadata,
		From: f.From, To: f.Before,
	}
	for _, l := range f.Languages {
		known := text.ParseLanguage(l)
		if known == text.Simple {
			known = text.Language(l) // which is refused unless it is just that: simple must not be what a slip of the pen finds
		}
		out.Languages = append(out.Languages, known)
	}
	return out
}

// QueryReq is what to look for.
type QueryReq struct {
	Query  string     `json:"query" minLength:"1" doc:"Words in quotation marks must stand in a match one after the other; word* stands for all words that begin so."`
	TopK   int        `json:"top_k,omitempty" minimum:"1" doc:"How many matches at most. As what follows but for filter and trace, it defaults to what the workspace's retrieval says, or else to the server's setting, which for this is 5."`
	UseMMR *bool      `json:"use_mmr,omitempty" doc:"Prefer matches that differ from each other."`
	Rerank *bool      `json:"rerank,omitempty" doc:"Let the reranker order the matches, where the server has one."`
	Fusion string     `json:"fusion,omitempty" enum:"scores,ranks" doc:"How the rankings by words and by meaning are made one: normalised scores are added, or reciprocal ranks."`
	Weight *float64   `json:"dense_weight,omitempty" minimum:"0" maximum:"1" doc:"How much the ranking by meaning counts against the one by words, which counts 1. Without anybody saying it, it is up to the model."`
	Guard  string     `json:"injection_filter,omitempty" enum:"off,mark,downrank,exclude" doc:"What becomes of matches that look like prompt injection: nobody looks, they are marked, they come last, or others take their places."`
	Tiers  bool       `json:"two_tier,omitempty" doc:"Rank sections first: a match gains by what else of its section matches. A document without sections counts as one."`
	Filter *FilterReq `json:"filter,omitempty"`
	Trace  bool       `json:"trace,omitempty" doc:"Say how the result came about."`
	ExpandReq
}

func (in QueryReq) query(k int) retrieval.Query {
	return retrieval.Query{
		Text: in.Query, K: k, Diverse: in.UseMMR, Rerank: in.Rerank, Fusion: retrieval.Fusion(in.Fusion), DenseWeight: in.Weight,
		Filter: in.Filter.filter(), Guard: retrieval.Guard(in.Guard),
		Expand: retrieval.Expansion(in.Expand), Room: in.Chars, TwoTier: in.Tiers,
	}
}

// ExpandReq asks for what is around hits.
type ExpandReq struct {
	Expand string `json:"expand,omitempty" enum:"none,neighbours,section" default:"none" doc:"What of the text around hits comes with them: nothing, up to the next chunk on either side, or up to the ends of the section (of the document, where a hit is in none). Hits whose surroundings overlap share them."`
	Chars  int    `json:"expand_chars,omitempty" default:"2000" minimum:"1" maximum:"20000" doc:"With expand, how many characters a hit has at most with its surroundings, which begin and end with sentences. A hit that is longer stays whole."`
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

func riskRes(v guard.Verdict, suspicious bool) RiskRes {
	out := RiskRes{RiskScore: math.Round(v.Score*1e4) / 1e4, Flags: []string{}, Patterns: []string{}}
	for _, p := range v.Patterns {
		out.Patterns = append(out.Patterns, string(p))
	}
	if suspicious {
		out.Flags = append(out.Flags, v.Flags()...)
	}
	return out
}

// QueryRes is what was found, best first.
type QueryRes struct {
	Matches  []MatchRes   `json:"matches" nullable:"false"`
	Passages []PassageRes `json:"passages,omitempty" doc:"With expand, the matches with what is around them; each match is in exactly one."`
	Trace    *TraceRes    `json:"trace,omitempty"`
	DegradedRes
}

// PassageRes is one match, or several of the same text, with what is around.
type PassageRes struct {
	DocumentID uuid.UUID `json:"document_id" format:"uuid"`
	Start      int       `json:"start" doc:"First byte in the normalised text of the document."`
	End        int       `json:"end" doc:"Byte after the last."`
	Page       int       `json:"page" doc:"Page on which the passage begins; 0 where the format has none."`
	Content    string    `json:"content" doc:"Byte for byte the normalised text from start to end."`
	Matches    []int     `json:"matches" nullable:"false" doc:"Places of its matches in the list of matches, from 0."`
	RiskRes
}

func passagesRes(passages []retrieval.Passage) []PassageRes {
	var out []PassageRes
	for _, p := range passages {
		res := PassageRes{
			DocumentID: p.Document, Start: p.Span.Start, End: p.Span.End, Content: p.Text, Matches: p.Hits, RiskRes: riskRes(p.Verdict, p.Suspicious),
		}
		if len(p.Pages) > 0 {
			res.Page = p.Pages[0].Number
		}
		out = append(out, res)
	}
	return out
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
		found, err := s.app.Search.Search(ctx, actorOf(ctx), in.WorkspaceID, in.Body.query(k))
		if err != nil {
			return nil, err
		}
		s.noteDegraded(ctx, found.Trace.Degraded)
		out := QueryRes{
			Matches: make([]MatchRes, len(found.Hits)), Passages: passagesRes(found.Passages), DegradedRes: degradedRes(found.Trace.Degraded),
		}
		for i, h := range found.Hits {
			out.Matches[i] = matchRes(h)
		}
		if in.Body.Trace {
			out.Trace = traceRes(found.Trace)
		}
		return &body[QueryRes]{out}, nil
	})
}

// topK holds a client to the limit; 0 leaves it to the workspace.
func (s *Server) topK(k int) (int, error) {
	if k > s.opts.MaxTopK {
		return 0, fault.Field("top_k", "is greater than the limit")
	}
	return k, nil
}

func matchRes(h retrieval.Hit) MatchRes {
	return MatchRes{
		ChunkID: h.ID, DocumentID: h.Document, DocumentTitle: h.Title, Content: h.Text, Score: h.Score, ChunkIndex: h.Ordinal,
		Page: h.PageFrom, RowFrom: h.RowFrom, RowTo: h.RowTo, Start: h.Span.Start, End: h.Span.End, Section: append([]string{}, h.Headings...),
		SectionStart: h.Section.Start, SectionEnd: h.Section.End, RiskRes: riskRes(h.Verdict, h.Suspicious),
	}
}
