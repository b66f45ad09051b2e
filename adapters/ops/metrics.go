package ops

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ragcorp/ragcorp/core/event"
)

// Metrics are the numbers that a process shows to Prometheus. All labels are bounded. It is itself a prometheus.Collector.
type Metrics struct {
	registry *prometheus.Registry

	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	blocked  prometheus.Counter
	queries  *prometheus.HistogramVec

	searching searchMetrics
	answering answerMetrics
	models    modelMetrics
	work      workMetrics
}

// NewMetrics makes the metrics of a process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("rag_requests_total", "Requests served, by route, method and class of status.", "endpoint", "method", "status"),
		latency: histograms("rag_request_latency_seconds", "Time from the first to the last byte of a response.",
			[]float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "endpoint", "method"),
		blocked: counter("rag_cross_scope_block_total", "Requests that were denied because of the workspace that they were about."),
		queries: histograms("rag_db_query_duration_seconds", "Statements to the database, by their first word.",
			[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}, "kind"),
		searching: newSearchMetrics(), answering: newAnswerMetrics(), models: newModelMetrics(), work: newWorkMetrics(),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(m.requests, m.latency, m.blocked, m.queries)
	for _, group := range [][]prometheus.Collector{m.searching.all(), m.answering.all(), m.models.all(), m.work.all()} {
		m.registry.MustRegister(group...)
	}
	return m
}

// Total shows counters that somebody else keeps: read returns their values by those of a label, which must be few.
func (m *Metrics) Total(name, help, label string, read func() map[string]float64) {
	m.registry.MustRegister(&totals{desc: prometheus.NewDesc(name, help, []string{label}, nil), read: read})
}

// totals reads counters when asked.
type totals struct {
	desc *prometheus.Desc
	read func() map[string]float64
}

// Describe implements prometheus.Collector.
func (t *totals) Describe(ch chan<- *prometheus.Desc) { ch <- t.desc }

// Collect implements prometheus.Collector.
func (t *totals) Collect(ch chan<- prometheus.Metric) {
	for value, n := range t.read() {
		ch <- prometheus.MustNewConstMetric(t.desc, prometheus.CounterValue, n, value)
	}
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Request counts one request. endpoint is a route, without ids.
func (m *Metrics) Request(endpoint, method string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(endpoint, method, class(status)).Inc()
	m.latency.WithLabelValues(endpoint, method).Observe(took.Seconds())
}

// Blocked counts a request that was denied because of its workspace.
func (m *Metrics) Blocked() { m.blocked.Inc() }

// Query counts one statement to the database. kind is its first word, such as SELECT.
func (m *Metrics) Query(kind string, took time.Duration) {
	switch kind {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT", "ROLLBACK", "WITH":
	default:
		kind = "other"
	}
	m.queries.WithLabelValues(kind).Observe(took.Seconds())
}

func class(status int) string {
	switch status / 100 {
	case 2:
		return "2xx"
	case 4:
		return "4xx"
	case 5:
		return "5xx"
	}
	return "other"
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) { m.registry.Describe(ch) }

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) { m.registry.Collect(ch) }

// Register adds numbers that others count.
func (m *Metrics) Register(more ...prometheus.Collector) { m.registry.MustRegister(more...) }

// WatchBacklog shows the deliveries that are not done; read counts them whenever the metrics are read. It must be called once
// at most.
func (m *Metrics) WatchBacklog(read func(ctx context.Context) ([]event.Stat, error)) {
	m.registry.MustRegister(&backlogCollector{read: read})
}

// backlogCollector reads the deliveries when asked.
type backlogCollector struct {
	read func(ctx context.Context) ([]event.Stat, error)
}

func depthDesc() *prometheus.Desc {
	return prometheus.NewDesc("rag_queue_deliveries", "Deliveries that are not done.", []string{"topic", "state"}, nil)
}

func ageDesc() *prometheus.Desc {
	return prometheus.NewDesc("rag_queue_oldest_seconds", "Age of the oldest delivery that is not done.", []string{"topic", "state"}, nil)
}

// Describe implements prometheus.Collector.
func (*backlogCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- depthDesc()
	ch <- ageDesc()
}

// Collect implements prometheus.Collector.
func (c *backlogCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	stats, err := c.read(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(depthDesc(), err)
		return
	}
	for _, s := range stats {
		ch <- prometheus.MustNewConstMetric(depthDesc(), prometheus.GaugeValue, float64(s.Count), s.Topic, string(s.State))
		ch <- prometheus.MustNewConstMetric(ageDesc(), prometheus.GaugeValue, time.Since(s.Oldest).Seconds(), s.Topic, string(s.State))
	}
}
