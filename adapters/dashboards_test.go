package adapters_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/ops"
)

var fqName = regexp.MustCompile(`fqName: "([^"]+)"`)

// exposed are the names of the metrics that the programs expose.
func exposed(t *testing.T) map[string]bool {
	t.Helper()
	c := config(t, nil)
	watch := ops.Telemetry{Metrics: ops.NewMetrics(), Tracer: noop.NewTracerProvider().Tracer("")}
	_, closeQueue, err := adapters.OpenQueue(c, watch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeQueue)
	watchedApp(t, watch)
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		watch.Metrics.Describe(descs)
	}()
	names := map[string]bool{}
	for d := range descs {
		names[fqName.FindStringSubmatch(d.String())[1]] = true
	}
	return names
}

// base is the name of the metric to which a series belongs.
func base(names map[string]bool, series string) string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if cut, ok := strings.CutSuffix(series, suffix); ok && names[cut] {
			return cut
		}
	}
	return series
}

var metricName = regexp.MustCompile(`\b(?:rag|go|process)_[a-z0-9_]+`)

// used are the series in the dashboard and the rules, each with the files that name it.
func used(t *testing.T) map[string][]string {
	t.Helper()
	names := map[string][]string{}
	for _, file := range []string{"ragcorp.json", "rules.yml"} {
		raw, err := os.ReadFile(filepath.Join("ops", "dashboards", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range metricName.FindAllString(string(raw), -1) {
			if !slices.Contains(names[name], file) {
				names[name] = append(names[name], file)
			}
		}
	}
	if len(names) < 20 {
		t.Fatalf("the dashboard and the rules name %d metrics only", len(names))
	}
	return names
}

func TestDashboardsAndRulesAndProgramsNameTheSameMetrics(t *testing.T) {
	t.Parallel()
	there, shown := exposed(t), map[string]bool{}
	for series, files := range used(t) {
		name := base(there, series)
		shown[name] = true
		if !there[name] {
			t.Errorf("%s: nothing exposes %s", strings.Join(files, " and "), series)
		}
	}
	for name := range there {
		if strings.HasPrefix(name, "rag_") && !shown[name] {
			t.Errorf("%s is on no dashboard and in no rule", name)
		}
	}
}

// The names that the predecessor's dashboards know, but for those of connectors.
func TestMetricsKeepTheNamesThatOperatorsKnow(t *testing.T) {
	t.Parallel()
	there := exposed(t)
	for name := range strings.FieldsSeq(`rag_requests_total rag_request_latency_seconds rag_embed_latency_seconds
		rag_retrieve_latency_seconds rag_llm_latency_seconds rag_embedding_cache_hit_total rag_embedding_cache_miss_total
		rag_worker_processed_total rag_worker_failed_total rag_worker_duration_seconds rag_policy_refusal_total
		rag_prompt_injection_detected_total rag_cross_scope_block_total rag_answer_without_sources_total
		rag_sources_returned_count rag_dedup_hit_total rag_hybrid_retrieval_total rag_dense_latency_seconds
		rag_sparse_latency_seconds rag_fusion_latency_seconds rag_rerank_latency_seconds
		rag_retrieval_fallback_total rag_db_query_duration_seconds`) {
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
	}
}
