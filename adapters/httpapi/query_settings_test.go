package httpapi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

func TestAWorkspaceIsSearchedAsItsSettingsSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, admin := w.as(w.owner), w.as(w.admin)
	settings := map[string]any{
		"top_k": 1, "fusion": "ranks", "dense_weight": 0.0, "use_mmr": true, "rerank": true, "injection_filter": "mark",
	}
	want := httpapi.RetrievalBody{TopK: 1, Fusion: "ranks", DenseWeight: new(0.0), UseMMR: new(true), Rerank: new(true), InjectionFilter: "mark"}
	changed := decode[httpapi.WorkspaceRes](t, w.want(200, "PATCH", w.path(w.mine, ""), admin, map[string]any{"retrieval": settings}))
	if diff := cmp.Diff(want, changed.Retrieval); diff != "" {
		t.Errorf("PATCH (-want +got):\n%s", diff)
	}
	w.want(200, "PATCH", w.path(w.mine, ""), admin, map[string]any{"description": "other"})
	if diff := cmp.Diff(want, decode[httpapi.WorkspaceRes](t, w.want(200, "GET", w.path(w.mine, ""), owner, nil)).Retrieval); diff != "" {
		t.Errorf("GET after another change (-want +got):\n%s", diff)
	}
	ask := map[string]any{"query": mineWord, "trace": true}
	found := decode[httpapi.QueryRes](t, w.want(200, "POST", w.path(w.mine, "/query"), owner, ask))
	tr := found.Trace
	if len(found.Matches) != 1 || tr.Fusion != "ranks" || tr.Dense.Weight != 0 || tr.Lexical.Weight != 1 || tr.Guard != "mark" {
		t.Errorf("query: %d matches, %+v", len(found.Matches), tr)
	}
	if m := tr.Matches[0]; m.ChunkID != found.Matches[0].ChunkID || m.Lexical.Rank != 1 || m.Fused.Rank != 1 {
		t.Errorf("the path of the match is %+v", m)
	}
	if r := tr.Rerank; r.Model != "offline-proximity-1" || r.Candidates == 0 || r.Reason != "" {
		t.Errorf("reranking: %+v", r)
	}
	ask["rerank"], ask["fusion"], ask["dense_weight"], ask["injection_filter"] = false, "scores", 0.5, "off"
	tr = decode[httpapi.QueryRes](t, w.want(200, "POST", w.path(w.mine, "/query"), owner, ask)).Trace
	if tr.Fusion != "scores" || tr.Dense.Weight != 0.5 || tr.Guard != "off" || tr.Rerank.Model != "" || tr.Reranked {
		t.Errorf("a query that decides for itself: %+v", tr)
	}
	answer := decode[httpapi.AskRes](t, w.want(200, "POST", w.path(w.mine, "/ask"), owner, map[string]any{"query": mineWord, "trace": true}))
	if answer.Trace.Fusion != "ranks" || answer.Trace.Guard != "mark" || answer.Trace.Rerank.Model == "" || len(answer.Sources) > 1 {
		t.Errorf("ask: %+v", answer.Trace)
	}
	w.want(200, "PATCH", w.path(w.mine, ""), admin, map[string]any{"retrieval": map[string]any{}})
	tr = decode[httpapi.QueryRes](t, w.want(200, "POST", w.path(w.mine, "/query"), owner, map[string]any{"query": mineWord, "trace": true})).Trace
	if tr.Fusion != "scores" || tr.Dense.Weight != 0.3 || tr.Guard != "downrank" || tr.Rerank.Model != "" {
		t.Errorf("after the settings were taken back: %+v", tr)
	}
}

func TestSettingsOfASearchThatMakeNoSenseAreRefusedByField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, value := range map[string]any{"top_k": 51, "fusion": "magic", "dense_weight": 1.1, "injection_filter": "banish", "use_mmr": "yes"} {
		p := decode[httpapi.Problem](t, w.want(422, "PATCH", w.path(w.mine, ""), w.as(w.admin), map[string]any{"retrieval": map[string]any{field: value}}))
		if got := p.Errors[0].Field; got != "retrieval."+field && got != "retrieval" {
			t.Errorf("%s: the problem names the field %q: %+v", field, got, p.Errors)
		}
	}
	for field, value := range map[string]any{"top_k": 0, "fusion": "magic", "dense_weight": -1, "rerank": "perhaps"} {
		p := decode[httpapi.Problem](t, w.want(422, "POST", w.path(w.mine, "/query"), w.as(w.owner), map[string]any{"query": "x", field: value}))
		if got := p.Errors[0].Field; got != field {
			t.Errorf("%s: the problem names the field %q: %+v", field, got, p.Errors)
		}
	}
}
