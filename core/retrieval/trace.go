package retrieval

import (
	"time"

	"github.com/ragcorp/ragcorp/core/text"
)

// Trace says how a result came about.
type Trace struct {
	Language    text.Language // the query's, as its words were analysed
	Terms       []TermGroup   // what was looked up by words
	Lexical     Arm
	Dense       Arm
	Space       string        // the embedding space that the dense arm looked in; empty when there was none
	Unserved    string        // the one that it should have looked in, when no model is configured for it; usually empty
	Embedding   time.Duration // what embedding the query took
	Fused       int           // candidates after fusion
	Fusing      time.Duration // what making one ranking of several took
	Diversified bool
	Reranked    bool
	Guard       Guard         // what became of suspicious candidates
	Suspicious  int           // candidates that look like prompt injection
	Took        time.Duration // all of it
}

// Arm is what one way of looking returned.
type Arm struct {
	Found []Scored // best first
	Took  time.Duration
}
