package retrieval

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// finder is one run of the pipeline: plan, look up by words and by meaning at once, fuse, fetch, rerank, diversify, guard.
type finder struct {
	*Service
	scope   workspace.Scope
	query   Query
	wording wording
	window  int
	begun   time.Time
	model   llm.Embedder // of the space that the search looks in; nil before, and when there is none
	vector  llm.Vector
	blind   error    // why nothing is looked up by meaning though it was to be; usually nil
	fused   []Scored // best first
	ordered []Scored // by the reranker, best first; none when it didn't order anything
	trace   Trace
}

// run looks for hits. Reranking comes before diversity, which takes the best knowledge of what is relevant and whose order a
// sort by scores would undo. Putting suspicious hits last comes at the end: whatever a text does to a model that reads it, the
// place it gets by that is lost again.
func (f *finder) run(ctx context.Context) ([]Hit, error) {
	hits, err := f.gather(ctx)
	for err == nil && !f.enough(hits) {
		hits, err = f.widen(ctx)
	}
	if err != nil {
		return nil, err
	}
	if hits, err = f.rerank(ctx, hits); err != nil {
		return nil, err
	}
	if hits, err = f.diversify(ctx, hits); err != nil {
		return nil, err
	}
	hits = f.guarded(hits[:min(len(hits), f.query.K)])
	f.trace.Paths = f.paths(hits)
	return hits, nil
}

// gather looks up candidates, fuses their rankings, and fetches as many as the later steps need.
func (f *finder) gather(ctx context.Context) ([]Hit, error) {
	lexical, dense, err := f.lookUp(ctx)
	if err != nil {
		return nil, err
	}
	if f.blind != nil && len(f.trace.Terms) == 0 {
		return nil, f.blind // there are no words to go by instead, or they weren't to be looked up
	}
	looked, fuse := f.opts.Now(), Fuse
	if f.query.Fusion == Ranks {
		fuse = FuseRanks
	}
	if f.fused, err = f.bySection(ctx, fuse(f.rankings(lexical, dense))); err != nil {
		return nil, err
	}
	fused := f.opts.Now()
	f.trace.Fusion, f.trace.Fused, f.trace.Fusing = f.query.Fusion, len(f.fused), fused.Sub(looked)
	hits, err := f.fetch(ctx, f.fused)
	f.trace.Fetched, f.trace.Fetching = len(hits), f.opts.Now().Sub(fused)
	return hits, err
}

// rankings say what each arm counts. Products of a space in which 0 means nothing in common are as good as a share already;
// BM25 is then measured from its own 0 too.
func (f *finder) rankings(lexical, dense []Scored) []Ranking {
	space := f.space()
	words, meaning := Ranking{Scored: lexical, Weight: 1}, Ranking{Scored: dense, Weight: weightOf(space)}
	if f.query.DenseWeight != nil {
		meaning.Weight = *f.query.DenseWeight
	}
	f.trace.Lexical.Weight, f.trace.Dense.Weight = words.Weight, meaning.Weight
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

func (f *finder) lexical(ctx context.Context) (_ []Scored, err error) {
	defer fault.Recover(&err)
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

func (f *finder) dense(ctx context.Context) (_ []Scored, err error) {
	defer fault.Recover(&err)
	if f.query.Arms == LexicalArm || f.blind != nil { // a wider window doesn't bring the model back
		return nil, nil
	}
	return f.nearest(ctx)
}

// fetch reads the chunks that the later steps need. One that has vanished since the lookup, or that lacks a phrase, makes room
// for the next.
func (f *finder) fetch(ctx context.Context, ranked []Scored) ([]Hit, error) {
	want := f.wanted()
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

// wanted is how many candidates the later steps need: all that are read are reranked.
func (f *finder) wanted() int {
	want := f.query.K
	if f.diverse() {
		want = max(4*f.query.K, 20)
	}
	if f.reranks() {
		want = min(max(want, f.query.K*f.opts.Rerank.Multiplier), max(f.opts.Rerank.Most, f.query.K))
	}
	return want
}

func (f *finder) diverse() bool { return *f.query.Diverse && f.query.Arms != LexicalArm }

// diversify reorders hits by maximal marginal relevance: their scores, the best being 1, against how alike their vectors are. The
// nearness of vectors alone would throw away what words know. The stored vectors are all it takes, not the query's.
func (f *finder) diversify(ctx context.Context, hits []Hit) ([]Hit, error) {
	if !f.diverse() || f.model == nil {
		return hits, nil
	}
	from := f.opts.Now()
	ids := make([]uuid.UUID, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	vectors, err := f.index.Vectors(ctx, f.scope, f.space(), ids)
	if err != nil {
		return nil, fmt.Errorf("fetch vectors: %w", err)
	}
	order := MMR(f.relevance(hits), func(i, j int) float64 {
		return similarity(vectors[hits[i].ID], vectors[hits[j].ID])
	}, f.query.K, 1-f.opts.Diversity)
	out := make([]Hit, len(order))
	for i, at := range order {
		out[i] = hits[at]
	}
	f.trace.Diversified, f.trace.Diversifying = true, f.opts.Now().Sub(from)
	return out, nil
}

// relevance brings scores to the range from 0 to 1. Fused ones are shares of the best; those of a reranker have a scale of their own,
// of which only differences count.
func (f *finder) relevance(hits []Hit) []float64 {
	out := make([]float64, len(hits))
	if len(hits) == 0 {
		return out
	}
	best, worst := hits[0].Score, 0.0
	if f.trace.Reranking.Applied {
		worst = hits[len(hits)-1].Score
	}
	for i, h := range hits {
		if best > worst {
			out[i] = (h.Score - worst) / (best - worst)
		}
	}
	return out
}
