package e2e

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"runtime"
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
		r, url := throughput(t, files, workers)
		if workers == 1 {
			alone = r.took
		}
		raw, n := copied(t, url), float64(len(files))
		t.Logf("%d workers: %d documents, %d chunks in %.1f s: %.1f documents/s, %.0f chunks/s, %.2f times one worker; COPY of the rows %.2f s, 1/%.0f",
			workers, len(files), r.chunks, r.took.Seconds(), n/r.took.Seconds(), float64(r.chunks)/r.took.Seconds(),
			alone.Seconds()/r.took.Seconds(), raw.Seconds(), r.took.Seconds()/raw.Seconds())
		t.Logf("%d workers: %.1f of %d cores busy; %.1f transactions that write and %.0f KiB of their log for a document",
			workers, float64(runtime.NumCPU())-r.idle/r.took.Seconds(), runtime.NumCPU(), r.writes/n, r.log/1024/n)
	}
}

// spent is what making documents ready took.
type spent struct {
	took   time.Duration
	chunks int
	idle   float64 // seconds of all cores of this machine, where the system says so
	writes float64 // transactions of the database that wrote
	log    float64 // bytes that the database wrote ahead
}

// throughput lets so many workers work off what was uploaded before they started.
func throughput(t *testing.T, files []file, workers int) (r spent, url string) {
	t.Helper()
	_, url = servers.StartPostgres(t)
	s3 := servers.StartS3(t)
	w := newWorld(t, append(s3.Env(s3.Bucket(t)), "DATABASE_URL="+url, "REDIS_URL="+servers.RedisDatabase(t))...)
	api := w.http(t, "WORKERS=0")
	l := api.admin(t).library(t, "throughput")
	l.insist(t, files)
	start, before := time.Now(), meters(t, url)
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
	took, after := time.Since(start), meters(t, url)
	r = spent{took: took, idle: after.idle - before.idle, writes: after.writes - before.writes, log: after.log - before.log}
	for _, d := range l.all(t, nil) {
		if d.Status != "READY" {
			t.Errorf("%s is %s", d.FileName, d.Status)
		}
		r.chunks += d.ChunkCount
	}
	return r, url
}

// meters is what has been spent up to now. Only transactions that write get an id.
func meters(t *testing.T, url string) (now spent) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.QueryRowContext(t.Context(), "SELECT pg_current_xact_id()::text::bigint, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint").
		Scan(&now.writes, &now.log)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile("/proc/uptime"); err == nil {
		if _, err := fmt.Sscan(string(raw), new(float64), &now.idle); err != nil {
			t.Fatal(err)
		}
	}
	return now
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
