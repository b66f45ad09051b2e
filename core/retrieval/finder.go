package retrieval

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// finder is one run of the pipeline: plan, look up by words and by meaning at once, fuse, fetch and
// guard, diversify, rerank.
type finder struct {
	*Service
	scope   workspace.Scope
	query   Query
	wording wording
	window  int
	begun   time.Time
	model   llm.Embedder // of the space that the search looks in; nil before, and when there is none
	vector  llm.Vector
	trace   Trace
}

func (f *finder) run(ctx context.Context) ([]Hit, error) {
	hits, err := f.gather(ctx)
	for err == nil && !f.enough(hits) {
		hits, err = f.widen(ctx)
	}
	if err != nil {
		return nil, err
	}
	if f.query.Diverse && f.vector != nil {
		if hits, err = f.diversify(ctx, hits); err != nil {
			return nil, err
		}
	}
	if hits, err = f.rerank(ctx, hits); err != nil {
		return nil, err
	}
	return f.downranked(hits[:min(len(hits), f.query.K)]), nil
}

// gather looks up candidates, fuses their rankings, and fetches as many as the later steps need.
func (f *finder) gather(ctx context.Context) ([]Hit, error) {
	lexical, dense, err := f.lookUp(ctx)
	if err != nil {
		return nil, err
	}
	looked, fuse := f.opts.Now(), Fuse
	if f.query.Fusion == Ranks {
		fuse = FuseRanks
	}
	ranked := fuse(f.rankings(lexical, dense))
	f.trace.Fused, f.trace.Fusing = len(ranked), f.opts.Now().Sub(looked)
	return f.fetch(ctx, ranked)
}

// rankings say what each arm counts. Products of a space in which 0 means nothing in common are as good as a share already;
// BM25 is then measured from its own 0 too.
func (f *finder) rankings(lexical, dense []Scored) []Ranking {
	space := f.space()
	words, meaning := Ranking{Scored: lexical, Weight: 1}, Ranking{Scored: dense, Weight: weightOf(space)}
	if space.Absolute {
		words.Scale, meaning.Scale = FromZero, AsIs
	}
	return []Ranking{words, meaning}
}

// lookUp asks both arms at the same time.
func (f *finder) lookUp(ctx context.Context) (lexical, dense []Scored, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var both sync.WaitGroup
	var lexErr, denseErr error
	both.Go(func() {
		if lexical, lexErr = f.lexical(ctx); lexErr != nil {
			stop(lexErr)
		}
	})
	both.Go(func() {
		if dense, denseErr = f.dense(ctx); denseErr != nil {
			stop(denseErr)
		}
	})
	both.Wait()
	if lexErr != nil || denseErr != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, nil, cause // the first error; the other arm only noticed that it was called off
		}
		return nil, nil, errors.Join(lexErr, denseErr)
	}
	return lexical, dense, nil
}

func (f *finder) lexical(ctx context.Context) ([]Scored, error) {
	if f.query.Arms == DenseArm {
		return nil, nil
	}
	from := f.opts.Now()
	languages, err := f.index.Languages(ctx, f.scope)
	if err != nil {
		return nil, fmt.Errorf("look up languages: %w", err)
	}
	plan := planTerms(f.wording, languages)
	if f.query.Exact {
		plan.exact()
	}
	f.trace.Language, f.trace.Terms = plan.language, plan.groups
	var found Matches
	if len(plan.groups) > 0 {
		found, err = f.index.Lexical(ctx, f.scope, LexicalQuery{
			Terms: plan.groups, BM25: *f.opts.BM25, Filter: f.query.Filter, K: f.window,
		})
		if err != nil {
			return nil, fmt.Errorf("look up words: %w", err)
		}
		f.trace.Terms = found.Words
	}
	f.trace.Lexical = Arm{Found: found.Scored, Took: f.opts.Now().Sub(from)}
	return found.Scored, nil
}

func (f *finder) dense(ctx context.Context) ([]Scored, error) {
	if f.query.Arms == LexicalArm {
		return nil, nil
	}
	return f.nearest(ctx)
}

// fetch reads the chunks that the later steps need. One that has vanished since the lookup, or that lacks a phrase, makes room
// for the next.
func (f *finder) fetch(ctx context.Context, ranked []Scored) ([]Hit, error) {
	want := f.query.K
	if f.query.Diverse || f.reranker != nil {
		want = max(4*f.query.K, 20)
	}
	var hits []Hit
	for len(ranked) > 0 && len(hits) < want {
		batch := ranked[:min(len(ranked), want-len(hits))]
		ranked = ranked[len(batch):]
		ids := make([]uuid.UUID, len(batch))
		for i, s := range batch {
			ids[i] = s.Chunk
		}
		chunks, err := f.index.Chunks(ctx, f.scope, ids)
		if err != nil {
			return nil, fmt.Errorf("fetch chunks: %w", err)
		}
		byID := make(map[uuid.UUID]Chunk, len(chunks))
		for _, c := range chunks {
			byID[c.ID] = c
		}
		for _, s := range batch {
			if c, ok := byID[s.Chunk]; ok && f.wording.said(c.Text, c.Title) {
				if h := (Hit{Chunk: c, Score: s.Score}); f.admit(&h) {
					hits = append(hits, h)
				}
			}
		}
	}
	return hits, nil
}

// diversify reorders hits by maximal marginal relevance: their fused scores, the best being 1, against how alike their vectors
// are. The nearness of vectors alone would throw away what words know.
func (f *finder) diversify(ctx context.Context, hits []Hit) ([]Hit, error) {
	ids := make([]uuid.UUID, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	vectors, err := f.index.Vectors(ctx, f.scope, f.space(), ids)
	if err != nil {
		return nil, fmt.Errorf("fetch vectors: %w", err)
	}
	relevance := make([]float64, len(hits))
	for i, h := range hits {
		if hits[0].Score > 0 {
			relevance[i] = h.Score / hits[0].Score
		}
	}
	order := MMR(relevance, func(i, j int) float64 {
		return similarity(vectors[hits[i].ID], vectors[hits[j].ID])
	}, f.query.K, 1-f.opts.Diversity)
	out := make([]Hit, len(order))
	for i, at := range order {
		out[i] = hits[at]
	}
	f.trace.Diversified = true
	return out, nil
}

func (f *finder) rerank(ctx context.Context, hits []Hit) ([]Hit, error) {
	if f.reranker == nil || len(hits) == 0 {
		return hits, nil
	}
	texts := make([]string, len(hits))
	for i, h := range hits {
		texts[i] = h.Text
	}
	scores, err := f.reranker.Rerank(ctx, f.query.Text, texts)
	if err != nil {
		return nil, fmt.Errorf("rerank: %w", err)
	}
	if len(scores) != len(hits) {
		return nil, fmt.Errorf("rerank %d texts: the model returned %d scores", len(hits), len(scores))
	}
	for i := range hits {
		hits[i].Score = scores[i]
	}
	sortHits(hits)
	f.trace.Reranked = true
	return hits, nil
}
