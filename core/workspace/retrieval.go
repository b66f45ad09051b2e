package workspace

import (
	"slices"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Retrieval says how a workspace is searched where a query doesn't say it. What isn't set is up to the service that searches.
type Retrieval struct {
	TopK        int      // hits of a query, at most MaxTopK; 0 is not set
	Fusion      Fusion   // how the rankings by words and by meaning are made one; "" is not set
	DenseWeight *float64 // how much the ranking by meaning counts against the one by words, which counts 1; 0 to 1
	Diverse     *bool    // prefer hits that differ from each other
	Rerank      *bool    // let the reranker order the hits, where there is one
	Guard       Guard    // what becomes of hits that look like prompt injection; "" is not set
}

// MaxTopK is the most hits that Retrieval.TopK may ask for.
const MaxTopK = 50

// Fusion is a way to make one ranking of several.
type Fusion string

// The ways.
const (
	FusedScores Fusion = "scores" // normalised scores are added
	FusedRanks  Fusion = "ranks"  // reciprocal ranks are added
)

// Fusions lists all ways.
func Fusions() []Fusion { return []Fusion{FusedScores, FusedRanks} }

// Guard says what becomes of passages that look like prompt injection.
type Guard string

// What may become of them. Except with GuardOff, they are marked.
const (
	GuardOff      Guard = "off"      // nobody looks
	GuardMark     Guard = "mark"     // they are told from the others
	GuardDownrank Guard = "downrank" // they come after the others
	GuardExclude  Guard = "exclude"  // they are left out, and others take their places
)

// Guards lists all modes.
func Guards() []Guard { return []Guard{GuardOff, GuardMark, GuardDownrank, GuardExclude} }

// Check returns what is wrong with the settings; fault.Invalid on a field such as retrieval.top_k.
func (r Retrieval) Check() error {
	switch {
	case r.TopK < 0 || r.TopK > MaxTopK:
		return fault.Field("retrieval.top_k", "must be from 1 to 50")
	case r.Fusion != "" && !slices.Contains(Fusions(), r.Fusion):
		return fault.Field("retrieval.fusion", "must be scores or ranks")
	case r.DenseWeight != nil && !(*r.DenseWeight >= 0 && *r.DenseWeight <= 1):
		return fault.Field("retrieval.dense_weight", "must be from 0 to 1")
	case r.Guard != "" && !slices.Contains(Guards(), r.Guard):
		return fault.Field("retrieval.injection_filter", "must be off, mark, downrank or exclude")
	}
	return nil
}
