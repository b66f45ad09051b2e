package ops

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

// Every is a program that does something now and then: first soon after the start, then after each interval. An error is
// logged; the next time may go better.
type Every struct {
	Interval time.Duration
	Do       func(ctx context.Context) error
	Log      *zap.Logger
}

// Run implements Program.
func (e Every) Run(ctx context.Context) error {
	wait := time.NewTimer(min(e.Interval, time.Minute))
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wait.C:
		}
		if err := e.Do(ctx); err != nil && !errors.Is(err, context.Canceled) {
			e.Log.Warn("periodic work", zap.Error(err))
		}
		wait.Reset(e.Interval)
	}
}
