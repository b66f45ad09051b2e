package ops

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
)

// TraceOptions say where traces go.
type TraceOptions struct {
	Endpoint string  // URL of a collector that speaks OTLP over HTTP; empty: nothing is traced
	Service  string  // name of the program in traces
	Ratio    float64 // share of traces that is kept, 0 to 1; what a caller has decided counts first
}

// NewTracer makes the tracer of a process. The function that it returns sends what is left and ends it.
func NewTracer(ctx context.Context, o TraceOptions) (trace.Tracer, func(), error) {
	if o.Endpoint == "" {
		return noop.NewTracerProvider().Tracer(""), func() {}, nil
	}
	// The client reads OTEL_EXPORTER_OTLP_HEADERS and the like by itself.
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimRight(o.Endpoint, "/")+"/v1/traces"))
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithBatchTimeout(time.Second)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Ratio))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", o.Service), attribute.String("service.version", Version()),
		)),
	)
	return provider.Tracer("github.com/ragcorp/ragcorp"), func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = provider.Shutdown(ctx) // a collector that is away must not hold up the end
	}, nil
}

// Caused returns a context in which events are caused by its span; see event.WithTrace.
func Caused(ctx context.Context) context.Context {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	if parent := carrier.Get("traceparent"); parent != "" {
		return event.WithTrace(ctx, parent)
	}
	return ctx
}

// causedBy links a span to what has caused an event.
func causedBy(e event.Event) trace.SpanStartOption {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": e.Trace})
	if cause := trace.SpanContextFromContext(ctx); cause.IsValid() {
		return trace.WithLinks(trace.Link{SpanContext: cause})
	}
	return trace.WithLinks()
}

// ended ends a span. Of an error only its kind is kept: texts may hold what people wrote.
func ended(span trace.Span, err error) {
	if err != nil {
		kind := "internal"
		if f := fault.Of(err); f != nil {
			kind = string(f.Kind)
		}
		span.SetStatus(codes.Error, kind)
	}
	span.End()
}
