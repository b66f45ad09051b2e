package queue_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "modernc.org/sqlite"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/core/event"
)

// BenchmarkDelivery measures a delivery through the worker, from Append to Done, against the least that any queue in the
// same database does for it: an insert, an update that takes it and one that settles it, each committed to the disk.
func BenchmarkDelivery(b *testing.B) {
	for _, n := range []int{1, 2, 8} {
		b.Run(fmt.Sprintf("worker with %d at once", n), func(b *testing.B) {
			log := openStore(b, "sqlite:"+filepath.Join(b.TempDir(), "queue.db")).Events()
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan struct{})
			w := queue.NewWorker(log, func(context.Context, event.Delivery) error { return nil }, &queue.WorkerOptions{
				Concurrency: n,
				Settle: func(ctx context.Context, d event.Delivery, err error) error {
					defer func() { done <- struct{}{} }()
					return log.Done(ctx, d.Lease, d.Lease.Until)
				},
			})
			result := make(chan error, 1)
			b.ResetTimer()
			ws := uuid.New()
			for range b.N {
				e := event.New("thing.made", "system", time.Now(), nil).In(ws, "").For("work")
				if err := log.Append(b.Context(), e); err != nil {
					b.Fatal(err)
				}
			}
			go func() { result <- w.Run(ctx) }()
			for range b.N {
				<-done
			}
			b.StopTimer()
			cancel()
			if err := <-result; err != nil {
				b.Error(err)
			}
		})
	}
	b.Run("bare statements", func(b *testing.B) {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+
			"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // of a benchmark
		db.SetMaxOpenConns(1)
		run := func(query string, args ...any) {
			if _, err := db.ExecContext(b.Context(), query, args...); err != nil {
				b.Fatal(err)
			}
		}
		run("CREATE TABLE q (id INTEGER PRIMARY KEY, state TEXT, data TEXT)")
		b.ResetTimer()
		for i := range b.N {
			run("INSERT INTO q VALUES (?, 'pending', '{}')", i)
			run("UPDATE q SET state = 'leased' WHERE id = ?", i)
			run("UPDATE q SET state = 'done' WHERE id = ?", i)
		}
	})
}
