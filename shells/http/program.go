package main

import (
	"context"
	"os"

	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
)

// newProgram makes sure that somebody can sign in, and serves.
func newProgram(
	ctx context.Context, c adapters.Config, app *core.App, s *httpapi.Server, w adapters.Workers,
) (ops.Program, error) {
	if err := adapters.FirstAdmin(ctx, c, app, os.Stdout); err != nil {
		return nil, err
	}
	return ops.Together{s, w}, nil
}

// connections are what the shell asks whether it answers.
type connections struct {
	database *sqlstore.Store
	blobs    *blobstore.Store
	queue    *adapters.Queue
}

func newConnections(database *sqlstore.Store, blobs *blobstore.Store, q *adapters.Queue) connections {
	return connections{database, blobs, q}
}

func serverDeps(app *core.App, to connections, t ops.Telemetry, log *zap.Logger) httpapi.Deps {
	return httpapi.Deps{
		App: app, Log: log, Metrics: t.Metrics.Handler(), Observe: t.Metrics.Request, Blocked: t.Metrics.Blocked, Tracer: t.Tracer,
		Helpful: adapters.Helpful(to.queue, app),
		Ready: func(ctx context.Context) map[string]error {
			return map[string]error{"database": to.database.Ping(ctx), "blobs": to.blobs.Ping(ctx)}
		},
	}
}

func serverOptions(c adapters.Config) httpapi.Options {
	return httpapi.Options{
		Addr: c.HTTP.Addr, Version: ops.Version(), Production: c.Production(), AllowedOrigins: c.HTTP.AllowedOrigins,
		AllowCredentials: c.HTTP.AllowCredentials, MaxBody: c.HTTP.MaxBody, MaxUpload: c.HTTP.MaxUpload, MaxBatch: c.HTTP.MaxBatch, MaxTopK: c.HTTP.MaxTopK, Patience: c.HTTP.SlowClient,
		RateRPS: c.HTTP.RateRPS, RateBurst: c.HTTP.RateBurst, TrustedProxies: c.HTTP.TrustedProxies, CookieName: c.Auth.CookieName,
		CookieSecure: c.Auth.CookieSecure, MetricsAuth: c.HTTP.MetricsAuth,
	}
}
