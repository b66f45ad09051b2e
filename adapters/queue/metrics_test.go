package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/core/event"
)

// gather reads the values of metrics, and of histograms how much was observed.
func gather(t *testing.T, m *queue.Metrics) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, one := range f.GetMetric() {
			out[f.GetName()] += one.GetCounter().GetValue() + one.GetGauge().GetValue() + float64(one.GetHistogram().GetSampleCount())
		}
	}
	return out
}

func TestRelaysAndWorkersAreCounted(t *testing.T) {
	t.Parallel()
	w, s := sharedRedis(t), openStore(t, "sqlite::memory:")
	r := w.connect(queue.RedisOptions{Fallback: time.Hour, Visibility: time.Hour})
	m := queue.NewMetrics(r, []string{"work"})
	add(t, s.Events(), 3)
	stopRelay := relay(t, s.Events(), r, queue.RelayOptions{Metrics: m})
	eventually(t, "all is announced", func() bool { return w.length("work") == 3 })
	want := map[string]float64{
		"rag_queue_announced_total": 3, "rag_queue_stream_entries": 3, "rag_worker_duration_seconds": 0, "rag_worker_failed_total": 0,
	}
	if diff := cmp.Diff(want, gather(t, m)); diff != "" {
		t.Errorf("metrics before the work (-want +got):\n%s", diff)
	}
	options := over(r, 1)
	options.Metrics = m
	options.Settle = func(ctx context.Context, d event.Delivery, err error) error {
		if err != nil {
			return s.Events().Retry(ctx, d.Lease, time.Now(), err.Error())
		}
		return s.Events().Done(ctx, d.Lease, time.Now())
	}
	stop := start(t, s.Events(), func(_ context.Context, d event.Delivery) error {
		if d.Attempts == 1 {
			return errors.New("not at the first try")
		}
		return nil
	}, options)
	settled(t, s)
	stopped(t, stop)
	eventually(t, "the stream is empty", func() bool { return w.length("work") == 0 })
	stopRelay()
	want = map[string]float64{
		"rag_queue_announced_total": 6, "rag_queue_redeliveries_total": 3, "rag_queue_stream_entries": 0,
		"rag_worker_duration_seconds": 6, "rag_worker_failed_total": 3,
	}
	if diff := cmp.Diff(want, gather(t, m)); diff != "" {
		t.Errorf("metrics after the work (-want +got):\n%s", diff)
	}
}

func TestWithoutAnAnswerFromRedisTheOtherMetricsAreThere(t *testing.T) {
	t.Parallel()
	got := gather(t, queue.NewMetrics(nowhere(t, queue.RedisOptions{}), []string{"work"}))
	if _, ok := got["rag_worker_failed_total"]; !ok {
		t.Errorf("the metrics are %v", got)
	}
	if n, ok := got["rag_queue_stream_entries"]; ok {
		t.Errorf("the stream has %v entries as far as anybody knows", n)
	}
}
