package queue_test

import (
	"context"
	"fmt"
	"time"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/event"
)

func ExampleWorker() {
	ctx, cancel := context.WithCancel(context.Background())
	store, err := sqlstore.Open(ctx, "sqlite::memory:", nil)
	if err != nil {
		panic(err)
	}
	defer store.Close() //nolint:errcheck // nothing is lost with a database in memory

	greeted := event.New("guest.arrived", "system", time.Now(), map[string]string{"name": "Ada"}).For("greetings")
	if err := store.Events().Append(ctx, greeted); err != nil {
		panic(err)
	}
	worker := queue.NewWorker(store.Events(), func(_ context.Context, d event.Delivery) error {
		fmt.Println(d.Event.Name, string(d.Event.Data))
		cancel() // the worker stops when this is settled
		return nil
	}, nil)
	if err := worker.Run(ctx); err != nil {
		panic(err)
	}
	left, err := store.Backlog().Stats(context.Background())
	fmt.Println(len(left), err)
	// Output:
	// guest.arrived {"name":"Ada"}
	// 0 <nil>
}
