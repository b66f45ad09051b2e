package adapters

import (
	"context"
	"errors"

	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// OpenTelemetry makes what watches a process: its metrics, and its traces where OTEL_EXPORTER_OTLP_ENDPOINT says where they go.
func OpenTelemetry(ctx context.Context, c Config) (ops.Telemetry, func(), error) {
	t, closeTracer, err := ops.NewTracer(ctx, ops.TraceOptions{
		Endpoint: c.Traces.Endpoint, Service: c.Traces.Service, Ratio: c.Traces.Ratio,
	})
	return ops.Telemetry{Metrics: ops.NewMetrics(), Tracer: t}, closeTracer, err
}

// MetricsAccess says who may see the metrics of a program that serves nothing else: with METRICS_REQUIRE_AUTH the holders of an
// API key with the permission identity.AdminMetrics, otherwise everybody, for which it returns nil.
func MetricsAccess(c Config, app *core.App) func(ctx context.Context, key string) error {
	if !c.HTTP.MetricsAuth {
		return nil
	}
	return func(ctx context.Context, key string) error {
		if key == "" {
			return fault.Unauthenticated.Errorf("an API key (X-API-Key) is needed")
		}
		a, err := app.Accounts.AuthenticateKey(ctx, key)
		if errors.Is(err, fault.Unauthenticated) || err == nil && !a.Can(identity.AdminMetrics) { // as the API answers
			return fault.Denied.Errorf("you may not see the metrics")
		}
		return err
	}
}
