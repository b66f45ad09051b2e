package main

import (
	"context"
	"net"
	"strconv"

	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
)

// stores are what work needs.
type stores struct {
	database *sqlstore.Store
	blobs    *blobstore.Store
}

func newStores(database *sqlstore.Store, blobs *blobstore.Store) stores {
	return stores{database, blobs}
}

// newProgram works, and shows health and metrics on WORKER_HTTP_PORT; 0 shows nothing.
func newProgram(c adapters.Config, app *core.App, s stores, w adapters.Workers, log *zap.Logger) ops.Program {
	if c.Worker.HTTPPort == 0 {
		return w
	}
	m := ops.NewMetrics(func(ctx context.Context) ([]event.Stat, error) { return app.Backlog(ctx, identity.System) })
	return ops.Together{w, ops.Probes{
		Addr: net.JoinHostPort(c.Worker.HTTPHost, strconv.Itoa(c.Worker.HTTPPort)), Metrics: m.Handler(), Log: log,
		Ready: func(ctx context.Context) map[string]error {
			return map[string]error{"db": s.database.Ping(ctx), "blobs": s.blobs.Ping(ctx)}
		},
	}}
}
