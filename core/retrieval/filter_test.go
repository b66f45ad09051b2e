package retrieval

import (
	"errors"
	"strconv"
	"testing"

	"github.com/ragcorp/ragcorp/core/fault"
)

func TestAFilterOfTooManyConditionsIsRefused(t *testing.T) {
	t.Parallel()
	f := Filter{Metadata: map[string]string{}}
	for i := range mostConditions {
		f.Tags = append(f.Tags, strconv.Itoa(i))
		f.Metadata[strconv.Itoa(i)] = "x"
	}
	if err := f.check(); err != nil {
		t.Errorf("as many as there may be: %v", err)
	}
	tags := Filter{Tags: append(f.Tags, "one more")}
	f.Metadata["one more"] = "x"
	for name, f := range map[string]Filter{"tags": tags, "metadata": {Metadata: f.Metadata}} {
		if err := f.check(); !errors.Is(err, fault.Invalid) {
			t.Errorf("one more of %s: %v", name, err)
		}
	}
}
