// Package ops is what operating the programs takes: logs, metrics, health, and running parts together.
package ops

import (
	"context"
	"errors"
	"sync"
)

// Program is something that runs until ctx ends and everything is down.
type Program interface {
	Run(ctx context.Context) error
}

// Together runs programs side by side. When one ends, for whatever reason, the others are told to.
type Together []Program

// Run implements Program.
func (t Together) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(t))
	var all sync.WaitGroup
	for i, p := range t {
		all.Go(func() {
			defer cancel()
			errs[i] = p.Run(ctx)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
