package eval_test

import (
	"testing"

	"github.com/ragcorp/ragcorp/core/eval"
)

func TestConfusionCountsEachCaseOnce(t *testing.T) {
	t.Parallel()
	var c eval.Confusion
	if c.Precision() != 0 || c.Recall() != 0 || c.FalseAlarms() != 0 {
		t.Errorf("without texts: %v %v %v", c.Precision(), c.Recall(), c.FalseAlarms())
	}
	for _, text := range []struct{ attack, suspected bool }{
		{true, true}, {true, true}, {true, true}, {true, false}, {false, true}, {false, false}, {false, false}, {false, false},
	} {
		c.Add(text.attack, text.suspected)
	}
	if want := (eval.Confusion{Found: 3, Missed: 1, Wrong: 1, Passed: 3}); c != want {
		t.Errorf("got %+v", c)
	}
	if c.Precision() != 0.75 || c.Recall() != 0.75 || c.FalseAlarms() != 0.25 {
		t.Errorf("got %v %v %v", c.Precision(), c.Recall(), c.FalseAlarms())
	}
}
