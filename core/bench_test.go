package core_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// BenchmarkTextToReady takes documents of about 50 chunks from their text to READY, on the disk, and then inserts the very same
// rows into an empty database by bare prepared statements, one transaction per document. It reports chunks per second of both.
func BenchmarkTextToReady(b *testing.B) {
	dir := b.TempDir()
	path := filepath.Join(dir, "r.db")
	store, err := sqlstore.Open(b.Context(), "sqlite:"+path, nil)
	fatal(b, err)
	blobs, err := blobstore.Dir(filepath.Join(dir, "blobs"))
	fatal(b, err)
	app, err := core.New(core.Ports{
		Store: store, Blobs: blobs, Parser: parse.InProcess(parse.Options{}), Embedder: offline.NewEmbedder(), Generator: offline.NewGenerator(),
	}, nil)
	fatal(b, err)
	ws, err := app.Workspaces.Create(b.Context(), identity.System, workspace.Draft{Name: "w"})
	fatal(b, err)

	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secrecy
	began := time.Now()
	n := 0
	for b.Loop() {
		n++
		_, _, err := app.Documents.Upload(b.Context(), identity.System, ws.ID,
			document.Incoming{Name: fmt.Sprintf("d%d.txt", n), Body: strings.NewReader(prose(rng, 6500))}, document.Details{})
		fatal(b, err)
		fatal(b, app.Drain(b.Context()))
	}
	took := time.Since(began)
	fatal(b, store.Close())
	chunks, raw := insertRaw(b, path, filepath.Join(dir, "raw.db"))
	b.ReportMetric(float64(chunks)/took.Seconds(), "chunks/s")
	b.ReportMetric(float64(chunks)/raw.Seconds(), "raw-chunks/s")
	b.ReportMetric(took.Seconds()/raw.Seconds(), "times-raw")
}

// prose is text of n words in sentences and paragraphs, with frequencies as in real text.
func prose(rng *rand.Rand, n int) string {
	common := strings.Fields("the of and to in a is that for it was on are with as they at be this from have or by had not but what all were when we there can an your which their if will")
	zipf := rand.NewZipf(rng, 1.1, 4, 30_000)
	var s strings.Builder
	for i := range n {
		if w := int(zipf.Uint64()); w < len(common) { //nolint:gosec // small
			s.WriteString(common[w])
		} else {
			fmt.Fprintf(&s, "word%dx", w)
		}
		switch {
		case i%120 == 119:
			s.WriteString(".\n\n")
		case i%17 == 16:
			s.WriteString(". ")
		default:
			s.WriteString(" ")
		}
	}
	return s.String()
}

// insertRaw copies what ingestion wrote, table by table and generation by generation, and returns how long the inserts took.
func insertRaw(b *testing.B, from, to string) (chunks int, took time.Duration) {
	b.Helper()
	src, err := sql.Open("sqlite", "file:"+from)
	fatal(b, err)
	defer func() { _ = src.Close() }()
	dst, err := sql.Open("sqlite", "file:"+to+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	fatal(b, err)
	defer func() { _ = dst.Close() }()
	dst.SetMaxOpenConns(1)
	tables := []string{"chunks", "embeddings", "generations"}
	rows := map[string][][]any{}
	for _, t := range tables {
		var ddl string
		fatal(b, src.QueryRow("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", t).Scan(&ddl))
		_, err := dst.Exec(ddl)
		fatal(b, err)
		rows[t] = allRows(b, src, t)
	}
	chunks = len(rows["chunks"])
	began := time.Now()
	per := max(1, len(rows["generations"]))
	for i := range per {
		tx, err := dst.Begin()
		fatal(b, err)
		for _, t := range tables {
			part := rows[t][len(rows[t])*i/per : len(rows[t])*(i+1)/per]
			if len(part) == 0 {
				continue
			}
			stmt, err := tx.Prepare("INSERT INTO " + t + " VALUES (?" + strings.Repeat(", ?", len(part[0])-1) + ")")
			fatal(b, err)
			for _, r := range part {
				_, err := stmt.Exec(r...)
				fatal(b, err)
			}
			fatal(b, stmt.Close())
		}
		fatal(b, tx.Commit())
	}
	return chunks, time.Since(began)
}

func allRows(b *testing.B, db *sql.DB, table string) [][]any {
	b.Helper()
	rows, err := db.Query("SELECT * FROM " + table)
	fatal(b, err)
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	fatal(b, err)
	var out [][]any
	for rows.Next() {
		row, at := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			at[i] = &row[i]
		}
		fatal(b, rows.Scan(at...))
		out = append(out, row)
	}
	fatal(b, rows.Err())
	return out
}

func fatal(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
