package retrieval

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/text"
)

func TestSectionsShareByTheirBestEvidence(t *testing.T) {
	t.Parallel()
	doc := uuid.New()
	at := func(n int) section { return section{doc, text.Span{Start: n, End: n + 1}} }
	of, ranked := map[uuid.UUID]section{}, []Scored(nil)
	add := func(s section, score float64) {
		id := uuid.New()
		of[id], ranked = s, append(ranked, Scored{id, score})
	}
	add(at(0), 1)
	add(at(1), 0.8)
	add(at(1), 0.8)
	add(section{doc, text.Span{}}, 0.6) // in no section
	add(at(1), 0.4)
	for range 20 {
		add(at(2), 0.1) // never more than 0.2 in all
	}
	ranked = append(ranked, Scored{uuid.New(), 0.1}) // it has vanished
	shares := sectionShares(ranked, of)
	for s, want := range map[section]float64{at(0): 1 / 1.3, at(1): 1, {doc, text.Span{}}: 0.6 / 1.3} {
		if got := shares[s]; got < want-1e-9 || got > want+1e-9 {
			t.Errorf("section %v has a share of %v, want %v", s.span, got, want)
		}
	}
	if got := shares[at(2)]; got <= 0.1 || got > 0.2/1.3 {
		t.Errorf("many weak chunks have a share of %v", got)
	}
	if diff := cmp.Diff(map[section]float64(nil), sectionShares(ranked, nil)); diff != "" {
		t.Error(diff)
	}
	for n := range 2 * bestSections {
		add(at(100+n), 0.09-0.001*float64(n))
	}
	if shares = sectionShares(ranked, of); len(shares) != bestSections || shares[at(100)] == 0 || shares[at(100+bestSections)] != 0 {
		t.Errorf("%d sections have a share, want the best %d", len(shares), bestSections)
	}
}
