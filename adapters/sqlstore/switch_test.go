package sqlstore_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

const (
	benchChunks    = 2000
	benchDimension = 384
)

// BenchmarkSwitch compares storing a generation with inserting the same rows of chunks, one by one, by hand.
func BenchmarkSwitch(b *testing.B) {
	b.Run("switch", func(b *testing.B) {
		w := newSwitchBench(b)
		for b.Loop() {
			b.StopTimer()
			l, r := w.start()
			g := w.generation(r.Document)
			w.save(g)
			b.StartTimer()
			w.check(w.store.Pipeline().Switch(w.ctx, l, r, g, w.now))
		}
		perSecond(b)
	})
	b.Run("save embeddings", func(b *testing.B) {
		w := newSwitchBench(b)
		for b.Loop() {
			b.StopTimer()
			g := w.generation(uuid.New())
			b.StartTimer()
			w.save(g)
		}
		perSecond(b)
	})
	b.Run("raw rows of chunks", func(b *testing.B) {
		w := newSwitchBench(b)
		db := w.raw()
		for i := int64(1); b.Loop(); i++ {
			b.StopTimer()
			g := w.generation(uuid.New())
			b.StartTimer()
			w.rawChunks(db, i<<20, g)
		}
		perSecond(b)
	})
	b.Run("raw rows of embeddings", func(b *testing.B) {
		w := newSwitchBench(b)
		w.save(w.generation(uuid.New())) // makes the space
		db := w.raw()
		for b.Loop() {
			b.StopTimer()
			g := w.generation(uuid.New())
			b.StartTimer()
			w.rawEmbeddings(db, g)
		}
		perSecond(b)
	})
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchChunks/b.Elapsed().Seconds(), "chunks/s")
}

// switchBench is a store in a file, with one workspace.
type switchBench struct {
	*testing.B
	ctx   context.Context //nolint:containedctx // the benchmark's
	path  string
	store *sqlstore.Store
	ws    uuid.UUID
	now   time.Time
	rand  *rand.Rand
}

func newSwitchBench(b *testing.B) *switchBench {
	b.Helper()
	w := &switchBench{
		B: b, ctx: b.Context(), path: filepath.Join(b.TempDir(), "r.db"), ws: uuid.New(),
		now: time.Unix(1_700_000_000, 0).UTC(), rand: rand.New(rand.NewPCG(1, 2)),
	}
	var err error
	w.store, err = sqlstore.Open(w.ctx, "sqlite:"+w.path, nil)
	w.check(err)
	b.Cleanup(func() { w.check(w.store.Close()) })
	w.check(w.store.Workspaces().Create(w.ctx, workspace.Workspace{
		ID: w.ws, Name: "bench", Visibility: workspace.Private, CreatedAt: w.now, UpdatedAt: w.now,
	}))
	return w
}

func (w *switchBench) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *switchBench) start() (event.Lease, document.Run) {
	w.Helper()
	id := uuid.New()
	_, _, err := w.store.Documents().Create(w.ctx, document.Document{
		ID: id, Workspace: w.ws, Title: "bench", Hash: id.String(), Run: 1, Status: document.Pending, CreatedAt: w.now, UpdatedAt: w.now,
	}, event.New("document.upload", "system", w.now, nil).In(w.ws, id.String()).For("ingest"))
	w.check(err)
	ds, err := w.store.Events().Claim(w.ctx, event.Claim{Max: 1, Lease: time.Hour, Now: w.now})
	w.check(err)
	r := document.Run{Document: id, Workspace: w.ws, Number: 1}
	_, err = w.store.Pipeline().Start(w.ctx, ds[0].Lease, r, w.now)
	w.check(err)
	return ds[0].Lease, r
}

// generation makes chunks of about 900 bytes with words that are as frequent as in natural texts.
func (w *switchBench) generation(doc uuid.UUID) document.Generation {
	g := document.Generation{Language: text.English, Spaces: []llm.Space{{Name: "bench", Dimension: benchDimension}}}
	zipf := rand.NewZipf(w.rand, 1.1, 2, 50_000)
	var body strings.Builder
	for i := range benchChunks {
		counts := map[string]int{}
		start := body.Len()
		for body.Len() < start+900 {
			word := fmt.Sprintf("word%d", zipf.Uint64())
			counts[word]++
			body.WriteString(word + " ")
		}
		c := document.Chunk{Ordinal: i, Span: text.Span{Start: start, End: body.Len()}, Headings: []string{"Part", "Chapter"}}
		c.Text = body.String()[start:]
		c.ID, c.Embedded = document.ChunkID(doc, c.Text, 0), document.HashText(c.Text)
		for word, n := range counts {
			c.Terms = append(c.Terms, document.Term{Text: word, Count: n})
		}
		g.Chunks = append(g.Chunks, c)
	}
	g.Body = body.String()
	return g
}

// save stores embeddings as a worker does, a batch at a time.
func (w *switchBench) save(g document.Generation) {
	w.Helper()
	var es []document.Embedding
	for _, c := range g.Chunks {
		v := make(llm.Vector, benchDimension)
		for i := range v {
			v[i] = w.rand.Float32()
		}
		if es = append(es, document.Embedding{Hash: c.Embedded, Vector: v}); len(es) == 100 {
			w.check(w.store.Pipeline().SaveEmbeddings(w.ctx, g.Spaces[0], es, w.now))
			es = es[:0]
		}
	}
}

// raw opens the same file with the same settings and no store between.
func (w *switchBench) raw() *sql.DB {
	w.Helper()
	db, err := sql.Open("sqlite", "file:"+w.path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"+
		"&_pragma=temp_store(MEMORY)&_pragma=cache_size(-16384)&_txlock=immediate")
	w.check(err)
	db.SetMaxOpenConns(1)
	w.Cleanup(func() { w.check(db.Close()) })
	return db
}

func (w *switchBench) rawChunks(db *sql.DB, first int64, g document.Generation) {
	w.Helper()
	w.inOne(db, `INSERT INTO chunks (no, id, embedded, start_byte, end_byte, page_from, page_to, headings, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, g, func(c document.Chunk) []any {
		return []any{first + int64(c.Ordinal), c.ID.String(), c.Embedded[:], c.Span.Start, c.Span.End, 0, 0, `["Part","Chapter"]`, c.Text}
	})
}

func (w *switchBench) rawEmbeddings(db *sql.DB, g document.Generation) {
	w.Helper()
	w.inOne(db, "INSERT INTO embeddings (space_id, hash, created_at, vector) VALUES (1, ?, 0, ?)", g, func(c document.Chunk) []any {
		var vector []byte
		for range benchDimension {
			vector = binary.LittleEndian.AppendUint32(vector, math.Float32bits(w.rand.Float32()))
		}
		return []any{c.Embedded[:], vector}
	})
}

// inOne executes a prepared statement for each chunk, in one transaction.
func (w *switchBench) inOne(db *sql.DB, statement string, g document.Generation, args func(document.Chunk) []any) {
	w.Helper()
	tx, err := db.BeginTx(w.ctx, nil)
	w.check(err)
	stmt, err := tx.PrepareContext(w.ctx, statement)
	w.check(err)
	for _, c := range g.Chunks {
		_, err := stmt.ExecContext(w.ctx, args(c)...)
		w.check(err)
	}
	w.check(stmt.Close())
	w.check(tx.Commit())
}
