package core_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// BenchmarkOneMore adds a document of one chunk, and deletes it for good, in a workspace of about 1,000 chunks and, in turn, in one of
// BENCH_DOCUMENTS times 20, each in a database of its own; whatever follows, such as compacting the index, counts too. It reports
// the mean of each, and their ratio.
//
//	BENCH_DOCUMENTS=5000 go test ./core -run xxx -bench OneMore -benchtime 500x -timeout 2h
func BenchmarkOneMore(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		dir := b.TempDir()
		oneMore(b, "sqlite:"+filepath.Join(dir, "small.db"), "sqlite:"+filepath.Join(dir, "large.db"))
	})
	b.Run("PostgreSQL", func(b *testing.B) {
		small, _ := servers.StartPostgres(b)
		large, _ := servers.StartPostgres(b)
		oneMore(b, servers.WithoutProxy(b, small), servers.WithoutProxy(b, large))
	})
}

func oneMore(b *testing.B, small, large string) {
	b.Helper()
	const few = 50
	libraries := []library{newLibrary(b, small, few), newLibrary(b, large, benchDocuments(b, 500))}
	rng := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // no secrecy
	var adding, deleting [2]times
	n := 0
	for b.Loop() {
		n++
		for i, l := range libraries {
			began := time.Now()
			d, err := l.ingest(b.Context(), fmt.Sprintf("%d %s", n, prose(rng, 100)))
			fatal(b, err)
			fatal(b, l.app.Drain(b.Context()))
			added := time.Now()
			fatal(b, l.app.Documents.Delete(b.Context(), identity.System, l.ws, d.ID))
			fatal(b, l.app.Drain(b.Context()))
			adding[i], deleting[i] = append(adding[i], added.Sub(began)), append(deleting[i], time.Since(added))
		}
	}
	for i, size := range []string{"small", "large"} {
		b.ReportMetric(adding[i].mean(), size+"-add-ms")
		b.ReportMetric(deleting[i].mean(), size+"-delete-ms")
	}
	b.ReportMetric(adding[1].mean()/adding[0].mean(), "add-ratio")
	b.ReportMetric(deleting[1].mean()/deleting[0].mean(), "delete-ratio")
	b.ReportMetric(float64(libraries[1].chunks), "chunks")
}
