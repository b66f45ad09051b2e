package sqlstore

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// indexWorld is a store with one workspace, filled below the ports: without events and leases.
type indexWorld struct {
	*Store
	tb    testing.TB
	ws    workspace.Workspace
	scope workspace.Scope
	space llm.Space
	rand  *rand.Rand
	zipf  func() int

	centres []llm.Vector
}

// newIndexWorld makes an empty world in a file, or in memory for an empty path.
func newIndexWorld(tb testing.TB, o *Options) *indexWorld {
	tb.Helper()
	return openIndexWorld(tb, "sqlite:"+filepath.Join(tb.TempDir(), "r.db"), o)
}

func openIndexWorld(tb testing.TB, url string, o *Options) *indexWorld {
	tb.Helper()
	s, err := Open(tb.Context(), url, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	w := &indexWorld{Store: s, tb: tb, space: llm.Space{Name: "test", Dimension: 8}, rand: rand.New(rand.NewPCG(1, 2))}
	w.zipf = zipf(w.rand, 200_000)
	w.ws = workspace.Workspace{ID: w.id(), Name: "W", Visibility: workspace.OrgRead}
	w.must(s.Workspaces().Create(tb.Context(), w.ws))
	w.scope, err = workspace.Reading(w.ws, identity.System)
	w.must(err)
	return w
}

// memoryOf is the vectors that a store keeps in memory.
func memoryOf(s *Store) *vectorCache { return s.engine.(sqliteEngine).vectors } //nolint:forcetypeassert // of SQLite

func (w *indexWorld) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

// zipf draws ranks below n whose frequency falls with about their first power, as that of words does.
func zipf(r *rand.Rand, n int) func() int {
	cumulated := make([]float64, n)
	total := 0.0
	for i := range n {
		total += 1 / math.Pow(float64(i)+2.7, 1.05)
		cumulated[i] = total
	}
	return func() int {
		x := r.Float64() * total
		low, high := 0, n-1
		for low < high {
			if mid := (low + high) / 2; cumulated[mid] < x {
				low = mid + 1
			} else {
				high = mid
			}
		}
		return low
	}
}

func (w *indexWorld) term() string { return "t" + strconv.FormatInt(int64(w.zipf()), 36) }

// vector draws a vector of unit length; near one of the centres, if there are any.
func (w *indexWorld) vector() llm.Vector {
	v := w.sphere()
	if len(w.centres) == 0 {
		return v
	}
	centre, sum := w.centres[w.rand.IntN(len(w.centres))], 0.0
	for i := range v {
		v[i] += centre[i]
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// sphere draws a vector of unit length, each as likely as any other.
func (w *indexWorld) sphere() llm.Vector {
	v := make(llm.Vector, w.space.Dimension)
	sum := 0.0
	for i := range v {
		x := w.rand.NormFloat64()
		v[i] = float32(x)
		sum += x * x
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// draw makes a generation of chunks with so many terms each.
func (w *indexWorld) draw(id document.ID, chunks, terms int) (document.Generation, []document.Embedding) {
	g := document.Generation{Language: text.English, Spaces: []llm.Space{w.space}}
	var es []document.Embedding
	for i := range chunks {
		counts := map[string]int{}
		body := make([]byte, 0, 8*terms)
		for range terms {
			t := w.term()
			counts[t]++
			body = append(append(body, t...), ' ')
		}
		c := document.Chunk{ID: document.ChunkID(id, string(body), i), Ordinal: i, Text: string(body), Embedded: document.HashText(string(body))}
		c.Span = text.Span{Start: len(g.Body), End: len(g.Body) + len(body)}
		for t, n := range counts {
			c.Terms = append(c.Terms, document.Term{Text: t, Count: n})
		}
		g.Body += c.Text
		g.Chunks = append(g.Chunks, c)
		es = append(es, document.Embedding{Hash: c.Embedded, Vector: w.vector()})
	}
	return g, es
}

// made is a document with its visible generation.
type made struct {
	document.Document
	generation int64
	document.Generation
}

// id draws an id, the same in every world.
func (w *indexWorld) id() (id uuid.UUID) {
	for i := range id {
		id[i] = byte(w.rand.Uint32()) //nolint:gosec // the low byte
	}
	return id
}

// prepare draws a document.
func (w *indexWorld) prepare(chunks, terms int) (made, []document.Embedding) {
	id := w.id()
	hash := document.HashText(id.String())
	d := document.Document{
		ID: id, Workspace: w.ws.ID, Title: "doc", Source: "https://example.com/" + id.String(), Metadata: map[string]any{"n": chunks},
		Original: document.Original{Name: "a.txt", MediaType: "text/plain"}, Hash: hex.EncodeToString(hash[:]),
		Run: 1, Status: document.Ready, CreatedAt: time.Unix(1e9, 0), UpdatedAt: time.Unix(1e9, 0),
	}
	g, es := w.draw(id, chunks, terms)
	return made{Document: d, Generation: g}, es
}

// store stores a document with its generation in tx.
func (w *indexWorld) store(ctx context.Context, tx bun.Tx, m *made, es []document.Embedding) error {
	row, err := rowOfDocument(m.Document)
	if err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return err
	}
	space, err := makeSpace(ctx, tx, w.space)
	if err != nil {
		return err
	}
	for _, e := range es {
		_, err := exec(ctx, tx, "INSERT INTO embeddings (space_id, hash, created_at, vector) VALUES (?, ?, 0, ?)",
			space, e.Hash[:], w.dialect.vector(e.Vector))
		if err != nil {
			return err
		}
	}
	rows, err := rowsOfGeneration(document.Run{Document: m.ID, Workspace: m.Workspace}, m.Generation, m.CreatedAt)
	if err != nil {
		return err
	}
	if err := replace(ctx, tx, 0, &rows, m.Generation); err != nil {
		return err
	}
	m.generation = rows.ID
	_, err = exec(ctx, tx, "UPDATE documents SET generation_id = ?, language = ? WHERE id = ?", rows.ID, m.Language, m.ID)
	return err
}

// add stores a document of its own transaction.
func (w *indexWorld) add(chunks, terms int) made {
	w.tb.Helper()
	m, es := w.prepare(chunks, terms)
	w.must(w.write(w.tb.Context(), func(ctx context.Context, tx bun.Tx) error { return w.store(ctx, tx, &m, es) }))
	return m
}

// fill adds documents in large transactions and compacts now and then.
func (w *indexWorld) fill(documents, chunks, terms int) {
	w.tb.Helper()
	const batch = 512
	for done := 0; done < documents; done += batch {
		w.must(w.write(w.tb.Context(), func(ctx context.Context, tx bun.Tx) error {
			for range min(batch, documents-done) {
				m, es := w.prepare(chunks, terms)
				if err := w.store(ctx, tx, &m, es); err != nil {
					return err
				}
			}
			return nil
		}))
		w.must(w.compactIndex(w.tb.Context(), w.ws.ID))
	}
}

// retire and restore take a document out of the index and back.
func (w *indexWorld) retire(m made) { w.inTx(retireFromIndex, m) }

func (w *indexWorld) restore(m made) { w.inTx(restoreToIndex, m) }

func (w *indexWorld) inTx(do func(context.Context, bun.Tx, uuid.UUID, int64) error, m made) {
	w.tb.Helper()
	w.must(w.write(w.tb.Context(), func(ctx context.Context, tx bun.Tx) error { return do(ctx, tx, w.ws.ID, m.generation) }))
}

// remove retires a document and deletes its rows.
func (w *indexWorld) remove(m made) {
	w.tb.Helper()
	w.must(w.write(w.tb.Context(), func(ctx context.Context, tx bun.Tx) error {
		if err := retireFromIndex(ctx, tx, w.ws.ID, m.generation); err != nil {
			return err
		}
		if _, err := exec(ctx, tx, "UPDATE documents SET deleted_at = 1, generation_id = NULL WHERE id = ?", m.ID); err != nil {
			return err
		}
		return purgeGeneration(ctx, tx, m.generation)
	}))
}

// number reads one number.
func (w *indexWorld) number(query string, args ...any) (n int) {
	w.tb.Helper()
	if err := w.reader.DB.QueryRowContext(w.tb.Context(), query, args...).Scan(&n); err != nil {
		w.tb.Fatal(fmt.Errorf("%s: %w", query, err))
	}
	return n
}
