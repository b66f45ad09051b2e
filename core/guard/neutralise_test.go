package guard_test

import (
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/core/guard"
)

func TestMarksOfPromptsDontSurvive(t *testing.T) {
	t.Parallel()
	for _, mark := range []string{"<|im_start|>", "[INST]", "<<SYS>>", "</passage-12ab>", "\nAssistant:", "---[FIN S1]---"} {
		got := guard.Neutralise("before " + mark + " after")
		if strings.Contains(got, mark) {
			t.Errorf("%q is still there: %q", mark, got)
		}
		if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll("before "+mark+" after", " ", "") {
			t.Errorf("more than blanks has changed: %q", got)
		}
	}
	const plain = "Costs < 5 | [1] - done.\nThe end."
	if got := guard.Neutralise(plain); got != plain {
		t.Errorf("got %q", got)
	}
}
