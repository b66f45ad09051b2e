package ops

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
)

// Telemetry is how a process is watched.
type Telemetry struct {
	Metrics *Metrics
	Tracer  trace.Tracer
}

// App makes an App over ports that are measured and traced.
func (w Telemetry) App(p core.Ports, o *core.Options) (*core.App, error) {
	m, t := w.Metrics, w.Tracer
	p.Store = measuredStore{p.Store, m}
	p.Parser = measuredParser{p.Parser, m, t}
	p.Embedder = measuredEmbedder{p.Embedder, m, t}
	if p.NextEmbedder != nil {
		p.NextEmbedder = measuredEmbedder{p.NextEmbedder, m, t}
	}
	p.Generator = measuredGenerator{p.Generator, m, t}
	if p.ContextWriter != nil {
		p.ContextWriter = measuredContextWriter{p.ContextWriter, m, t}
	}
	if p.Reranker != nil {
		p.Reranker = measuredReranker{p.Reranker, m, t}
	}
	o.Search.Observe, o.Chat.Observe = m.Search, m.Answer
	o.Documents.Contexts.Observe = func(outcome document.ContextOutcome, chunks int) {
		m.work.contexts.WithLabelValues(string(outcome)).Add(float64(chunks))
	}
	o.Documents.Chunked = func(took time.Duration) { m.work.stages.WithLabelValues("chunking").Observe(took.Seconds()) }
	app, err := core.New(p, o)
	if err != nil {
		return nil, err
	}
	m.Total("rag_prompt_injection_detected_total", "Passages found that look like prompt injection, by what they show.", "pattern",
		func() map[string]float64 {
			out := map[string]float64{}
			for pattern, n := range app.Search.Injections() {
				out[string(pattern)] = float64(n)
			}
			return out
		})
	m.WatchBacklog(func(ctx context.Context) ([]event.Stat, error) { return app.Backlog(ctx, identity.System) })
	return app, nil
}

// Reaction wraps what reacts to deliveries: each reaction is counted when it fails, and traced as a span of its own that links to whatever
// has caused its event.
func (w Telemetry) Reaction(handle func(context.Context, event.Delivery) error) func(context.Context, event.Delivery) error {
	return func(ctx context.Context, d event.Delivery) error {
		ctx, span := w.Tracer.Start(ctx, "react to "+d.Event.Topic, trace.WithSpanKind(trace.SpanKindConsumer), causedBy(d.Event),
			trace.WithNewRoot(), trace.WithAttributes(
				attribute.String("messaging.message.id", d.Event.ID.String()), attribute.String("messaging.destination.name", d.Event.Topic),
				attribute.Int("ragcorp.attempt", d.Attempts), attribute.String("ragcorp.subject", d.Event.Subject),
			))
		err := handle(Caused(ctx), d)
		if d.Event.Topic == document.TopicIngest && err != nil && !errors.Is(err, event.ErrLeaseLost) {
			w.Metrics.work.processed.WithLabelValues(failureStatus(d)).Inc()
		}
		ended(span, err)
		return err
	}
}

// failureStatus is INVALID for a delivery that makes no sense, and UNKNOWN for one that is tried again.
func failureStatus(d event.Delivery) string {
	if _, err := document.RunOf(d.Event); err != nil {
		return "INVALID"
	}
	return "UNKNOWN"
}
