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
)

// connections are what work needs.
type connections struct {
	database *sqlstore.Store
	blobs    *blobstore.Store
	queue    *adapters.Queue
}

func newConnections(database *sqlstore.Store, blobs *blobstore.Store, q *adapters.Queue) connections {
	return connections{database, blobs, q}
}

// newProgram works, and shows health and metrics on WORKER_HTTP_PORT; 0 shows nothing.
func newProgram(
	c adapters.Config, app *core.App, t ops.Telemetry, to connections, w adapters.Workers, log *zap.Logger,
) ops.Program {
	if c.Worker.HTTPPort == 0 {
		return w
	}
	return ops.Together{w, ops.Probes{
		Addr: net.JoinHostPort(c.Worker.HTTPHost, strconv.Itoa(c.Worker.HTTPPort)), Metrics: t.Metrics.Handler(), Log: log,
		Ready: func(ctx context.Context) map[string]error {
			return map[string]error{"db": to.database.Ping(ctx), "blobs": to.blobs.Ping(ctx)}
		},
		Helpful: adapters.Helpful(to.queue, app), Allow: adapters.MetricsAccess(c, app),
	}}
}
