package offline

import (
	"context"
	"fmt"
	"strings"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
)

// dimension is the length of a vector. Of 384 and 512, both measured, the longer loses less to collisions.
const dimension = 512

// weight is what these vectors count against BM25 where its scores, divided by the best, and their inner products are added.
// Measured by `ctl eval --ablation` on SciFact (English) and XQuAD (Spanish), with typing errors and without. Adding reciprocal
// ranks instead would need a weight below 0.1.
const weight = 0.3

// Embedder turns texts into vectors by signed feature hashing (K. Weinberger et al.: Feature Hashing for Large Scale
// Multitask Learning, ICML 2009) of the stems of their words and of the character n-grams of these. Texts with words in
// common, or with words that look alike, have a greater inner product than others. Stop words don't count, and repeating
// a word counts with the square root of its frequency. The zero value is ready for use. It is safe for concurrent use.
type Embedder struct{}

var _ llm.Embedder = (*Embedder)(nil)

// NewEmbedder returns an Embedder.
func NewEmbedder() *Embedder { return &Embedder{} }

// Space returns the space of the vectors. Its name changes whenever the same text would give another vector.
func (*Embedder) Space() llm.Space {
	return llm.Space{Name: "offline-hash-1", Dimension: dimension, Weight: weight, Absolute: true}
}

// Embed returns one vector of unit length per text, in order; the purpose makes no difference. fault.Invalid when a text is
// blank.
func (*Embedder) Embed(ctx context.Context, _ llm.Purpose, texts []string) ([]llm.Vector, error) {
	vectors := make([]llm.Vector, 0, len(texts))
	var h hasher
	for i, s := range texts {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("embed texts: %w", err)
		}
		if strings.TrimSpace(s) == "" {
			return nil, fault.Invalid.Errorf("text %d of those to embed is blank", i+1)
		}
		vectors = append(vectors, h.vector(s))
	}
	return vectors, nil
}

// termsOf returns the terms of a text: stems without stop words, or the bare words where nothing else is left.
func termsOf(s string) []string {
	var terms []string
	for _, t := range text.Analyse(text.Detect(beginning(s)), s) {
		terms = append(terms, t.Term)
	}
	if len(terms) == 0 {
		return strings.Fields(strings.ToLower(s))
	}
	return terms
}

// sample is how much of a text tells its language, in bytes. More costs as much time as all the rest.
const sample = 320

// beginning returns the whole words in the first bytes of a text.
func beginning(s string) string {
	if len(s) <= sample {
		return s
	}
	if end := strings.LastIndexByte(s[:sample], ' '); end > 0 {
		return s[:end]
	}
	return s
}
