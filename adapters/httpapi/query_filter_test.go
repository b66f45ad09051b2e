package httpapi_test

import (
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

func TestASearchIsNarrowedByTheTimeAtWhichDocumentsCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	came := decode[httpapi.DocumentsRes](t, w.want(200, "GET", w.path(w.mine, "/documents"), owner, nil)).Documents[0].CreatedAt
	for _, c := range []struct {
		from, before time.Time
		found        bool
	}{
		{from: came, found: true},
		{from: came.Add(time.Second)},
		{before: came},
		{before: came.Add(time.Second), found: true},
		{from: came.In(time.FixedZone("", -5*3600)), before: came.Add(time.Second), found: true},
	} {
		filter := map[string]any{}
		if !c.from.IsZero() {
			filter["created_from"] = c.from
		}
		if !c.before.IsZero() {
			filter["created_before"] = c.before
		}
		ask := map[string]any{"query": mineWord, "filter": filter}
		got := decode[httpapi.QueryRes](t, w.want(200, "POST", w.path(w.mine, "/query"), owner, ask)).Matches
		if (len(got) > 0) != c.found {
			t.Errorf("%v finds %d matches, want any: %v", filter, len(got), c.found)
		}
	}
	p := decode[httpapi.Problem](t, w.want(422, "POST", w.path(w.mine, "/query"), owner, map[string]any{
		"query": mineWord, "filter": map[string]any{"created_from": "last week"},
	}))
	if p.Errors[0].Field != "filter.created_from" {
		t.Errorf("the problem is %+v", p)
	}
}

func TestAFilterThatIsNotUnderstoodIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	for field, filter := range map[string]map[string]any{
		"filter":           {"tag": "x"},
		"filter.languages": {"languages": []string{"en", "Klingon"}},
	} {
		for _, path := range []string{"/query", "/ask", "/ask/stream"} {
			r := w.want(422, "POST", w.path(w.mine, path), owner, map[string]any{"query": mineWord, "filter": filter})
			if p := decode[httpapi.Problem](t, r); len(p.Errors) == 0 || p.Errors[0].Field != field {
				t.Errorf("the problem at %s is %s, want one with %s", path, r.body, field)
			}
		}
	}
	w.want(200, "POST", w.path(w.mine, "/query"), owner, map[string]any{"query": mineWord, "colour": "red", "filter": map[string]any{"languages": []string{"English", "simple"}}})
}
