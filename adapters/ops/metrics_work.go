package ops

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
)

// workMetrics are about processing documents.
type workMetrics struct {
	processed *prometheus.CounterVec
	stages    *prometheus.HistogramVec
	dedup     prometheus.Counter
	contexts  *prometheus.CounterVec
}

func newWorkMetrics() workMetrics {
	return workMetrics{
		processed: counters("rag_worker_processed_total", "Runs over documents, by how they ended.", "status"),
		stages: histograms("rag_pipeline_stage_seconds", "Time of the steps of processing: parsing, chunking, context (of a chunk), embedding (a batch) and indexing.",
			[]float64{.01, .05, .1, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}, "stage"),
		dedup: counter("rag_dedup_hit_total", "Documents that the workspace had already."),
		contexts: counters("rag_chunk_contexts_total",
			"Contexts of chunks, by what became of them: written, kept, unusable, refused, unavailable or too_many.", "outcome"),
	}
}

func (w workMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{w.processed, w.stages, w.dedup, w.contexts}
}

// measuredStore is a store whose documents and runs are counted.
type measuredStore struct {
	core.Store
	m *Metrics
}

// Documents implements core.Store.
func (s measuredStore) Documents() document.Store { return measuredDocuments{s.Store.Documents(), s.m} }

// Pipeline implements core.Store.
func (s measuredStore) Pipeline() document.Pipeline {
	return measuredPipeline{s.Store.Pipeline(), s.m}
}

type measuredDocuments struct {
	document.Store
	m *Metrics
}

// Create implements document.Store.
func (d measuredDocuments) Create(
	ctx context.Context, doc document.Document, events ...event.Event,
) (stored document.Document, created bool, err error) {
	stored, created, err = d.Store.Create(ctx, doc, events...)
	if err == nil && !created {
		d.m.work.dedup.Inc()
	}
	return stored, created, err
}

type measuredPipeline struct {
	document.Pipeline
	m *Metrics
}

// ended counts how a run ended. MISSING: its document is gone, or needs it no more; PROCESSING: another worker is at it.
func (p measuredPipeline) ended(err error, status string) {
	switch {
	case err == nil:
	case errors.Is(err, document.ErrStopped):
		status = "MISSING"
	case errors.Is(err, event.ErrLeaseLost):
		status = "PROCESSING"
	default:
		return // the delivery is tried again
	}
	p.m.work.processed.WithLabelValues(status).Inc()
}

// Start implements document.Pipeline.
func (p measuredPipeline) Start(ctx context.Context, l event.Lease, r document.Run, now time.Time) (document.Document, error) {
	d, err := p.Pipeline.Start(ctx, l, r, now)
	if err != nil {
		p.ended(err, "")
	}
	return d, err
}

// Switch implements document.Pipeline.
func (p measuredPipeline) Switch(
	ctx context.Context, l event.Lease, r document.Run, g document.Generation, now time.Time, events ...event.Event,
) error {
	began := time.Now()
	err := p.Pipeline.Switch(ctx, l, r, g, now, events...)
	p.m.work.stages.WithLabelValues("indexing").Observe(time.Since(began).Seconds())
	p.ended(err, "READY")
	return err
}

// Fail implements document.Pipeline.
func (p measuredPipeline) Fail(
	ctx context.Context, l event.Lease, r document.Run, f document.Failure, now time.Time, events ...event.Event,
) error {
	err := p.Pipeline.Fail(ctx, l, r, f, now, events...)
	p.ended(err, "FAILED")
	return err
}

// GiveUp implements document.Pipeline.
func (p measuredPipeline) GiveUp(
	ctx context.Context, l event.Lease, r document.Run, f document.Failure, now time.Time, events ...event.Event,
) error {
	err := p.Pipeline.GiveUp(ctx, l, r, f, now, events...)
	p.ended(err, "FAILED")
	return err
}

// measuredParser is a parser whose work is timed and traced.
type measuredParser struct {
	document.Parser
	m *Metrics
	t trace.Tracer
}

// Parse implements document.Parser.
func (p measuredParser) Parse(ctx context.Context, f document.File) (document.Parsed, error) {
	ctx, span := p.t.Start(ctx, "parse", trace.WithAttributes(
		attribute.String("ragcorp.media_type", f.MediaType), attribute.Int64("ragcorp.bytes", f.Size),
	))
	began := time.Now()
	parsed, err := p.Parser.Parse(ctx, f)
	p.m.work.stages.WithLabelValues("parsing").Observe(time.Since(began).Seconds())
	ended(span, err)
	return parsed, err
}
