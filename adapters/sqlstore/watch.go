package sqlstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// Watch tells of every statement that goes through bun: its first word, and what it took. It must be called before the store
// is used; told must be quick, and safe for concurrent use.
func (s *Store) Watch(told func(kind string, took time.Duration)) {
	same := s.reader == s.writer
	s.writer = s.writer.WithQueryHook(watcher{told})
	if same {
		s.reader = s.writer
		return
	}
	s.reader = s.reader.WithQueryHook(watcher{told})
}

type watcher struct {
	told func(kind string, took time.Duration)
}

// BeforeQuery implements bun.QueryHook.
func (watcher) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

// AfterQuery implements bun.QueryHook.
func (w watcher) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	w.told(e.Operation(), time.Since(e.StartTime))
}
