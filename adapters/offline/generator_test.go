package offline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/llm"
)

func TestTheGeneratorKeepsTheContract(t *testing.T) {
	t.Parallel()
	coretest.Generator(t, func(*testing.T) llm.Generator { return offline.NewGenerator() }, coretest.Deterministic)
}

// handbook and guide are passages about a company, in two languages.
func handbook() []llm.Passage {
	return []llm.Passage{
		{Marker: 1, Title: "Handbook", Text: "Expenses\n\nWhat about travel expenses? Travel expenses are refunded within thirty days. " +
			"Send the receipts to Ruth Adler in the finance office."},
		{Marker: 2, Title: "Handbook", Text: "Holidays\n\nEvery employee has 28 days of holiday a year. The office in Lisbon was opened in 2011. " +
			"It moved because the lease ended."},
	}
}

func guide() []llm.Passage {
	return []llm.Passage{
		{Marker: 4, Title: "Guía", Text: "La biblioteca municipal se inauguró el 3 de mayo de 1987. La dirige Teresa Olmo desde hace diez años."},
		{Marker: 7, Title: "Guía", Text: "El faro mide 42 metros. Se encuentra en Punta Blanca, al norte de la bahía."},
	}
}

func TestQuestionsAreAnsweredByTheSentencesThatAnswer(t *testing.T) {
	t.Parallel()
	cases := []struct {
		question, language string
		passages           []llm.Passage
		want               string
	}{
		{"How many days of holiday does an employee have?", "en", handbook(), "Every employee has 28 days of holiday a year. [2]"},
		{"When was the Lisbon office opened?", "en", handbook(), "The office in Lisbon was opened in 2011. [2]"},
		{"When are travel expenses refunded?", "en", handbook(), "Travel expenses are refunded within thirty days. [1]"},
		{"¿Cuándo se inauguró la biblioteca municipal?", "es", guide(), "La biblioteca municipal se inauguró el 3 de mayo de 1987. [4]"},
		{"¿Cuántos metros mide el faro?", "es", guide(), "El faro mide 42 metros. [7]"},
		{"cuantos metros mide el faro", "es", guide(), "El faro mide 42 metros. [7]"},
		{"¿Cuántos metros mide el faro?", "", guide(), "El faro mide 42 metros. [7]"},
	}
	for _, c := range cases {
		t.Run(c.question+" "+c.language, func(t *testing.T) {
			t.Parallel()
			got := ask(t, llm.Request{Question: c.question, Language: c.language, Passages: c.passages})
			if diff := cmp.Diff(c.want, strings.Join(got, "")); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheSentenceAfterIsQuotedWhenOnlyThatHoldsTheAnswer(t *testing.T) {
	t.Parallel()
	got := strings.Join(ask(t, llm.Request{Question: "¿Dónde está el faro?", Language: "es", Passages: guide()}), "")
	if want := "Se encuentra en Punta Blanca, al norte de la bahía. [7]"; !strings.Contains(got, want) {
		t.Errorf("answer = %q, want one that contains %q", got, want)
	}
}

func TestQuestionsAboutOtherThingsAreNotAnswered(t *testing.T) {
	t.Parallel()
	for _, q := range []string{
		"What is the boiling point of mercury?", "Who composed the Moonlight Sonata?", "How many moons does Jupiter have?",
		"¿Cuál es la capital de Mongolia?", "¿Quién pintó Las Meninas?", "What is it?", "?", "",
	} {
		if got := ask(t, llm.Request{Question: q, Passages: append(handbook(), guide()...)}); len(got) > 0 {
			t.Errorf("%q is answered with %q", q, got)
		}
	}
}

func TestEveryPieceIsAQuotationWithItsMarker(t *testing.T) {
	t.Parallel()
	passages := append(handbook(), guide()...)
	pieces := ask(t, llm.Request{Question: "Who gets the receipts of travel expenses in the finance office?", Language: "en", Passages: passages})
	if len(pieces) == 0 || len(pieces) > 3 {
		t.Fatalf("the answer has %d sentences, want 1 to 3", len(pieces))
	}
	for _, piece := range pieces {
		quoted := false
		for _, p := range passages {
			quote, ok := strings.CutSuffix(strings.TrimPrefix(piece, " "), fmt.Sprintf(" [%d]", p.Marker))
			quoted = quoted || ok && strings.Contains(p.Text, quote)
		}
		if !quoted {
			t.Errorf("piece %q quotes none of the passages that it cites", piece)
		}
	}
}

func TestOverlappingPassagesAreQuotedOnce(t *testing.T) {
	t.Parallel()
	first := "The lighthouse of Cape Orme is 42 metres high."
	got := ask(t, llm.Request{Question: "How high is the lighthouse of Cape Orme?", Language: "en", Passages: []llm.Passage{
		{Marker: 1, Text: first}, {Marker: 2, Text: first + " It was painted red."},
	}})
	if diff := cmp.Diff([]string{first + " [1]"}, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestTheLimitOnTokensLeavesTheFirstSentence(t *testing.T) {
	t.Parallel()
	text := "The lighthouse of Cape Orme is 42 metres high. The lighthouse of Cape Orme was 30 metres high once."
	r := llm.Request{
		Question: "How high is the lighthouse of Cape Orme?", Language: "en", Passages: []llm.Passage{{Marker: 1, Text: text}},
	}
	if got := ask(t, r); len(got) != 2 {
		t.Fatalf("without a limit the answer is %q, want two sentences", got)
	}
	r.MaxTokens = 15
	if got := ask(t, r); len(got) != 1 {
		t.Errorf("with a limit the answer is %q, want one sentence", got)
	}
}

func FuzzAnswersOnlyQuote(f *testing.F) {
	f.Add("When did it open?", "It opened in 1990. Who asks?", "en")
	f.Add("¿Quién?", "# Título\n\nNadie.", "es")
	f.Add("\xff", "\xfe\xff", "")
	f.Fuzz(func(t *testing.T, question, passage, language string) {
		r := llm.Request{Question: question, Language: language, Passages: []llm.Passage{{Marker: 1, Text: passage}}}
		for _, piece := range ask(t, r) {
			quote, ok := strings.CutSuffix(strings.TrimPrefix(piece, " "), " [1]")
			if !ok || !strings.Contains(passage, quote) {
				t.Errorf("piece %q does not quote %q", piece, passage)
			}
		}
	})
}

func BenchmarkGenerate(b *testing.B) {
	r := llm.Request{Question: "How many days of holiday does an employee have?", Language: "en"}
	for i := range 5 {
		text := strings.Repeat(handbook()[i%2].Text+" ", 6)
		r.Passages = append(r.Passages, llm.Passage{Marker: i + 1, Text: text})
	}
	g := offline.NewGenerator()
	for b.Loop() {
		for _, err := range g.Generate(b.Context(), r) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func ask(t *testing.T, r llm.Request) []string {
	t.Helper()
	var pieces []string
	for piece, err := range offline.NewGenerator().Generate(t.Context(), r) {
		if err != nil {
			t.Fatalf("Generate: %v", err)
		}
		if piece.Cut {
			return pieces // the limit left sentences out
		}
		pieces = append(pieces, piece.Text)
	}
	return pieces
}
