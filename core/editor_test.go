package core_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/openai"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/resilient"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// editor speaks OpenAI's wire format, writes a context for each chunk that it is shown, and keeps what it was asked.
type editor struct {
	*httptest.Server

	mu      sync.Mutex
	calls   map[string]int // by chunk
	prompts []string
	working int
	most    int   // calls at once
	ahead   []int // calls at once when the nth call began, itself included

	// reply says what becomes of a call; nil and "" mean that all is well. It is called with the lock not held.
	reply func(r *http.Request, chunk string) (status int, said string)
}

func newEditor(t *testing.T) *editor {
	t.Helper()
	e := &editor{calls: map[string]int{}}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(e.Close)
	return e
}

func (e *editor) serve(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Messages []struct{ Role, Content string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.Messages) != 2 {
		http.Error(w, fmt.Sprintf("%d messages, %v", len(in.Messages), err), http.StatusBadRequest)
		return
	}
	prompt := in.Messages[1].Content
	chunk := chunkIn(prompt)
	reply := e.begin(prompt, chunk)
	defer e.end()
	said := "It belongs to Aldermoor waterworks, installation zephyr" + numberIn(chunk) + "."
	if reply != nil {
		status, other := reply(r, chunk)
		if status != 0 {
			http.Error(w, "no", status)
			return
		}
		if other != "" {
			said = other
		}
	}
	raw, _ := json.Marshal(said)
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n", raw)
	fmt.Fprint(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

func (e *editor) begin(prompt, chunk string) func(*http.Request, string) (int, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls[chunk]++
	e.prompts = append(e.prompts, prompt)
	e.working++
	e.most = max(e.most, e.working)
	e.ahead = append(e.ahead, e.working)
	return e.reply
}

func (e *editor) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.working--
}

// asked returns the chunks that were asked for since the last call, and how often.
func (e *editor) asked() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := e.calls
	e.calls = map[string]int{}
	return out
}

// shown returns the prompts since the last call.
func (e *editor) shown() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := e.prompts
	e.prompts = nil
	return out
}

// replies sets reply.
func (e *editor) replies(reply func(r *http.Request, chunk string) (int, string)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reply = reply
}

// chunkIn is what stands between the last fences of a prompt.
func chunkIn(prompt string) string {
	_, rest, _ := strings.Cut(prompt[max(0, strings.LastIndex(prompt, "<chunk-")):], "\n")
	chunk, _, _ := strings.Cut(rest, "\n</chunk-")
	return chunk
}

// numberIn is the number of the pump that a section of a manual is about.
func numberIn(chunk string) string {
	_, rest, _ := strings.Cut(chunk, "Pump ")
	number, _, _ := strings.Cut(rest, " ")
	return number
}

func (e *editor) writer(t *testing.T) *resilient.Generator {
	t.Helper()
	g, err := openai.NewGenerator(openai.Model{BaseURL: e.URL + "/v1", Name: "editor"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resilient.NewGenerator(g, &resilient.Options{Attempts: 1, BreakAfter: 1000})
}

// edited is an app whose chunks get contexts.
type edited struct {
	*editor
	app      *core.App
	database string
	ws       workspace.ID

	mu       sync.Mutex
	outcomes map[document.ContextOutcome]int
}

// newEdited makes one; change may change what it is made of.
func newEdited(t *testing.T, change func(p *core.Ports, o *core.Options)) *edited {
	t.Helper()
	w := &edited{editor: newEditor(t), database: filepath.Join(t.TempDir(), "x.db"), outcomes: map[document.ContextOutcome]int{}}
	store, err := sqlstore.Open(t.Context(), "sqlite:"+w.database, nil)
	if err != nil {
		t.Fatal(err)
	}
	blobs := bucket.Memory()
	t.Cleanup(func() { _, _ = store.Close(), blobs.Close() })
	ports := core.Ports{
		Store: store, Blobs: blobs, Parser: parse.InProcess(parse.Options{}), Embedder: offline.NewEmbedder(),
		Generator: offline.NewGenerator(), ContextWriter: w.writer(t),
	}
	options := core.Options{
		Documents: document.Options{EmbedBatch: batchSize, Chunks: text.Options{Size: 300, Overlap: 30}},
		Retry:     core.Retry{Failures: 3, Base: 1, Max: 1},
	}
	options.Documents.Contexts.Observe = func(o document.ContextOutcome, n int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.outcomes[o] += n
	}
	if change != nil {
		change(&ports, &options)
	}
	if w.app, err = core.New(ports, &options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.app.Close)
	ws, err := w.app.Workspaces.Create(t.Context(), identity.System, workspace.Draft{Name: "Pumps"})
	if err != nil {
		t.Fatal(err)
	}
	w.ws = ws.ID
	return w
}

// bring makes a version of the one document ready and returns it.
func (w *edited) bring(t *testing.T, body string) document.Document {
	t.Helper()
	d, _, err := w.app.Documents.Upload(t.Context(), identity.System, w.ws,
		document.Incoming{Name: "pumps.md", Body: strings.NewReader(body)}, document.Details{ExternalID: "pumps"})
	if err != nil {
		t.Fatal(err)
	}
	_ = w.app.Drain(t.Context()) // tries that fail are tried again; what is left of them shows in the document
	if d, err = w.app.Documents.Get(t.Context(), identity.System, w.ws, d.ID); err != nil {
		t.Fatal(err)
	}
	if d.Status != document.Ready {
		t.Fatalf("the document is %s: %s", d.Status, d.Failure.Text)
	}
	return d
}

func (w *edited) search(t *testing.T, q retrieval.Query) retrieval.Result {
	t.Helper()
	q.K = 1
	r, err := w.app.Search.Search(t.Context(), identity.System, w.ws, q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// rows counts contexts that are stored, with chunks and by themselves.
func (w *edited) rows(t *testing.T) (withChunks, alone int) {
	t.Helper()
	db, err := sql.Open("sqlite", w.database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM chunks WHERE context_key IS NOT NULL OR context <> ''), (SELECT count(*) FROM chunk_contexts)").
		Scan(&withChunks, &alone)
	if err != nil {
		t.Fatal(err)
	}
	return withChunks, alone
}
