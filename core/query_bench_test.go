package core_test

import (
	"database/sql"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
)

// BenchmarkQuery measures whole queries on a workspace in a folder, and each arm within them, for one client. Beside them and in
// turn with them it measures what they can't be faster than: reading the bytes of the vectors' codes once from memory, for the
// exact search by vector; and what they compete with: FTS5's bm25() for the same words over the same chunks. BENCH_DOCUMENTS is
// how many documents of 20 chunks there are; 5,000 and 25,000 take minutes to take in. rss-MiB is the most memory that the
// process has had since everything was in.
//
//	BENCH_DOCUMENTS=5000 go test ./core -run xxx -bench 'Query$' -benchtime 300x -timeout 1h
func BenchmarkQuery(b *testing.B) {
	path := filepath.Join(b.TempDir(), "r.db")
	l := newLibrary(b, "sqlite:"+path, benchDocuments(b, 500))
	fts := newFTS5(b, path)
	codes := make([]byte, l.chunks*wideNumbers)
	l.ask(b, "the first one loads the vectors")
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // begin anew to note the most memory; where that exists
	rng := rand.New(rand.NewPCG(3, 4))                        //nolint:gosec // no secrecy
	var whole, lexical, dense, fetch, stream, bm25 times
	for b.Loop() {
		q := prose(rng, 10)
		began := time.Now()
		trace := l.ask(b, q)
		whole = append(whole, time.Since(began))
		lexical, dense = append(lexical, trace.Lexical.Took), append(dense, trace.Dense.Took)
		fetch = append(fetch, trace.Fetching)
		began = time.Now()
		read(codes)
		stream = append(stream, time.Since(began))
		began = time.Now()
		fts.find(b, q)
		bm25 = append(bm25, time.Since(began))
	}
	whole.report(b, "whole")
	lexical.report(b, "lexical")
	dense.report(b, "dense")
	fetch.report(b, "fetch")
	stream.report(b, "memory")
	bm25.report(b, "fts5")
	b.ReportMetric(dense.at(0.5)/stream.at(0.5), "dense/memory")
	b.ReportMetric(lexical.at(0.5)/bm25.at(0.5), "lexical/fts5")
	b.ReportMetric(float64(l.chunks), "chunks")
	b.ReportMetric(peak(), "rss-MiB")
}

// ask asks a query, which must find as much as it asks for.
func (l library) ask(b *testing.B, query string) retrieval.Trace {
	b.Helper()
	q := retrieval.Query{Text: query, K: 10}
	found, err := l.app.Search.Search(b.Context(), identity.System, l.ws, q)
	fatal(b, err)
	if len(found.Hits) != q.K {
		b.Fatalf("%d hits, want %d", len(found.Hits), q.K)
	}
	return found.Trace
}

// read reads all bytes, eight at once.
func read(codes []byte) (sum uint64) {
	for ; len(codes) >= 32; codes = codes[32:] {
		sum += binary.LittleEndian.Uint64(codes) ^ binary.LittleEndian.Uint64(codes[8:]) ^
			binary.LittleEndian.Uint64(codes[16:]) ^ binary.LittleEndian.Uint64(codes[24:])
	}
	return sum
}

// peak is the most memory that the process has had, in MiB; 0 where the system doesn't say.
func peak() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		return 0
	}
	kib, _ := strconv.ParseFloat(string(found[1]), 64) // digits
	return kib / 1024
}

// fts5 is a full-text index of SQLite over the same chunks.
type fts5 struct{ db *sql.DB }

func newFTS5(b *testing.B, from string) fts5 {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "fts5.db"))
	fatal(b, err)
	b.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		"ATTACH '" + from + "' AS r",
		"CREATE VIRTUAL TABLE chunks USING fts5(body, content='', tokenize='porter unicode61')",
		"INSERT INTO chunks (rowid, body) SELECT no, body FROM r.chunks",
		"INSERT INTO chunks (chunks) VALUES ('optimize')",
		"DETACH r",
	} {
		_, err := db.ExecContext(b.Context(), statement)
		fatal(b, err)
	}
	return fts5{db}
}

// find ranks chunks that have any of the words that our own search looks up, as many as it hands to fusion.
func (f fts5) find(b *testing.B, query string) {
	b.Helper()
	var words []string
	for _, t := range text.Analyse(text.English, query) {
		words = append(words, `"`+query[t.Start:t.End]+`"`)
	}
	rows, err := f.db.QueryContext(b.Context(), "SELECT rowid, bm25(chunks) FROM chunks WHERE chunks MATCH ? ORDER BY rank LIMIT 100", strings.Join(words, " OR "))
	fatal(b, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var no int64
		var score float64
		fatal(b, rows.Scan(&no, &score))
	}
	fatal(b, rows.Err())
}
