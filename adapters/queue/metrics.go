package queue

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what relays and workers of a process do. It is a prometheus.Collector, safe for concurrent use; all labels
// are bounded by the topics.
type Metrics struct {
	announcements *prometheus.CounterVec
	redeliveries  *prometheus.CounterVec
	failures      prometheus.Counter
	duration      prometheus.Histogram
	redis         *Redis // may be nil
	topics        []string
}

var _ prometheus.Collector = (*Metrics)(nil)

// NewMetrics returns Metrics. The length of the topics' streams is read from r, which may be nil, when metrics are read.
func NewMetrics(r *Redis, topics []string) *Metrics {
	return &Metrics{
		redis: r, topics: topics,
		announcements: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rag_queue_announced_total", Help: "Deliveries that this process announced over Redis.",
		}, []string{"topic"}),
		redeliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rag_queue_redeliveries_total", Help: "Deliveries that this process began to work on and that were begun before.",
		}, []string{"topic"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rag_worker_failed_total", Help: "Deliveries on which this process's work ended with an error.",
		}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rag_worker_duration_seconds", Help: "Time that the work on a delivery took.",
			Buckets: []float64{.5, 1, 2.5, 5, 10, 30, 60, 120, 300},
		}),
	}
}

func (m *Metrics) parts() []prometheus.Collector {
	return []prometheus.Collector{m.announcements, m.redeliveries, m.failures, m.duration}
}

func waitingDesc() *prometheus.Desc {
	return prometheus.NewDesc("rag_queue_stream_entries", "Announcements in the streams of Redis that are not finished.", []string{"topic"}, nil)
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, p := range m.parts() {
		p.Describe(ch)
	}
	ch <- waitingDesc()
}

// Collect implements prometheus.Collector. While Redis doesn't answer, the length of its streams is left out.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	for _, p := range m.parts() {
		p.Collect(ch)
	}
	if m.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, topic := range m.topics {
		n, err := m.redis.client.XLen(ctx, m.redis.stream(topic)).Result()
		if err != nil {
			return
		}
		ch <- prometheus.MustNewConstMetric(waitingDesc(), prometheus.GaugeValue, float64(n), topic)
	}
}

func (m *Metrics) announced(topic string, n int) {
	if m != nil {
		m.announcements.WithLabelValues(topic).Add(float64(n))
	}
}

func (m *Metrics) begun(topic string, attempt int) {
	if m != nil && attempt > 1 {
		m.redeliveries.WithLabelValues(topic).Inc()
	}
}

func (m *Metrics) ended(took time.Duration, failed bool) {
	if m == nil {
		return
	}
	m.duration.Observe(took.Seconds())
	if failed {
		m.failures.Inc()
	}
}
