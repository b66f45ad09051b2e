package e2e

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/e2e/servers"
)

// The tables that ingestion fills, in the order of their references.
var filled = []string{"generations", "chunks", "embeddings", "vectors", "index_segments", "index_blocks"}

// How fast one, two and four workers, each with one document at a time, make documents ready, against COPY of the very rows
// that they wrote. It measures, so it runs on request only:
//
//	THROUGHPUT_DOCUMENTS=400 E2E_PROFILE=production go test ./e2e -run ThroughputOfWorkers -v -timeout 30m
func TestThroughputOfWorkers(t *testing.T) {
	n := number("THROUGHPUT_DOCUMENTS", 0)
	if n == 0 || os.Getenv("E2E_PROFILE") != "production" {
		t.Skip("a measurement of the production profile: E2E_PROFILE=production THROUGHPUT_DOCUMENTS=400")
	}
	var files []file
	for _, f := range corpus(t, 2*n) {
		if len(files) < n && !strings.HasSuffix(f.name, ".pdf") && !strings.HasSuffix(f.name, ".docx") { // PDF and DOCX are their parsers' speed
			files = append(files, f)
		}
	}
	var alone time.Duration
	for _, workers := range []int{1, 2, 4} {
		took, chunks, url := throughput(t, files, workers)
		if workers == 1 {
			alone = took
		}
		raw := copied(t, url)
		t.Logf("%d workers: %d documents, %d chunks in %.1f s: %.1f documents/s, %.0f chunks/s, %.2f times one worker; COPY of the rows %.2f s, 1/%.0f",
			workers, len(files), chunks, took.Seconds(), float64(len(files))/took.Seconds(), float64(chunks)/took.Seconds(),
			alone.Seconds()/took.Seconds(), raw.Seconds(), took.Seconds()/raw.Seconds())
	}
}

// throughput lets so many workers work off what was uploaded before they started.
func throughput(t *testing.T, files []file, workers int) (took time.Duration, chunks int, url string) {
	t.Helper()
	_, url = servers.StartPostgres(t)
	s3 := servers.StartS3(t)
	w := newWorld(t, append(s3.Env(s3.Bucket(t)), "DATABASE_URL="+url, "REDIS_URL="+servers.RedisDatabase(t))...)
	api := w.http(t, "WORKERS=0")
	l := api.admin(t).library(t, "throughput")
	l.insist(t, files)
	start := time.Now()
	for range workers {
		w.worker(t, "WORKERS=1")
	}
	eventually(t, "all documents are ready", func() bool {
		for _, state := range []string{"PENDING", "PROCESSING"} {
			r, err := l.send(t, l.request(t, "GET", l.path("/documents?limit=1&status="+state), nil))
			if err != nil || r.status != http.StatusOK || len(parse[documentPage](t, r).Documents) > 0 {
				return false
			}
		}
		return true
	})
	took = time.Since(start)
	for _, d := range l.all(t, nil) {
		if d.Status != "READY" {
			t.Errorf("%s is %s", d.FileName, d.Status)
		}
		chunks += d.ChunkCount
	}
	return took, chunks, url
}

// copied is how long the database takes to copy the rows that ingestion wrote into empty tables with the same indexes.
func copied(t *testing.T, url string) (took time.Duration) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range filled {
		for _, statement := range []string{
			fmt.Sprintf("CREATE TABLE again_%s (LIKE %s INCLUDING ALL)", table, table),
			fmt.Sprintf("COPY %s TO '/tmp/%s.copy' WITH (FORMAT binary)", table, table),
			fmt.Sprintf("COPY again_%s FROM '/tmp/%s.copy' WITH (FORMAT binary)", table, table),
		} {
			start := time.Now()
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
			if strings.HasPrefix(statement, "COPY again") {
				took += time.Since(start)
			}
		}
	}
	return took
}
