package adapters

import (
	"context"
	"maps"

	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
)

// noQueue is the QUEUE_URL that means the database alone.
const noQueue = "events:"

// Queue is how the workers of an installation hear of deliveries, and what is counted there.
type Queue struct {
	redis   *queue.Redis // nil where they look into the database
	metrics *queue.Metrics
	watch   ops.Telemetry
}

// OpenQueue opens the Redis that QUEUE_URL names, if any. Whether it answers does not matter: it may come later.
func OpenQueue(c Config, t ops.Telemetry) (*Queue, func(), error) {
	q := &Queue{watch: t}
	if c.Queue.URL == noQueue {
		q.metrics = queue.NewMetrics(nil, core.Topics())
		t.Metrics.Register(q.metrics)
		return q, func() {}, nil
	}
	r, err := queue.OpenRedis(c.Queue.URL, &queue.RedisOptions{Backlog: c.Queue.Backlog, Visibility: c.Queue.Visibility})
	if err != nil {
		return nil, nil, err
	}
	q.redis, q.metrics = r, queue.NewMetrics(r, core.Topics())
	t.Metrics.Register(q.metrics)
	return q, func() { _ = r.Close() }, nil // see OpenStore
}

// Check tells whether Redis answers, by the name of what was asked; it is empty without Redis. Work goes on while it doesn't
// answer, with some delay.
func (q *Queue) Check(ctx context.Context) map[string]error {
	if q.redis == nil {
		return nil
	}
	return map[string]error{"redis": q.redis.Ping(ctx)}
}

// Helpful returns what a readiness probe shows besides what must answer: Check, and embedding_space when no model is configured
// for the embedding space in which searches look, so that only words are found.
func Helpful(q *Queue, app *core.App) func(context.Context) map[string]error {
	return func(ctx context.Context) map[string]error {
		out := map[string]error{}
		maps.Copy(out, q.Check(ctx))
		if err := app.Search.Served(ctx); err != nil {
			out["embedding_space"] = err
		}
		return out
	}
}

// programs are the relay, if there is Redis, and the workers, if there are to be some.
func (q *Queue) programs(c Config, app *core.App, store *sqlstore.Store, log *zap.Logger) ([]ops.Program, error) {
	var out []ops.Program
	if q.redis != nil {
		relay, err := queue.NewRelay(store.Events(), q.redis, core.Topics(), &queue.RelayOptions{
			Poll: c.Worker.Poll, Metrics: q.metrics, Logger: log,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, relay)
	}
	if c.Worker.Count > 0 {
		out = append(out, queue.NewWorker(store.Events(), q.watch.Reaction(app.Handle), &queue.WorkerOptions{
			Topics: core.Topics(), Concurrency: c.Worker.Count, Lease: c.Worker.Lease, Poll: c.Worker.Poll,
			DrainTimeout: c.Worker.Drain, Redis: q.redis, Metrics: q.metrics, Settle: app.Settle, Logger: log,
		}))
	}
	return out, nil
}
