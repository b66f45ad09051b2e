package adapters

import (
	"context"

	"github.com/ragcorp/ragcorp/adapters/ops"
)

// OpenTelemetry makes what watches a process: its metrics, and its traces where OTEL_EXPORTER_OTLP_ENDPOINT says where they go.
func OpenTelemetry(ctx context.Context, c Config) (ops.Telemetry, func(), error) {
	t, closeTracer, err := ops.NewTracer(ctx, ops.TraceOptions{
		Endpoint: c.Traces.Endpoint, Service: c.Traces.Service, Ratio: c.Traces.Ratio,
	})
	return ops.Telemetry{Metrics: ops.NewMetrics(), Tracer: t}, closeTracer, err
}
