package core_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/openai"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
	"github.com/ragcorp/ragcorp/e2e/servers"
)

// small and large are the models of a provider, with the numbers that their vectors have.
const (
	small, smallNumbers = "small", 8
	large, largeNumbers = "large", 12
)

// provider speaks OpenAI's wire format and keeps what it has embedded. The product of a query's vector and a document's is
// positive with the model small and negative with large, so each score tells which space it is from.
type provider struct {
	*httptest.Server

	mu     sync.Mutex
	texts  map[string]map[string]int // of documents, by model: how often each was embedded
	calls  map[string]int            // for documents, by model
	before func(model string, call int)
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{texts: map[string]map[string]int{small: {}, large: {}}, calls: map[string]int{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Model string
		Input []string
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.keep(in.Model, in.Input)
	data := make([]map[string]any, len(in.Input))
	for i, s := range in.Input {
		data[i] = map[string]any{"index": i, "embedding": embedding(in.Model, s)}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
}

func (p *provider) keep(model string, texts []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if isQuery(texts[0]) {
		return
	}
	p.calls[model]++
	if p.before != nil {
		p.before(model, p.calls[model])
	}
	for _, s := range texts {
		p.texts[model][s]++
	}
}

// isQuery tells queries by their form, since the wire format doesn't.
func isQuery(s string) bool { return !strings.Contains(s, "\n") }

func embedding(model, s string) []float32 {
	v := make([]float32, map[string]int{small: smallNumbers, large: largeNumbers}[model])
	for i := range v {
		h := fnv.New32()
		fmt.Fprint(h, i, s)
		v[i] = float32(h.Sum32()%1000) / 10_000
	}
	v[0] = 1
	if model == large && isQuery(s) {
		v[0] = -1
	}
	return v
}

func (p *provider) embedder(t *testing.T, model string) llm.Embedder {
	t.Helper()
	e, err := openai.NewEmbedder(openai.Model{BaseURL: p.URL + "/v1", Name: model}, &openai.Options{
		Dimension: map[string]int{small: smallNumbers, large: largeNumbers}[model],
	})
	if err != nil {
		t.Fatal(err)
	}
	return resilient.NewEmbedder(e, nil)
}

// installation is a folder and the provider of its models.
type installation struct {
	*provider
	store *sqlstore.Store
	blobs *blobstore.Store
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	return installationOn(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"), nil)
}

func installationOn(t *testing.T, database string, o *sqlstore.Options) *installation {
	t.Helper()
	folder := t.TempDir()
	in := &installation{provider: newProvider(t)}
	var err error
	if in.store, err = sqlstore.Open(t.Context(), database, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.store.Close() })
	if in.blobs, err = blobstore.Dir(filepath.Join(folder, "blobs")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.blobs.Close() })
	return in
}

// app starts a program with one or two of the models.
func (in *installation) app(t *testing.T, models ...string) *core.App {
	t.Helper()
	p := core.Ports{
		Store: in.store, Blobs: in.blobs, Parser: parse.InProcess(parse.Options{}), Generator: offline.NewGenerator(),
		Embedder: in.embedder(t, models[0]),
	}
	if len(models) > 1 {
		p.NextEmbedder = in.embedder(t, models[1])
	}
	app, err := core.New(p, &core.Options{Documents: document.Options{EmbedBatch: batchSize, Chunks: text.Options{Size: 300, Overlap: 30}}})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func (in *installation) space(model string) string {
	return "openai:" + strings.TrimPrefix(in.URL, "http://") + "/" + model
}

// load is searches and uploads, by the program that is current.
type load struct {
	*installation
	ws      workspace.ID
	current sync.RWMutex // held for writing while programs change
	app     *core.App

	stop    context.CancelFunc
	over    sync.WaitGroup
	mu      sync.Mutex
	seen    map[string]int // searches, by the space that they looked in
	uploads int
	trouble []error
	tick    chan struct{} // told of searches
	failed  atomic.Bool
}

const wanted = 5 // hits of each search

// search searches once and checks what comes back.
func (l *load) search(ctx context.Context, n int) (space string, err error) {
	r, err := l.app.Search.Search(ctx, identity.System, l.ws, retrieval.Query{Text: fmt.Sprintf("pump %d opened by hand", n), K: wanted, Diverse: new(n%3 == 0)})
	if err != nil {
		return "", fmt.Errorf("search %d: %w", n, err)
	}
	if len(r.Hits) != wanted {
		return "", fmt.Errorf("search %d returned %d hits, want %d", n, len(r.Hits), wanted)
	}
	if len(r.Trace.Dense.Found) < wanted || r.Trace.Unserved != "" {
		return "", fmt.Errorf("search %d found %d by meaning in %q, unserved %q", n, len(r.Trace.Dense.Found), r.Trace.Space, r.Trace.Unserved)
	}
	for _, s := range r.Trace.Dense.Found {
		if (s.Score > 0) != (r.Trace.Space == l.space(small)) {
			return "", fmt.Errorf("search %d in %s has the score %v of another space", n, r.Trace.Space, s.Score)
		}
	}
	return r.Trace.Space, nil
}

func (l *load) begin(ctx context.Context, app *core.App) {
	ctx, l.stop = context.WithCancel(ctx)
	l.app, l.seen, l.tick = app, map[string]int{}, make(chan struct{}, 1)
	for i := range 3 {
		l.over.Go(func() {
			for n := i; ctx.Err() == nil && !l.failed.Load(); n += 3 {
				l.note(l.use(func() (string, error) { return l.search(context.WithoutCancel(ctx), n) }))
			}
		})
	}
	l.over.Go(func() {
		for n := 0; ctx.Err() == nil && !l.failed.Load() && n < 60; n++ {
			_, err := l.use(func() (string, error) { return "", l.upload(context.WithoutCancel(ctx), n) })
			l.note("", err)
		}
	})
}

// use does something with the program that is current.
func (l *load) use(do func() (string, error)) (string, error) {
	l.current.RLock()
	defer l.current.RUnlock()
	return do()
}

func (l *load) upload(ctx context.Context, n int) error {
	body := strings.NewReader(strings.ReplaceAll(manual(2, n%2), "Pump", fmt.Sprintf("Late pump %d and", n)))
	d, _, err := l.app.Documents.Upload(ctx, identity.System, l.ws, document.Incoming{Name: "late.md", Body: body}, document.Details{})
	if err == nil {
		err = l.app.Drain(ctx)
	}
	if err == nil {
		d, err = l.app.Documents.Get(ctx, identity.System, l.ws, d.ID)
	}
	if err == nil && d.Status == document.Failed {
		err = fmt.Errorf("upload %d failed: %s", n, d.Failure.Text)
	}
	if err == nil {
		l.mu.Lock()
		l.uploads++
		l.mu.Unlock()
	}
	return err
}

func (l *load) note(space string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.trouble = append(l.trouble, err)
		l.failed.Store(true)
	}
	if space != "" {
		l.seen[space]++
	}
	select {
	case l.tick <- struct{}{}:
	default:
	}
}

// change makes another program the current one, when what the one before was asked to do is done.
func (l *load) change(app *core.App) {
	l.current.Lock()
	defer l.current.Unlock()
	l.app = app
}

// looking waits until some more searches have looked in the space of a model, and gives up when many have looked elsewhere: those
// that were at work during the switch may.
func (l *load) looking(model string) {
	const enough, patience = 5, 500
	l.mu.Lock()
	before, all := l.seen[l.space(model)], l.searches()
	l.mu.Unlock()
	for !l.failed.Load() {
		l.mu.Lock()
		here, since := l.seen[l.space(model)]-before, l.searches()-all
		l.mu.Unlock()
		switch {
		case here >= enough:
			return
		case since >= patience:
			l.note("", fmt.Errorf("of %d searches, %d looked in the space of %s", since, here, model))
			return
		}
		<-l.tick
	}
}

// searches is how many there were; the lock must be held.
func (l *load) searches() (n int) {
	for _, in := range l.seen {
		n += in
	}
	return n
}

// A model takes the place of another under load, is rolled back, takes it again, and the old one's vectors are removed.
func TestTheEmbeddingModelChangesUnderLoad(t *testing.T) {
	t.Parallel()
	changeModelUnderLoad(t, newInstallation(t))
}

// The workspace is larger than what is searched exactly here, so that both spaces get a graph.
func TestTheEmbeddingModelChangesUnderLoadOnPostgreSQL(t *testing.T) {
	t.Parallel()
	database := servers.Postgres(t)
	const preferGraphs = "&enable_sort=off" // as the planner does when there are many vectors
	in := installationOn(t, database+preferGraphs, &sqlstore.Options{ExactMost: 20})
	changeModelUnderLoad(t, in)
	if err := in.store.Close(); err != nil { // statistics of a connection are there at its end
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var graphs, scans int
	err = db.QueryRowContext(t.Context(), "SELECT count(*), coalesce(sum(idx_scan), 0) FROM pg_stat_user_indexes WHERE starts_with(indexrelname, 'vectors_hnsw_')").
		Scan(&graphs, &scans)
	if err != nil || graphs != 1 || scans == 0 {
		t.Errorf("%d graphs with %d searches are left, %v; want that of the second space, and that it was used", graphs, scans, err)
	}
}

func stepsOf(lacks []retrieval.Lack) (out []retrieval.Step) {
	for _, l := range lacks {
		out = append(out, l.Step)
	}
	return out
}

func changeModelUnderLoad(t *testing.T, in *installation) {
	t.Helper()
	ctx, sys := t.Context(), identity.System
	old := in.app(t, small)
	ws, _ := bring(t, old, manual(30, -1))
	drain(ctx, t, old)
	both := in.app(t, small, large)
	l := &load{installation: in, ws: ws}
	l.begin(ctx, both)
	defer l.over.Wait()
	defer l.stop()

	l.looking(small)
	if err := both.Documents.UseSpace(ctx, sys, in.space(large)); fault.Of(err) == nil || fault.Of(err).Reason != "space_incomplete" {
		t.Errorf("a space that is not filled was used: %v", err)
	}
	if _, err := both.Documents.StartFilling(ctx, sys); err != nil {
		t.Fatal(err)
	}
	for range 1000 { // others may have the delivery in hand
		drain(ctx, t, both)
		if lacking(ctx, t, both, in.space(large)) == 0 {
			break
		}
	}
	l.looking(small)
	for _, model := range []string{large, small, large} {
		if err := both.Documents.UseSpace(ctx, sys, in.space(model)); err != nil {
			t.Fatal(err)
		}
		if space, err := l.search(ctx, 1); err != nil || space != in.space(model) {
			t.Errorf("right after the switch to %s, a search looked in %s; %v", model, space, err)
		}
		l.looking(model)
	}
	blind, err := old.Search.Search(ctx, sys, ws, retrieval.Query{Text: "pump", K: wanted})
	if err != nil || len(blind.Hits) != wanted || blind.Trace.Unserved != in.space(large) || len(blind.Trace.Dense.Found) != 0 {
		t.Errorf("without the model, %d hits were found, %d by meaning, unserved %q; %v", len(blind.Hits), len(blind.Trace.Dense.Found), blind.Trace.Unserved, err)
	}
	if want := []retrieval.Step{retrieval.StepDense}; !slices.Equal(stepsOf(blind.Trace.Degraded), want) {
		t.Errorf("without the model, the search did without %v, want %v", blind.Trace.Degraded, want)
	}
	_, err = old.Search.Search(ctx, sys, ws, retrieval.Query{Text: "pump", K: wanted, Arms: retrieval.DenseArm})
	if !errors.Is(err, fault.Unavailable) {
		t.Errorf("without the model, a search by vectors alone: %v, want unavailable", err)
	}
	if old.Search.Served(ctx) == nil || both.Search.Served(ctx) != nil {
		t.Errorf("the space is served with the old model alone, or not with both: %v", both.Search.Served(ctx))
	}
	if _, err := both.Documents.RemoveSpace(ctx, sys, in.space(small)); !errors.Is(err, fault.Conflict) {
		t.Errorf("a space whose model is configured was removed: %v", err)
	}
	only := in.app(t, large)
	l.change(only)
	removed, err := only.Documents.RemoveSpace(ctx, sys, in.space(small))
	if err != nil || removed < 30 {
		t.Errorf("%d vectors were removed; %v", removed, err)
	}
	l.looking(large)
	l.stop()
	l.over.Wait()
	if err := errors.Join(l.trouble...); err != nil {
		t.Error(err)
	}
	drain(ctx, t, only)
	list, err := only.Documents.Spaces(ctx, sys)
	if err != nil || len(list) != 1 || list[0].Name != in.space(large) || !list[0].Serving || list[0].Lacking != 0 {
		t.Errorf("in the end there are the spaces %+v; %v", list, err)
	}
	t.Logf("%d searches with the old space, %d with the new one, %d uploads, %d vectors removed", l.seen[in.space(small)], l.seen[in.space(large)], l.uploads, removed)
}

// lacking is how many chunks have no vector in a space.
func lacking(ctx context.Context, t *testing.T, app *core.App, space string) int {
	t.Helper()
	list, err := app.Documents.Spaces(ctx, identity.System)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(s document.SpaceState) bool { return s.Name == space })
	if i < 0 {
		t.Fatalf("there is no space %s in %+v", space, list)
	}
	return list[i].Lacking
}

func TestFillingThatIsKilledGoesOnWithWhatIsMissing(t *testing.T) {
	t.Parallel()
	const sections, survives = 50, 7 // batches
	ctx, sys, in := t.Context(), identity.System, newInstallation(t)
	ws, id := bring(t, in.app(t, small), manual(sections, -1))
	drain(ctx, t, in.app(t, small))
	title := "Renamed since"
	if _, err := in.app(t, small).Documents.Describe(ctx, sys, ws, id, document.DetailsPatch{Title: &title}); err != nil {
		t.Fatal(err)
	}
	first := in.app(t, small, large)
	for range 2 { // starting twice is as good as once
		started, err := first.Documents.StartFilling(ctx, sys)
		if err != nil || len(started) != 2 || started[0].Chunks != 0 || started[1].Chunks != sections || started[1].Workspaces != 1 {
			t.Fatalf("started %+v; %v", started, err)
		}
	}
	if jobs, err := first.Jobs(ctx, sys, event.Filter{Topic: document.TopicFill}); err != nil || len(jobs) != 1 {
		t.Fatalf("%d deliveries, %v; want one", len(jobs), err)
	}
	life, die := context.WithCancel(ctx)
	in.mu.Lock()
	in.before = func(_ string, call int) {
		if call > survives {
			die()
		}
	}
	in.mu.Unlock()
	if err := first.Drain(life); !errors.Is(err, context.Canceled) {
		t.Fatalf("Drain = %v, want it broken off", err)
	}
	in.mu.Lock()
	in.before = nil
	in.mu.Unlock()
	if left := lacking(ctx, t, first, in.space(large)); left != sections-survives*batchSize {
		t.Errorf("after %d batches %d chunks lack a vector, want %d", survives, left, sections-survives*batchSize)
	}
	second := in.app(t, small, large)
	drain(ctx, t, second)
	if left := lacking(ctx, t, second, in.space(large)); left != 0 {
		t.Errorf("in the end %d chunks lack a vector", left)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if calls, want := in.calls[large], (sections+batchSize-1)/batchSize+2; calls > want {
		t.Errorf("%d calls of the model, want at most %d", calls, want)
	}
	again := 0
	for _, n := range in.texts[large] {
		again += n - 1
	}
	if again > batchSize {
		t.Errorf("%d texts were embedded again, want at most the batch that was cut off", again)
	}
	sent := func(model string) []string { return slices.Sorted(maps.Keys(in.texts[model])) }
	if diff := cmp.Diff(sent(small), sent(large)); diff != "" {
		t.Errorf("the models were given other texts (-old +new):\n%s", diff)
	}
	if waiting, err := second.Backlog(ctx, sys); err != nil || len(waiting) != 0 {
		t.Errorf("in the end there wait %+v, %v", waiting, err)
	}
}
