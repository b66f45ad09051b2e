package httpapi

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/event"
)

// trace makes a span of every request but the probes', within the caller's if it says that there is one. Events that the
// request causes carry it on.
func (s *Server) trace(next http.Handler) http.Handler {
	if s.deps.Tracer == nil {
		return next
	}
	format := propagation.TraceContext{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isProbe(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		ctx := format.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := s.deps.Tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		if !span.SpanContext().IsValid() { // nothing is traced
			next.ServeHTTP(w, r)
			return
		}
		carrier := propagation.MapCarrier{}
		format.Inject(ctx, carrier)
		rec := &recorder{ResponseWriter: w}
		r = r.WithContext(event.WithTrace(ctx, carrier.Get("traceparent")))
		next.ServeHTTP(rec, r)
		route := routeOf(r)
		span.SetName(r.Method + " " + route)
		span.SetAttributes(
			attribute.String("http.request.method", r.Method), attribute.String("http.route", route),
			attribute.Int("http.response.status_code", rec.status), attribute.String("ragcorp.request_id", requestID(ctx)),
		)
		if rec.status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
	})
}

// about names a request, and its trace if there is one, in the log.
func about(ctx context.Context) []zap.Field {
	fields := []zap.Field{zap.String("request_id", requestID(ctx))}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		fields = append(fields, zap.String("trace_id", span.TraceID().String()), zap.String("span_id", span.SpanID().String()))
	}
	return fields
}
