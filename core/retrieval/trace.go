package retrieval

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/text"
)

// Trace says how a result came about.
type Trace struct {
	Language     text.Language // the query's, as its words were analysed
	Terms        []TermGroup   // what was looked up by words
	Lexical      Arm
	Dense        Arm
	Degraded     []Lack        // what was done without since a model is away; usually nothing
	Space        string        // the embedding space that the dense arm looked in; empty when there was none
	Unserved     string        // the one that it should have looked in, when no model is configured for it; usually empty
	Embedding    time.Duration // what embedding the query took
	Fusion       Fusion        // how the arms' rankings were made one
	Fused        int           // candidates after fusion
	Fusing       time.Duration // what making one ranking of several took
	Fetched      int           // candidates that were read
	Fetching     time.Duration // what reading them took, and with GuardExclude judging
	Reranking    Reranking
	Diversified  bool
	Diversifying time.Duration // what that took
	Guard        Guard         // what became of suspicious candidates
	Suspicious   int           // hits that look like prompt injection, or with GuardExclude candidates
	Guarding     time.Duration // what judging hits took
	Paths        []Path        // how the hits came to their places, one for each, in their order
	Took         time.Duration // all of it
}

// Step is a step of a search that takes a model.
type Step string

// The steps. A search goes on without any of them, except by vectors alone.
const (
	StepDense  Step = "dense"  // looking up by meaning: hits are those that words find
	StepRerank Step = "rerank" // hits keep the order of fusion
)

// Lack is a step that was done without.
type Lack struct {
	Step   Step
	Reason string // ModelTimeout and the like, or the reason of the model's error, such as provider_down
	Err    error  // for operators; nil when there is nothing more to say
}

// lacks notes that a step was done without.
func (f *finder) lacks(s Step, reason string, err error) {
	f.trace.Degraded = append(f.trace.Degraded, Lack{s, reason, err})
}

// Arm is what one way of looking returned.
type Arm struct {
	Found  []Scored // best first
	Weight float64  // how much its ranking counted in fusion
	Took   time.Duration
}

// Reranking is what became of letting a model order the candidates.
type Reranking struct {
	Applied    bool
	Model      string // "" when no reranker was to be asked
	Candidates int    // that it was given
	Failed     string // why the order of fusion was kept though the hits were to be reranked; usually empty
	Took       time.Duration
}

// Path is how a hit came to its place.
type Path struct {
	Chunk                            uuid.UUID
	Lexical, Dense, Fused, Reranking Place
	Context                          string // Chunk.Context
}

// Place is where a step ranked a chunk; its zero value means that the step had nothing to do with it.
type Place struct {
	Rank  int     // from 1
	Score float64 // on the step's own scale
}

// paths follows hits back through the steps.
func (f *finder) paths(hits []Hit) []Path {
	out := make([]Path, len(hits))
	for i, h := range hits {
		out[i] = Path{
			Chunk: h.ID, Lexical: placeIn(f.trace.Lexical.Found, h.ID), Dense: placeIn(f.trace.Dense.Found, h.ID),
			Fused: placeIn(f.fused, h.ID), Reranking: placeIn(f.ordered, h.ID),
			Context: h.Context,
		}
	}
	return out
}

func placeIn(ranking []Scored, chunk uuid.UUID) Place {
	at := slices.IndexFunc(ranking, func(s Scored) bool { return s.Chunk == chunk })
	if at < 0 {
		return Place{}
	}
	return Place{Rank: at + 1, Score: ranking[at].Score}
}
