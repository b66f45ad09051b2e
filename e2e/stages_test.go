package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// How long mixed documents take on one folder, and where that time goes. It measures, so it runs on request only:
//
//	STAGES_DOCUMENTS=1000 go test ./e2e -run StagesOfMixedDocuments -v -timeout 30m
func TestStagesOfMixedDocuments(t *testing.T) {
	n := number("STAGES_DOCUMENTS", 0)
	if n == 0 || faraway() {
		t.Skip("a measurement of the embedded profile: STAGES_DOCUMENTS=1000")
	}
	s := start(t, "WORKERS=1")
	l := s.admin(t).library(t, "thousand")
	files := corpus(t, n)
	began, size := time.Now(), 0
	for _, f := range files {
		l.upload(t, f)
		size += len(f.content)
	}
	uploaded := time.Since(began)
	var metrics string
	for deadline := began.Add(30 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		metrics = string((&client{url: s.url}).do(t, "GET", "/metrics", nil).body)
		if sample(t, metrics, `rag_worker_processed_total{status="FAILED"}`) > 0 || time.Now().After(deadline) {
			t.Fatal("documents failed, or took too long")
		}
		if int(sample(t, metrics, `rag_worker_processed_total{status="READY"}`)) == len(files) {
			break
		}
	}
	took := time.Since(began)
	var table strings.Builder
	fmt.Fprintf(&table, "%d documents, %.1f MiB, in %.1f s: %.1f documents/s; uploading them took %.1f s of these\n", len(files), float64(size)/(1<<20),
		took.Seconds(), float64(len(files))/took.Seconds(), uploaded.Seconds())
	table.WriteString("| stage | s | share |\n| --- | --- | --- |\n")
	stages, sum := []string{"parsing", "chunking", "embedding", "indexing"}, 0.0
	for _, stage := range stages {
		sum += sample(t, metrics, `rag_pipeline_stage_seconds_sum{stage="`+stage+`"}`)
	}
	for _, stage := range stages {
		spent := sample(t, metrics, `rag_pipeline_stage_seconds_sum{stage="`+stage+`"}`)
		fmt.Fprintf(&table, "| %s | %.1f | %.0f %% |\n", stage, spent, 100*spent/sum)
	}
	t.Logf("\n%s", table.String())
}

// sample is a value in the metrics; 0 when there is none.
func sample(t *testing.T, metrics, name string) float64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(metrics)
	if m == nil {
		return 0
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
