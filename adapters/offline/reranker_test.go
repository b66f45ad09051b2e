package offline_test

import (
	stdcmp "cmp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/llm"
)

func TestRerankerKeepsTheContract(t *testing.T) {
	t.Parallel()
	coretest.Reranker(t, func(*testing.T) llm.Reranker { return offline.NewReranker() }, coretest.Deterministic)
}

func TestRerankerSeesWhatStandsTogether(t *testing.T) {
	t.Parallel()
	apart := "The director likes meetings. Flights are long. An approval takes a day."
	for name, c := range map[string]struct {
		query      string
		candidates []llm.Candidate
		want       []int // the order
	}{
		"in one sentence": {"approval of flights by the director", []llm.Candidate{
			{Text: apart}, {Text: "Meetings are long. For flights there is an approval, which the director gives."},
		}, []int{1, 0}},
		"one after the other": {"travel desk", []llm.Candidate{
			{Text: "The desk and the travel of a friend."}, {Text: "A travel desk and a friend of us."},
		}, []int{1, 0}},
		"in the title": {"vacation", []llm.Candidate{
			{Text: "A vacation is nice.", Title: "Letters"}, {Text: "A vacation is nice.", Title: "Vacations"},
		}, []int{1, 0}},
		"in a heading": {"vacation", []llm.Candidate{
			{Text: "A vacation is nice.", Title: "x"}, {Text: "A vacation is nice.", Title: "x", Headings: []string{"Work", "Vacations"}},
		}, []int{1, 0}},
		"in other forms and in Spanish": {"¿Cuántos días de vacaciones tengo?", []llm.Candidate{
			{Text: "El comedor abre todos los días."}, {Text: "Cada persona tiene veinte días de vacación."},
		}, []int{1, 0}},
		"in spite of a typing error": {"trvael agency", []llm.Candidate{
			{Text: "An agency for flats and houses."}, {Text: "An agency for travel by train."},
		}, []int{1, 0}},
		"in no language":    {"qwx zzkv", []llm.Candidate{{Text: "aaa qwx"}, {Text: "zzkv qwx zzkv"}, {Text: ""}}, []int{1, 0, 2}},
		"nothing in common": {"elephants", []llm.Candidate{{Text: "One."}, {Text: "Two."}, {Text: "Three."}}, []int{0, 1, 2}},
		"no words at all":   {"?!", []llm.Candidate{{Text: "One."}, {Text: "Two."}}, []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scores, err := offline.NewReranker().Rerank(t.Context(), c.query, c.candidates)
			if err != nil {
				t.Fatal(err)
			}
			order := make([]int, len(scores))
			for i := range order {
				order[i] = i
			}
			slices.SortStableFunc(order, func(a, b int) int { return stdcmp.Compare(scores[b], scores[a]) })
			if diff := cmp.Diff(c.want, order); diff != "" {
				t.Errorf("scores %v (-want +got):\n%s", scores, diff)
			}
		})
	}
}

// What is far behind stays behind, whatever words it has: the order that there is counts most.
func TestRerankerCorrectsAndDoesNotOverturn(t *testing.T) {
	t.Parallel()
	scores, err := offline.NewReranker().Rerank(t.Context(), "travel desk", []llm.Candidate{
		{Text: "Trains are booked by an agency.", Score: 1}, {Text: "The travel desk.", Title: "Travel desk", Score: 0.3},
	})
	if err != nil || scores[0] <= scores[1] {
		t.Errorf("scores %v, %v, want the first one to be the greater", scores, err)
	}
}

func FuzzRerankerScoresEverything(f *testing.F) {
	f.Add("who books trains", "Trains are booked. By whom?", "Travel")
	f.Add("\xff 東京 «x»", "日本の首都は東京です。", "\x00")
	f.Fuzz(func(t *testing.T, query, text, title string) {
		candidates := []llm.Candidate{{Text: text, Title: title, Score: 1}, {Text: title, Headings: []string{text}}}
		scores, err := offline.NewReranker().Rerank(t.Context(), query, candidates)
		if err != nil || len(scores) != 2 {
			t.Fatalf("%v, %v", scores, err)
		}
		for _, s := range scores {
			if !(s >= 0 && s <= 1) {
				t.Errorf("a score of %g", s)
			}
		}
	})
}
