package retrieval_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/retrieval"
)

func TestAnUnknownWordStandsForTheNearestTermsOfTheIndex(t *testing.T) {
	t.Parallel()
	word := retrieval.TermGroup{Alternatives: []string{"vacatoin"}, Weight: 2, Edits: 2}
	for _, c := range []struct {
		name string
		from []retrieval.Spelling
		want retrieval.TermGroup
	}{
		{"none is near", nil, word},
		{
			"the nearest count",
			[]retrieval.Spelling{{"vacant", 2, 100}, {"vacation", 1, 1}},
			retrieval.TermGroup{Alternatives: []string{"vacation"}, Weight: 1.5},
		},
		{
			"each edit takes a quarter",
			[]retrieval.Spelling{{"vacant", 2, 100}},
			retrieval.TermGroup{Alternatives: []string{"vacant"}, Weight: 1.125},
		},
		{
			"of equally near ones the three most frequent count, ties by term",
			[]retrieval.Spelling{{"e", 1, 1}, {"d", 1, 2}, {"c", 1, 2}, {"b", 1, 2}, {"a", 1, 3}},
			retrieval.TermGroup{Alternatives: []string{"a", "b", "c"}, Weight: 1.5},
		},
	} {
		if diff := cmp.Diff(c.want, word.Respelled(c.from)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestAWordWithAPrefixKeepsItsOwnForms(t *testing.T) {
	t.Parallel()
	word := retrieval.TermGroup{Alternatives: []string{"run"}, Weight: 1, Prefix: "runn"}
	got := word.Respelled([]retrieval.Spelling{{"runner", 0, 1}, {"runnel", 0, 9}})
	want := retrieval.TermGroup{Alternatives: []string{"run", "runnel", "runner"}, Weight: 1, Prefix: "runn"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Respelled (-want +got):\n%s", diff)
	}
}

func TestATermLooksLikeAWordByItsFirstLetterAndFewEdits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word  retrieval.TermGroup
		term  string
		edits int
		ok    bool
	}{
		{retrieval.TermGroup{Alternatives: []string{"vacatoin"}, Edits: 2}, "vacation", 1, true},
		{retrieval.TermGroup{Alternatives: []string{"vacatoin"}, Edits: 2}, "location", 3, false},
		{retrieval.TermGroup{Alternatives: []string{"acation"}, Edits: 2}, "vacation", 3, false},
		{retrieval.TermGroup{Alternatives: []string{"xyz", "größse"}, Edits: 1}, "größe", 1, true},
		{retrieval.TermGroup{Alternatives: []string{""}, Edits: 1}, "a", 2, false},
		{retrieval.TermGroup{Alternatives: []string{"x"}, Prefix: "vac", Edits: 1}, "vacation", 0, true},
		{retrieval.TermGroup{Alternatives: []string{"x"}, Prefix: "vac", Edits: 1}, "xy", 0, false},
	} {
		if edits, ok := c.word.Looks(c.term); ok != c.ok || ok && edits != c.edits {
			t.Errorf("%+v.Looks(%q) = %d, %v, want %d, %v", c.word, c.term, edits, ok, c.edits, c.ok)
		}
	}
}
