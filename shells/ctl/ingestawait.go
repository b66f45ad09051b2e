package main

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/ragcorp/ragcorp/core/document"
)

// each calls yield with every document of a status; "" means any.
func each(ctx context.Context, s sink, status document.Status, yield func(entry)) error {
	for cursor := ""; ; {
		docs, next, err := s.list(ctx, status, cursor)
		if err != nil {
			return err
		}
		for _, d := range docs {
			yield(d)
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
}

// await waits until the documents that were put are processed, and counts those that can't be as failed.
func (b *bringing) await(ctx context.Context) error {
	b.tally.processing(len(b.files))
	group, grouped := errgroup.WithContext(ctx)
	working, stop := context.WithCancel(grouped)
	group.Go(func() error { return b.sink.work(working) })
	group.Go(func() error {
		defer stop()
		return b.watch(grouped)
	})
	if err := group.Wait(); err != nil {
		return err
	}
	for _, status := range []document.Status{document.Failed, document.Cancelled} {
		err := each(ctx, b.sink, status, func(d entry) {
			if path, ours := b.files[d.id]; ours {
				b.tally.broken(path, cmp.Or(d.reason, string(d.status)))
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pollEvery is how often to look how far the documents are.
const pollEvery = time.Second

// watch looks how many documents are open, until none is.
func (b *bringing) watch(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		n, err := b.open(ctx)
		if err != nil {
			return err
		}
		b.tally.processed(len(b.files) - n)
		if n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// open counts the documents that were put and are not processed. What waits is entry before what is worked on, so none that
// goes from the one to the other is missed.
func (b *bringing) open(ctx context.Context) (int, error) {
	ours := map[uuid.UUID]bool{}
	for _, status := range []document.Status{document.Pending, document.Processing} {
		err := each(ctx, b.sink, status, func(d entry) {
			if _, ok := b.files[d.id]; ok {
				ours[d.id] = true
			}
		})
		if err != nil {
			return 0, err
		}
	}
	return len(ours), nil
}
