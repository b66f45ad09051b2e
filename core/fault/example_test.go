package fault_test

import (
	"errors"
	"fmt"

	"github.com/ragcorp/ragcorp/core/fault"
)

func Example() {
	err := fmt.Errorf("open handbook: %w", fault.NotFound.Errorf("there is no document %q", "handbook"))

	fmt.Println(errors.Is(err, fault.NotFound))
	fmt.Println(fault.Of(err).Text)
	fmt.Println(fault.Of(errors.New("disk on fire")) == nil)
	// Output:
	// true
	// there is no document "handbook"
	// true
}
