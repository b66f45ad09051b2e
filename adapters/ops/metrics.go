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

// Metrics are the numbers that a process shows to Prometheus. All labels are bounded.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
}

// NewMetrics makes the metrics of a process. backlog counts the deliveries that are not done; it is asked when the metrics
// are read, as more is.
func NewMetrics(backlog func(ctx context.Context) ([]event.Stat, error), more ...prometheus.Collector) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rag_requests_total", Help: "Requests served, by route, method and class of status.",
		}, []string{"endpoint", "method", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rag_request_latency_seconds", Help: "Time from the first to the last byte of a response.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"endpoint", "method"}),
	}
	m.registry.MustRegister(
		m.requests, m.latency, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&backlogCollector{read: backlog},
	)
	m.registry.MustRegister(more...)
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
