package sqlstore

import (
	"context"
	"sync"
)

// signal tells waiting workers of this process that something may be due.
type signal struct {
	mu      sync.Mutex
	waiting map[chan struct{}]struct{}
	deaf    context.CancelFunc // ends listening; nil while nobody has waited yet
	ears    sync.WaitGroup
}

func (s *signal) raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.waiting {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (s *signal) close() {
	s.mu.Lock()
	s.waiting = nil
	deaf := s.deaf
	s.mu.Unlock()
	if deaf != nil {
		deaf()
		s.ears.Wait()
	}
}

// Notify implements event.Notifier: for writes of this process, and where the database tells of them, of others.
func (s *Store) Notify() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	s.signal.mu.Lock()
	defer s.signal.mu.Unlock()
	if s.signal.waiting == nil {
		s.signal.waiting = map[chan struct{}]struct{}{}
	}
	if s.signal.deaf == nil {
		ctx, cancel := context.WithCancel(context.Background())
		s.signal.deaf = cancel
		s.signal.ears.Go(func() { s.engine.listen(ctx, s.signal.raise) })
	}
	s.signal.waiting[c] = struct{}{}
	return c, func() {
		s.signal.mu.Lock()
		defer s.signal.mu.Unlock()
		delete(s.signal.waiting, c)
	}
}
