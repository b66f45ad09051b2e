package eval_test

import (
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/core/eval"
	"github.com/ragcorp/ragcorp/core/text"
)

func TestMisspellMakesOneErrorInOneLongWord(t *testing.T) {
	t.Parallel()
	const query = "¿Cuántos días de vacaciones the employees get?"
	before := strings.Fields(query)
	seen := map[string]bool{}
	for seed := range uint64(100) {
		wrong := eval.Misspell(query, seed)
		if wrong != eval.Misspell(query, seed) {
			t.Fatalf("Misspell(%d) differs from call to call", seed)
		}
		seen[wrong] = true
		after := strings.Fields(wrong)
		changed := 0
		for i := range before {
			if after[i] != before[i] {
				changed++
				if len(before[i]) < 5 || text.Edits(before[i], after[i], 5) != 1 {
					t.Errorf("Misspell(%d) made %q of %q", seed, after[i], before[i])
				}
			}
		}
		if changed != 1 || len(after) != len(before) {
			t.Errorf("Misspell(%d) = %q, want one word changed", seed, wrong)
		}
	}
	if len(seen) < 50 {
		t.Errorf("100 seeds gave %d different errors", len(seen))
	}
}

func TestAQueryWithoutLongWordsIsNotMisspelt(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"", "who is he", "12345 67890", "a-b-c-d"} {
		if got := eval.Misspell(query, 1); got != query {
			t.Errorf("Misspell(%q) = %q", query, got)
		}
	}
	if got := eval.Misspell("aaaaa", 1); got == "aaaaa" {
		t.Error("a word of one letter is not misspelt")
	}
}
