package retrieval_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

func TestAQueryDecidesBeforeItsWorkspaceAndThatBeforeTheService(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, judge(backwards), retrieval.Options{K: 3, MaxDefault: 8, Guard: retrieval.GuardMark}, trains(20)...)
	type outcome struct {
		hits        int
		fusion      retrieval.Fusion
		weight      float64
		diversified bool
		reranked    bool
		guard       retrieval.Guard
	}
	set := func(r workspace.Retrieval) {
		if _, err := l.app.Workspaces.Update(t.Context(), identity.System, l.ws, workspace.Patch{Retrieval: &r}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(name string, q retrieval.Query, want outcome) {
		t.Helper()
		q.Text = "trains"
		r := l.find(q)
		tr := r.Trace
		got := outcome{len(r.Hits), tr.Fusion, tr.Dense.Weight, tr.Diversified, tr.Reranking.Applied, tr.Guard}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	check("the service", retrieval.Query{}, outcome{3, retrieval.Scores, 0.3, false, true, retrieval.GuardMark})
	set(workspace.Retrieval{
		TopK: 4, Fusion: retrieval.Ranks, DenseWeight: new(0.0), Diverse: new(true), Rerank: new(false), Guard: retrieval.GuardExclude,
	})
	check("the workspace", retrieval.Query{}, outcome{4, retrieval.Ranks, 0, true, false, retrieval.GuardExclude})
	check("the query", retrieval.Query{
		K: 2, Fusion: retrieval.Scores, DenseWeight: new(1.0), Diverse: new(false), Rerank: new(true), Guard: retrieval.GuardOff,
	}, outcome{2, retrieval.Scores, 1, false, true, retrieval.GuardOff})
	set(workspace.Retrieval{TopK: 50})
	check("the limit of the service", retrieval.Query{}, outcome{8, retrieval.Scores, 0.3, false, true, retrieval.GuardMark})
}

func TestWrongSettingsAreRefusedByField(t *testing.T) {
	t.Parallel()
	l := newLibrary(t, nil, retrieval.Options{}, "Trains.")
	for want, r := range map[string]workspace.Retrieval{
		"retrieval.top_k":            {TopK: 51},
		"retrieval.fusion":           {Fusion: "magic"},
		"retrieval.dense_weight":     {DenseWeight: new(1.5)},
		"retrieval.injection_filter": {Guard: "banish"},
	} {
		_, err := l.app.Workspaces.Update(t.Context(), identity.System, l.ws, workspace.Patch{Retrieval: &r})
		if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || f.Fields[0].Field != want {
			t.Errorf("Update: %v, want %s refused", err, want)
		}
	}
	for want, q := range map[string]retrieval.Query{"fusion": {Fusion: "magic"}, "dense_weight": {DenseWeight: new(-0.1)}} {
		q.Text = "trains"
		_, err := l.app.Search.Search(t.Context(), identity.System, l.ws, q)
		if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || f.Fields[0].Field != want {
			t.Errorf("Search: %v, want %s refused", err, want)
		}
	}
	if found := l.find(retrieval.Query{Text: "trains", Rerank: new(true)}); found.Trace.Reranking.Failed != retrieval.ModelUnset || len(found.Hits) != 1 {
		t.Errorf("without a reranker: %+v", found.Trace.Reranking)
	}
}
