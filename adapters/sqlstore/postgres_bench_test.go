package sqlstore

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// BenchmarkPostgres measures searches in workspaces that hold 1, 10 and about 90 percent of the vectors of a database, of 768
// dimensions: how many of the exact ten best the search by vector finds, and how long either arm takes for one client and for
// sixteen, against pgbench with the bare statements on the same server. BENCH_CHUNKS is the size; 100,000 takes minutes to
// make.
//
//	go test ./adapters/sqlstore -run xxx -bench Postgres -benchtime 300x -timeout 1h
func BenchmarkPostgres(b *testing.B) {
	total, err := strconv.Atoi(os.Getenv("BENCH_CHUNKS"))
	if err != nil {
		total = 10_000
	}
	server, _ := servers.StartPostgres(b)
	w := openIndexWorld(b, servers.WithoutProxy(b, server), &Options{Connections: 20})
	w.space.Dimension = 768
	w.centres = make([]llm.Vector, total/200)
	for i := range w.centres {
		w.centres[i] = w.sphere()
	}
	worlds := map[string]*indexWorld{"1%": w.beside(b), "10%": w.beside(b), "89%": w}
	start := time.Now()
	worlds["1%"].fill(total/100/20, 20, 90)
	worlds["10%"].fill(total/10/20, 20, 90)
	w.fill((total-total/100-total/10)/20, 20, 90)
	filled := time.Since(start)
	for _, each := range worlds {
		each.must(each.engine.tend(b.Context(), each.ws.ID))
	}
	w.must(w.write(b.Context(), func(ctx context.Context, tx bun.Tx) error {
		_, err := exec(ctx, tx, "ANALYZE")
		return err
	}))
	b.Logf("%d chunks in %v, graphs in %v", total, filled.Round(time.Second), (time.Since(start) - filled).Round(time.Second))
	for _, share := range []string{"1%", "10%", "89%"} {
		w := worlds[share]
		b.Run(share+"/recall", func(b *testing.B) { benchRecall(b, w) })
		b.Run(share+"/dense", func(b *testing.B) { benchDense(b, w) })
		b.Run(share+"/lexical", func(b *testing.B) { benchLexical(b, w, retrieval.Filter{}) })
		b.Run(share+"/filtered", func(b *testing.B) { benchFiltered(b, w) })
		b.Run(share+"/clients", func(b *testing.B) { benchClients(b, w, server) })
	}
}

// beside is a world with a workspace of its own on the same store.
func (w *indexWorld) beside(tb testing.TB) *indexWorld {
	tb.Helper()
	other := *w
	other.ws = workspace.Workspace{ID: w.id(), Name: "W", Visibility: workspace.OrgRead}
	other.must(w.Workspaces().Create(tb.Context(), other.ws))
	var err error
	other.scope, err = workspace.Reading(other.ws, identity.System)
	other.must(err)
	return &other
}

func benchRecall(b *testing.B, w *indexWorld) {
	const k = 10
	found, all := 0, 0
	for b.Loop() {
		q := retrieval.DenseQuery{Space: w.space, Vector: w.vector(), K: k}
		got, err := w.Index().Dense(b.Context(), w.scope, q)
		w.must(err)
		var want []retrieval.Scored
		w.must(w.read(b.Context(), func(ctx context.Context, tx bun.Tx) error {
			d := denseSearch{DenseQuery: q}
			var err error
			if d.view, err = look(ctx, tx, w.scope, q.Space.Name); err != nil {
				return err
			}
			d.space = d.view.space.ID
			hits, err := near{denseSearch: d, tx: tx, scope: w.scope}.exactly(ctx, k, nil)
			if err != nil {
				return err
			}
			want, err = named(ctx, tx, hits, k)
			return err
		}))
		for _, s := range want {
			all++
			if slices.ContainsFunc(got, func(g retrieval.Scored) bool { return g.Chunk == s.Chunk }) {
				found++
			}
		}
	}
	b.ReportMetric(float64(found)/float64(all), "recall@10")
	if float64(found) < 0.95*float64(all) {
		b.Errorf("%d of %d are found, want 95 in 100", found, all)
	}
}

// benchFiltered wants as many hits as it asks for under a filter that a twentieth of the documents pass.
func benchFiltered(b *testing.B, w *indexWorld) {
	ids, err := w.someDocuments(b, 20)
	w.must(err)
	timed(b, func() error {
		hits, err := w.Index().Dense(b.Context(), w.scope, retrieval.DenseQuery{
			Space: w.space, Vector: w.vector(), K: 10, Filter: retrieval.Filter{Documents: ids},
		})
		if len(hits) != 10 {
			b.Fatalf("%d hits", len(hits))
		}
		return err
	})
}

// someDocuments returns one in so many of the workspace's documents.
func (w *indexWorld) someDocuments(b *testing.B, one int) (out []workspace.ID, err error) {
	b.Helper()
	err = w.reader.NewRaw("SELECT id FROM documents WHERE workspace_id = ? AND abs(hashtext(id::text)) % ? = 0", w.ws.ID, one).
		Scan(b.Context(), &out)
	return out, err
}

// benchClients compares sixteen clients with sixteen of pgbench.
func benchClients(b *testing.B, w *indexWorld, server *servers.Container) {
	const clients = 16
	vectors := make([]llm.Vector, 64)
	for i := range vectors {
		vectors[i] = w.vector()
	}
	var next atomic.Int64
	start := time.Now()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for n := next.Add(1); n <= int64(b.N)*clients; n = next.Add(1) {
				q := retrieval.DenseQuery{Space: w.space, Vector: vectors[n%int64(len(vectors))], K: 10}
				if hits, err := w.Index().Dense(b.Context(), w.scope, q); err != nil || len(hits) != 10 {
					b.Errorf("%d hits, %v", len(hits), err)
					return
				}
			}
		})
	}
	all.Wait()
	ours := float64(b.N*clients) / time.Since(start).Seconds()
	bare := w.pgbench(b, server, vectors[:16], clients)
	b.ReportMetric(ours, "queries/s")
	b.ReportMetric(bare, "pgbench/s")
	b.ReportMetric(ours/bare, "of-pgbench")
}

// pgbench runs the statements of a search by vector, without anything around them, and returns how many a second there were.
func (w *indexWorld) pgbench(b *testing.B, server *servers.Container, vectors []llm.Vector, clients int) float64 {
	b.Helper()
	args := []string{"-n", "-U", "postgres", "-h", "127.0.0.1", "-c", strconv.Itoa(clients), "-j", "2", "-T", "5"}
	for i, v := range vectors {
		name := fmt.Sprintf("/tmp/search-%d.sql", i)
		server.Write(b, name, w.bare(v))
		args = append(args, "-f", name)
	}
	out := server.Exec(b, append([]string{"env", "PGPASSWORD=postgres", "/usr/lib/postgresql/17/bin/pgbench"}, append(args, "postgres")...)...)
	_, rest, _ := strings.Cut(out, "tps = ")
	number, _, _ := strings.Cut(rest, " ")
	tps, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(tps) {
		b.Fatalf("pgbench said %s", out)
	}
	return tps
}

// bare is what a search by vector asks the database in the end: for the nearest, and for their vectors.
func (w *indexWorld) bare(v llm.Vector) string {
	code, limit, text := "v.code", 10+margin, postgres{}.vector(v)
	distance := fmt.Sprintf("%s <#> '%s'::halfvec", code, text)
	set := ""
	if chunks := w.number("SELECT sum(chunks) FROM index_stats WHERE workspace_id = '" + w.ws.ID.String() + "'"); chunks > exactMost {
		limit = 20 + margin
		distance = fmt.Sprintf("%s <#> '%s'::%s", graphCode(w.space.Dimension), text, graphType(w.space.Dimension))
		set = fmt.Sprintf("SELECT set_config('hnsw.ef_search', '%d', true), set_config('hnsw.iterative_scan', 'relaxed_order', true);\n", limit)
	}
	find := fmt.Sprintf("SELECT v.chunk_no, %s AS distance FROM vectors AS v WHERE v.space_id = 1 AND v.workspace_id = '%s' ORDER BY distance LIMIT %d",
		distance, w.ws.ID, limit)
	return "BEGIN;\n" + set + fmt.Sprintf(`WITH found AS MATERIALIZED (%s) SELECT c.no, c.id, vector_send(e.vector) FROM found
	JOIN chunks AS c ON c.no = found.chunk_no JOIN embeddings AS e ON e.hash = c.embedded AND e.space_id = 1
	WHERE found.distance <= (SELECT distance FROM found ORDER BY distance LIMIT 1 OFFSET 9) + %g;
COMMIT;
`, strings.ReplaceAll(find, "\n", " "), 2*halfError)
}
