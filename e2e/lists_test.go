package e2e

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// batch sends texts, ten at a time at most.
func (l *library) batch(t *testing.T, texts []map[string]any) {
	t.Helper()
	for part := range slices.Chunk(texts, 10) {
		out := expect[struct{ Documents []uploaded }](t, l.client, http.StatusOK, "POST", l.path("/ingest/batch"),
			map[string]any{"documents": part})
		for _, d := range out.Documents {
			if d.Status != "READY" {
				t.Fatalf("a batch has %+v, want it READY", d)
			}
		}
	}
}

func TestAListIsPagedCompletelyInEveryOrder(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "pages")
	texts := make([]map[string]any, 120)
	for i := range texts {
		title := fmt.Sprintf("Title %02d", i*37%60) // each twice
		if i%3 == 0 {
			title = strings.ToUpper(title)
		}
		texts[i] = map[string]any{
			"title": title, "text": fmt.Sprintf("This is the text of number %d.", i),
			"metadata": map[string]any{"tags": []string{fmt.Sprintf("mod%d", i%4)}},
		}
	}
	l.batch(t, texts)
	title := func(a, b document) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), strings.Compare(a.ID, b.ID))
	}
	created := func(a, b document) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
	}
	turned := func(f func(a, b document) int) func(a, b document) int {
		return func(a, b document) int { return f(b, a) }
	}
	for order, by := range map[string]func(a, b document) int{
		"": turned(created), "created_at_desc": turned(created), "created_at_asc": created, "title_asc": title, "title_desc": turned(title),
	} {
		q := url.Values{}
		if order != "" {
			q.Set("sort", order)
		}
		all := l.all(t, q)
		ids := map[string]bool{}
		for _, d := range all {
			ids[d.ID] = true
		}
		if len(all) != 120 || len(ids) != 120 || !slices.IsSortedFunc(all, by) {
			t.Errorf("%q: %d documents, %d different ones, sorted: %v", order, len(all), len(ids), slices.IsSortedFunc(all, by))
		}
	}
	for _, c := range []struct {
		query url.Values
		want  int
	}{
		{url.Values{"tag": {"mod1"}}, 30},
		{url.Values{"tag": {"mod"}}, 0},
		{url.Values{"q": {"title 07"}}, 2},
		{url.Values{"q": {"%"}}, 0},
		{url.Values{"status": {"READY"}}, 120},
		{url.Values{"status": {"FAILED"}}, 0},
		{url.Values{"tag": {"mod1"}, "q": {"TITLE"}, "sort": {"title_asc"}}, 30},
	} {
		if got := len(l.all(t, c.query)); got != c.want {
			t.Errorf("the list for %v has %d documents, want %d", c.query, got, c.want)
		}
	}
	for limit, want := range map[string]int{"0": 50, "-1": 50, "7": 7, "999": 120} {
		if got := len(l.list(t, url.Values{"limit": {limit}}).Documents); got != want {
			t.Errorf("a page with limit %s has %d documents, want %d", limit, got, want)
		}
	}
}

func TestAPageIsNotDisturbedByWhatComesIn(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "moving")
	for i := range 6 {
		l.ingest(t, fmt.Sprintf("Before %d", i), fmt.Sprintf("Text before %d", i))
	}
	first := l.list(t, url.Values{"limit": {"3"}})
	l.ingest(t, "After", "Text after")
	l.delete(t, first.Documents[2].ID)
	second := l.list(t, url.Values{"limit": {"3"}, "cursor": {*first.NextCursor}})
	if len(second.Documents) != 3 || second.Documents[0].Title != "Before 2" || second.NextCursor != nil {
		t.Errorf("the second page is %+v, want Before 2, 1 and 0", second)
	}
	p := refused(t, l.client, http.StatusUnprocessableEntity, "GET", l.path("/documents?sort=title_asc&cursor="+*first.NextCursor), nil)
	if f := p.fields(); len(f) != 1 || f[0] != "cursor" {
		t.Errorf("a cursor of another order is a problem with %v, want cursor", f)
	}
}

func TestABatchIsTakenAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "batch")
	good := func(i int) map[string]any {
		return map[string]any{"title": fmt.Sprintf("Title %d", i), "text": fmt.Sprintf("The text number %d.", i)}
	}
	for name, bad := range map[string]map[string]any{
		"title": {"title": "  ", "text": "x"},
		"text":  {"title": "x", "text": strings.Repeat("y", 100_001)},
		"roles": {"title": "x", "text": "y", "metadata": map[string]any{"allowed_roles": []string{"king"}}},
	} {
		p := refused(t, l.client, http.StatusUnprocessableEntity, "POST", l.path("/ingest/batch"),
			map[string]any{"documents": []any{good(1), good(2), bad}})
		if f := p.fields(); len(f) != 1 || !strings.HasPrefix(f[0], "documents[2].") || !strings.Contains(f[0], name) {
			t.Errorf("the problem is about %v, want documents[2] and %s", f, name)
		}
	}
	many := make([]any, 11)
	for i := range many {
		many[i] = good(i)
	}
	refused(t, l.client, http.StatusUnprocessableEntity, "POST", l.path("/ingest/batch"), map[string]any{"documents": many})
	refused(t, l.client, http.StatusUnprocessableEntity, "POST", l.path("/ingest/batch"), map[string]any{"documents": []any{}})
	if all := l.all(t, nil); len(all) != 0 {
		t.Errorf("after batches that were refused the list has %d documents", len(all))
	}
	l.batch(t, []map[string]any{good(1), good(2), good(1)})
	if all := l.all(t, nil); len(all) != 2 {
		t.Errorf("after a batch with the same text twice the list has %d documents, want 2", len(all))
	}
}

func TestATextIsReadyWhenTheCallReturns(t *testing.T) {
	t.Parallel()
	l := start(t, "WORKERS=0").admin(t).library(t, "texts")
	id := l.ingest(t, "Lighthouse", "The lighthouse keeper is called Wilhelmina Praetorius. She has nine cats.")
	a := l.ask(t, "What is the lighthouse keeper called?")
	if len(a.Citations) == 0 || a.Citations[0].DocumentID != id || !strings.Contains(a.Answer, "Wilhelmina Praetorius") {
		t.Errorf("the answer is %+v", a)
	}
	if again := l.ingest(t, "Lighthouse", "The lighthouse keeper is called Wilhelmina Praetorius. She has nine cats."); again != id {
		t.Errorf("the same text again is %s, want %s", again, id)
	}
}
