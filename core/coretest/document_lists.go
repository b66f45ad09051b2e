package coretest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

// testDocumentLists is the part of TestDocuments about lists.
func testDocumentLists[S Content](t *testing.T, open func(*testing.T) S) {
	t.Helper()
	runContent(t, open, []contentCheck{
		{"every order is total and its pages are the list", documentsInPages},
		{"a change of title changes the order by title", documentsReordered},
		{"a list looks for text in title, source, file name and metadata", documentsByText},
		{"a list looks for a tag exactly", documentsByTag},
		{"a list looks for a status, and for all conditions at once", documentsByStatus},
		{"an unknown order is an invalid field", documentsUnknownOrder},
	})
}

func documentsInPages(t *testing.T, w *contentWorld) {
	for i, title := range []string{"b", "A", "a", "B", "", "ä", "Ä", "a", "b"} {
		d := w.draft(title)
		d.CreatedAt = w.now.Add(time.Duration(i/2) * time.Microsecond)
		w.put(d)
	}
	for _, sort := range []document.Sort{document.NewestFirst, document.OldestFirst, document.TitleUp, document.TitleDown, ""} {
		all, err := w.Documents().List(w.ctx(), w.all, document.Query{Sort: sort, Limit: 100})
		w.must(err)
		if len(all) != 9 {
			t.Fatalf("List(%s) has %d documents, want 9", sort, len(all))
		}
		for i := 1; i < len(all); i++ {
			if !inOrder(sort, all[i-1], all[i]) {
				t.Errorf("List(%s) has %q %v before %q %v", sort, all[i-1].Title, all[i-1].ID, all[i].Title, all[i].ID)
			}
		}
		var paged []document.Document
		for after := (document.Cursor{}); ; {
			page, err := w.Documents().List(w.ctx(), w.all, document.Query{Sort: sort, After: after, Limit: 2})
			w.must(err)
			if paged = append(paged, page...); len(page) < 2 {
				break
			}
			after = document.Cursor{CreatedAt: page[1].CreatedAt, Title: page[1].Title, ID: page[1].ID}
		}
		if diff := cmp.Diff(all, paged); diff != "" {
			t.Errorf("List(%s): pages differ from the list (-list +pages):\n%s", sort, diff)
		}
		counted, err := w.Documents().List(w.ctx(), w.all, document.Query{Sort: sort, Offset: 7, Limit: 5})
		w.must(err)
		if diff := cmp.Diff(all[7:], counted); diff != "" {
			t.Errorf("List(%s, offset 7) differs (-want +got):\n%s", sort, diff)
		}
		none, err := w.Documents().List(w.ctx(), w.all, document.Query{Sort: sort})
		w.must(err)
		if len(none) != 0 {
			t.Errorf("List(%s, at most 0) has %d documents", sort, len(none))
		}
	}
}

// inOrder reports whether a comes strictly before b.
func inOrder(sort document.Sort, a, b document.Document) bool {
	var c int
	switch sort {
	case document.TitleUp, document.TitleDown:
		c = strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	default:
		c = a.CreatedAt.Compare(b.CreatedAt)
	}
	if c == 0 {
		c = strings.Compare(a.ID.String(), b.ID.String())
	}
	if sort == document.OldestFirst || sort == document.TitleUp {
		return c < 0
	}
	return c > 0
}

func documentsReordered(t *testing.T, w *contentWorld) {
	a := w.put(w.draft("a"))
	w.put(w.draft("b"))
	w.change(a.ID, func(d *document.Document) { d.Title = "C" })
	got, err := w.Documents().List(w.ctx(), w.all, document.Query{Sort: document.TitleUp, Limit: 10})
	w.must(err)
	if diff := cmp.Diff([]string{"b", "C"}, titlesOf(got)); diff != "" {
		t.Errorf("List() differs (-want +got):\n%s", diff)
	}
	got, err = w.Documents().List(w.ctx(), w.all, document.Query{Text: "c", Sort: document.TitleUp, Limit: 10})
	w.must(err)
	if !slices.Contains(titlesOf(got), "C") {
		t.Error("the new title is not found")
	}
}

func documentsByText(t *testing.T, w *contentWorld) {
	a, b, c := w.draft("Über Größe"), w.draft("100%"), w.draft("snake_case")
	a.Source, a.Original.Name = "https://example.org/Annual", "Bericht_2025.PDF"
	a.Metadata = map[string]any{
		"author": "Åsa 'Quote' \"Double\" \\ back", "pages": 1234567890123.0, "deep": map[string]any{"list": []any{"Needle", true}},
	}
	b.Source, b.Original.Name = "", "plain"
	c.Source, c.Original.Name = "x?y", "z"
	for _, d := range []document.Document{a, b, c} {
		w.put(d)
	}
	for _, q := range []struct {
		text string
		want []string
	}{
		{"GRÖSSE", nil}, // case, not spelling
		{"GRÖßE", []string{"Über Größe"}},
		{"über", []string{"Über Größe"}},
		{"ANNUAL", []string{"Über Größe"}},
		{"bericht_", []string{"Über Größe"}},
		{"åsa 'quote' \"double\" \\ back", []string{"Über Größe"}},
		{"AUTHOR", []string{"Über Größe"}},
		{"needle", []string{"Über Größe"}},
		{"1234567890123", []string{"Über Größe"}},
		{"%", []string{"100%"}},
		{"_c", []string{"snake_case"}},
		{"1_0", nil},
		{"?", []string{"snake_case"}},
		{"x?yz", nil}, // no field holds it
		{"annualbericht", nil},
		{"e", []string{"Über Größe", "snake_case"}},
		{"", []string{"100%", "Über Größe", "snake_case"}},
	} {
		got, err := w.Documents().List(w.ctx(), w.all, document.Query{Text: q.text, Limit: 10})
		w.must(err)
		titles := titlesOf(got)
		slices.Sort(titles)
		slices.Sort(q.want)
		if diff := cmp.Diff(q.want, titles); diff != "" {
			t.Errorf("List(text %q) differs (-want +got):\n%s", q.text, diff)
		}
	}
}

func documentsByTag(t *testing.T, w *contentWorld) {
	for i, tags := range [][]string{{"a", "b"}, {"A"}, {`x","a`}, {"ab"}, nil, {"x,", ",y"}, {"é ü"}} {
		d := w.draft(fmt.Sprint(i))
		d.Tags = tags
		w.put(d)
	}
	for _, q := range []struct {
		tag  string
		want []string
	}{
		{"a", []string{"0"}},
		{"A", []string{"1"}},
		{"ab", []string{"3"}},
		{",", nil},
		{`x","a`, []string{"2"}},
		{"é ü", []string{"6"}},
		{"%", nil},
	} {
		got, err := w.Documents().List(w.ctx(), w.all, document.Query{Tag: q.tag, Limit: 10})
		w.must(err)
		if diff := cmp.Diff(q.want, titlesOf(got)); diff != "" {
			t.Errorf("List(tag %q) differs (-want +got):\n%s", q.tag, diff)
		}
	}
}

func documentsByStatus(t *testing.T, w *contentWorld) {
	for _, s := range document.Statuses() {
		for _, tag := range []string{"x", "y"} {
			d := w.draft(string(s) + tag)
			d.Status, d.Tags = s, []string{tag}
			w.put(d)
		}
	}
	for _, s := range document.Statuses() {
		got, err := w.Documents().List(w.ctx(), w.all, document.Query{Status: s, Sort: document.TitleUp, Limit: 10})
		w.must(err)
		if diff := cmp.Diff([]string{string(s) + "x", string(s) + "y"}, titlesOf(got)); diff != "" {
			t.Errorf("List(status %s) differs (-want +got):\n%s", s, diff)
		}
	}
	q := document.Query{Text: "ready", Status: document.Ready, Tag: "y", Limit: 10}
	got, err := w.Documents().List(w.ctx(), w.all, q)
	w.must(err)
	if diff := cmp.Diff([]string{"READYy"}, titlesOf(got)); diff != "" {
		t.Errorf("List(%+v) differs (-want +got):\n%s", q, diff)
	}
}

func documentsUnknownOrder(t *testing.T, w *contentWorld) {
	_, err := w.Documents().List(w.ctx(), w.all, document.Query{Sort: "id; DROP TABLE documents", Limit: 10})
	w.is("List", err, fault.Invalid)
	wantField(t, err, "sort")
}
