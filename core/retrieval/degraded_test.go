package retrieval_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
)

// querier is an embedder that does with queries what a test says, and with documents what the one below does.
type querier struct {
	llm.Embedder

	query func(ctx context.Context) ([]llm.Vector, error)
	asked *atomic.Int64
}

func (q querier) Embed(ctx context.Context, p llm.Purpose, texts []string) ([]llm.Vector, error) {
	if p == llm.ForDocument || q.query == nil {
		return q.Embedder.Embed(ctx, p, texts)
	}
	if q.asked != nil {
		q.asked.Add(1)
	}
	return q.query(ctx)
}

// failing is an embedder that can't embed queries.
func failing(err error) querier {
	return querier{Embedder: offline.NewEmbedder(), query: func(context.Context) ([]llm.Vector, error) { return nil, err }}
}

// silent is an embedder that never answers a query.
func silent() querier {
	return querier{Embedder: offline.NewEmbedder(), query: func(ctx context.Context) ([]llm.Vector, error) {
		<-ctx.Done()
		return nil, fmt.Errorf("ask: %w", ctx.Err())
	}}
}

// answering is an embedder that gives these vectors for a query.
func answering(vectors ...llm.Vector) querier {
	return querier{Embedder: offline.NewEmbedder(), query: func(context.Context) ([]llm.Vector, error) { return vectors, nil }}
}

func down() error { return fault.Unavailable.Errorf("down").Because("provider_down") }

// lacking are the steps that a search did without, and why.
func lacking(t retrieval.Trace) map[retrieval.Step]string {
	out := map[retrieval.Step]string{}
	for _, l := range t.Degraded {
		out[l.Step] = l.Reason
	}
	return out
}

func TestASearchGoesByWordsWhileTheEmbeddingModelIsAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		model  querier
		reason string
		kind   error // of what a search by vectors alone says; nil where that is internal, or waits
	}{
		"it can't be reached":     {failing(fault.Unavailable.Errorf("x").Because("provider_unreachable")), "provider_unreachable", fault.Unavailable},
		"it is left alone":        {failing(down()), "provider_down", fault.Unavailable},
		"it has too much to do":   {failing(fault.Busy.Errorf("x")), "busy", fault.Busy},
		"it fails without a kind": {failing(errors.New("no such model")), "error", nil},
		"it is silent":            {silent(), "timeout", nil},
		"it gives two vectors":    {answering(llm.Vector{1}, llm.Vector{1}), "error", nil},
		"it is another one":       {answering(llm.Vector{1, 0, 0}), "space_dimension", fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told retrieval.Trace
			l := libraryWith(t, core.Ports{Embedder: c.model}, retrieval.Options{
				EmbedTimeout: time.Millisecond, Observe: func(tr retrieval.Trace) { told = tr },
			}, trains(12)...)
			want := l.find(retrieval.Query{Text: "trains", K: 5, Arms: retrieval.LexicalArm})
			if len(told.Degraded) != 0 {
				t.Errorf("a search by words alone lacks %v", told.Degraded)
			}
			got := l.find(retrieval.Query{Text: "trains", K: 5})
			if diff := cmp.Diff(sourcesOf(want), sourcesOf(got)); diff != "" {
				t.Errorf("hits are those of words (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[retrieval.Step]string{retrieval.StepDense: c.reason}, lacking(told)); diff != "" {
				t.Errorf("what it did without (-want +got):\n%s", diff)
			}
			if tr := got.Trace; tr.Degraded[0].Err == nil || len(tr.Dense.Found) != 0 || tr.Space != "" || tr.Paths[0].Lexical.Rank != 1 {
				t.Errorf("the trace is %+v", tr)
			}
			if c.kind == nil {
				return
			}
			if _, err := l.search(t.Context(), retrieval.Query{Text: "trains", Arms: retrieval.DenseArm}); !errors.Is(err, c.kind) {
				t.Errorf("by vectors alone: %v, want %v", err, c.kind)
			}
		})
	}
}

func (l library) search(ctx context.Context, q retrieval.Query) (retrieval.Result, error) {
	l.t.Helper()
	return l.app.Search.Search(ctx, identity.System, l.ws, q)
}

func TestNothingIsMissingWhileTheModelsAreThere(t *testing.T) {
	t.Parallel()
	l := libraryWith(t, core.Ports{Embedder: offline.NewEmbedder(), Reranker: judge(backwards)}, retrieval.Options{}, trains(12)...)
	q := retrieval.Query{Text: "trains", K: 5, Diverse: new(true)}
	first := l.find(q)
	if len(first.Trace.Degraded) != 0 || len(first.Trace.Dense.Found) == 0 {
		t.Errorf("the trace is %+v", first.Trace)
	}
	if diff := cmp.Diff(first.Hits, l.find(q).Hits); diff != "" {
		t.Errorf("the same query again (-want +got):\n%s", diff)
	}
}

func TestASearchWaitsFiveSecondsForTheVectorOfItsQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := libraryWith(t, core.Ports{Embedder: silent()}, retrieval.Options{}, trains(3)...)
		began := time.Now()
		found := l.find(retrieval.Query{Text: "trains"})
		if took := time.Since(began); took != 5*time.Second || len(found.Hits) != 3 {
			t.Errorf("%d hits after %s, want 3 after 5s", len(found.Hits), took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began = time.Now()
		_, err := l.search(ctx, retrieval.Query{Text: "trains", Arms: retrieval.DenseArm})
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != time.Hour {
			t.Errorf("by vectors alone: %v after %s, want to wait for as long as the caller does", err, took)
		}
	})
}

func TestASearchThatNobodyWaitsForIsNotAnsweredByWords(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	l := libraryWith(t, core.Ports{Embedder: querier{Embedder: offline.NewEmbedder(), query: func(ctx context.Context) ([]llm.Vector, error) {
		cancel()
		<-ctx.Done()
		return nil, down()
	}}}, retrieval.Options{Observe: func(tr retrieval.Trace) { t.Errorf("a result was observed: %+v", tr) }}, trains(3)...)
	if _, err := l.search(ctx, retrieval.Query{Text: "trains"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Search: %v, want the context's error", err)
	}
}

func TestAQueryWithoutWordsFailsWhileTheEmbeddingModelIsAway(t *testing.T) {
	t.Parallel()
	l := libraryWith(t, core.Ports{Embedder: failing(down())}, retrieval.Options{}, trains(3)...)
	if found, err := l.search(t.Context(), retrieval.Query{Text: "???"}); !errors.Is(err, fault.Unavailable) {
		t.Errorf("found %q, %v; want that the model is away", sourcesOf(found), err)
	}
}

func TestWhatFollowsIsDoneWithoutTheQuerysVectorToo(t *testing.T) {
	t.Parallel()
	twin := "Trains leave at noon from the central station"
	texts := []string{twin + ".", twin + "!", "Trains need coal.", "A word on trains, boats, planes and other things."}
	order := []float64{9, 8.9, 8, -50}
	l := libraryWith(t, core.Ports{Embedder: failing(down()), Reranker: judge(func(_ context.Context, _ string, candidates []llm.Candidate) ([]float64, error) {
		out := make([]float64, len(candidates))
		for i, c := range candidates {
			out[i] = order[slices.Index(texts, c.Text)]
		}
		return out, nil
	})}, retrieval.Options{}, texts...)
	found := l.find(retrieval.Query{Text: "trains", K: 2, Diverse: new(true), TwoTier: true, Expand: retrieval.ExpandSection})
	if diff := cmp.Diff([]string{texts[0], texts[2]}, sourcesOf(found)); diff != "" {
		t.Errorf("the best and the best that differs from it (-want +got):\n%s", diff)
	}
	if !found.Trace.Diversified || !found.Trace.Reranking.Applied || len(found.Passages) != 2 {
		t.Errorf("%d passages, trace %+v", len(found.Passages), found.Trace)
	}
	if diff := cmp.Diff(map[retrieval.Step]string{retrieval.StepDense: "provider_down"}, lacking(found.Trace)); diff != "" {
		t.Errorf("what it did without (-want +got):\n%s", diff)
	}
}

func TestBothModelsMayBeAway(t *testing.T) {
	t.Parallel()
	busy := judge(func(context.Context, string, []llm.Candidate) ([]float64, error) {
		return nil, fault.Busy.Errorf("later")
	})
	l := libraryWith(t, core.Ports{Embedder: failing(down()), Reranker: busy}, retrieval.Options{}, trains(5)...)
	found := l.find(retrieval.Query{Text: "trains"})
	want := map[retrieval.Step]string{retrieval.StepDense: "provider_down", retrieval.StepRerank: "busy"}
	if diff := cmp.Diff(want, lacking(found.Trace)); diff != "" || len(found.Hits) != 5 {
		t.Errorf("%d hits; what it did without (-want +got):\n%s", len(found.Hits), diff)
	}
}

func TestAWiderWindowDoesNotAskTheModelAgain(t *testing.T) {
	t.Parallel()
	model := failing(down())
	model.asked = new(atomic.Int64)
	texts := []string{"A long word on many things, among them fast trains, and on much else that is here and there."}
	for i := range 40 {
		texts = append(texts, fmt.Sprintf("Trains, fast, %d.", i))
	}
	l := libraryWith(t, core.Ports{Embedder: model}, retrieval.Options{Window: 4}, texts...)
	if found := l.find(retrieval.Query{Text: `"fast trains"`, K: 1}); len(found.Hits) != 1 || len(found.Trace.Degraded) != 1 {
		t.Errorf("found %q without %v", sourcesOf(found), found.Trace.Degraded)
	}
	if n := model.asked.Load(); n != 1 {
		t.Errorf("the model was asked %d times, want once", n)
	}
}
