package httpapi

import (
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/retrieval"
)

// TraceRes says how a result came about.
type TraceRes struct {
	Language    string       `json:"language"`
	Terms       []TermRes    `json:"terms" nullable:"false" doc:"Words that were looked up, each with its forms in the index."`
	Lexical     ArmRes       `json:"lexical"`
	Dense       ArmRes       `json:"dense"`
	Space       string       `json:"embedding_space" doc:"The one that the dense arm looked in; empty when there was none."`
	Degraded    []LackRes    `json:"degraded,omitempty" nullable:"false" doc:"Steps that were done without, and why."`
	Unserved    string       `json:"unserved_space,omitempty" doc:"The one that it should have looked in; no model is configured for it, so only words were looked for."`
	EmbedMS     float64      `json:"embed_ms"`
	Fusion      string       `json:"fusion" enum:"scores,ranks" doc:"How the rankings of the arms were made one."`
	Fused       int          `json:"fused" doc:"Candidates after fusion."`
	FusionMS    float64      `json:"fusion_ms"`
	Fetched     int          `json:"fetched" doc:"Candidates that were read for the later steps."`
	FetchMS     float64      `json:"fetch_ms"`
	Reranked    bool         `json:"reranked" doc:"Whether the reranker ordered them."`
	Rerank      RerankRes    `json:"rerank"`
	Diversified bool         `json:"diversified"`
	DiversifyMS float64      `json:"diversify_ms"`
	Guard       string       `json:"injection_filter" doc:"What became of suspicious matches."`
	Suspicious  int          `json:"suspicious" doc:"Matches that look like prompt injection, or with exclude candidates."`
	GuardMS     float64      `json:"injection_filter_ms"`
	Matches     []MatchTrace `json:"matches" nullable:"false" doc:"How each match came to its place, in their order."`
	TotalMS     float64      `json:"total_ms"`
}

// LackRes is a step that was done without.
type LackRes struct {
	Step   string `json:"step" enum:"dense,rerank"`
	Reason string `json:"reason" example:"provider_down" doc:"timeout, not_configured, wrong_scores, space_dimension (another model answers in the place of the embedding model), or what else went wrong with the model."`
}

// TermRes is a word that was looked up.
type TermRes struct {
	Forms  []string `json:"forms" nullable:"false"`
	Weight float64  `json:"weight"`
}

// ArmRes is what one way of looking found.
type ArmRes struct {
	Found  []ScoredRes `json:"found" nullable:"false" doc:"Best first."`
	Weight float64     `json:"weight" doc:"How much its ranking counted in fusion."`
	MS     float64     `json:"ms"`
}

// ScoredRes is a candidate with its score on the arm's scale.
type ScoredRes struct {
	ChunkID uuid.UUID `json:"chunk_id" format:"uuid"`
	Score   float64   `json:"score"`
}

// RerankRes is what became of letting a model order the candidates.
type RerankRes struct {
	Model      string  `json:"model,omitempty" doc:"Not there when none was to be asked."`
	Candidates int     `json:"candidates" doc:"That it was given."`
	Reason     string  `json:"reason,omitempty" doc:"Why the order of fusion was kept though the matches were to be reranked: not_configured, timeout, wrong_scores, or what went wrong with the model, such as provider_busy."`
	MS         float64 `json:"ms"`
}

// MatchTrace is where each step ranked a match. A step that had nothing to do with it is not there.
type MatchTrace struct {
	ChunkID uuid.UUID `json:"chunk_id" format:"uuid"`
	Lexical *PlaceRes `json:"lexical,omitempty"`
	Dense   *PlaceRes `json:"dense,omitempty"`
	Fused   *PlaceRes `json:"fused,omitempty"`
	Rerank  *PlaceRes `json:"rerank,omitempty"`
	Context string    `json:"context,omitempty" doc:"What a model wrote to place the chunk in its document; the chunk is found by these words too. They are no part of the document."`
}

// PlaceRes is a place in the ranking of a step.
type PlaceRes struct {
	Rank  int     `json:"rank" doc:"From 1."`
	Score float64 `json:"score" doc:"On the step's own scale."`
}

func traceRes(t retrieval.Trace) *TraceRes {
	r := t.Reranking
	out := &TraceRes{
		Language: string(t.Language), Terms: []TermRes{}, Lexical: armRes(t.Lexical), Dense: armRes(t.Dense),
		Space: t.Space, Unserved: t.Unserved, EmbedMS: millis(t.Embedding),
		Fusion: string(t.Fusion), Fused: t.Fused, FusionMS: millis(t.Fusing), Fetched: t.Fetched, FetchMS: millis(t.Fetching),
		Reranked: r.Applied, Rerank: RerankRes{Model: r.Model, Candidates: r.Candidates, Reason: r.Failed, MS: millis(r.Took)},
		Diversified: t.Diversified, DiversifyMS: millis(t.Diversifying),
		Guard: string(t.Guard), Suspicious: t.Suspicious, GuardMS: millis(t.Guarding), Matches: matchTraces(t.Paths), TotalMS: millis(t.Took),
	}
	for _, l := range t.Degraded {
		out.Degraded = append(out.Degraded, LackRes{string(l.Step), l.Reason})
	}
	for _, g := range t.Terms {
		out.Terms = append(out.Terms, TermRes{Forms: g.Alternatives, Weight: g.Weight})
	}
	return out
}

func armRes(a retrieval.Arm) ArmRes {
	out := ArmRes{Found: make([]ScoredRes, len(a.Found)), Weight: a.Weight, MS: millis(a.Took)}
	for i, f := range a.Found {
		out.Found[i] = ScoredRes{ChunkID: f.Chunk, Score: f.Score}
	}
	return out
}

func matchTraces(paths []retrieval.Path) []MatchTrace {
	out := make([]MatchTrace, len(paths))
	for i, p := range paths {
		out[i] = MatchTrace{
			ChunkID: p.Chunk, Lexical: placeRes(p.Lexical), Dense: placeRes(p.Dense), Fused: placeRes(p.Fused), Rerank: placeRes(p.Reranking),
			Context: p.Context,
		}
	}
	return out
}

func placeRes(p retrieval.Place) *PlaceRes {
	if p.Rank == 0 {
		return nil
	}
	return &PlaceRes{Rank: p.Rank, Score: p.Score}
}
