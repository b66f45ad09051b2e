package e2e

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// embeddings is a slow provider that speaks OpenAI's wire format, wants patience of every seventh request, and keeps which texts it
// has embedded.
type embeddings struct {
	*httptest.Server

	mu      sync.Mutex
	calls   int // answered
	refused int
	texts   map[string]int // how often each was embedded
	half    chan struct{}  // closed when half of what comes has come
	expect  int
}

func newEmbeddings(t *testing.T, expect int) *embeddings {
	t.Helper()
	p := &embeddings{texts: map[string]int{}, half: make(chan struct{}), expect: expect}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *embeddings) serve(w http.ResponseWriter, r *http.Request) {
	var in struct{ Input []string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !p.accept(in.Input) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "0.05")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"error":{"message":"slow down"}}`)
		return
	}
	time.Sleep(30 * time.Millisecond) // as slow as it is
	data := []map[string]any{}
	for i, text := range in.Input {
		h := fnv.New32()
		_, _ = h.Write([]byte(text))
		data = append(data, map[string]any{"index": i, "embedding": []float32{1, float32(h.Sum32()%100) / 100}})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
}

func (p *embeddings) accept(texts []string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if (p.calls+p.refused)%7 == 6 {
		p.refused++
		return false
	}
	p.calls++
	before := len(p.texts)
	for _, t := range texts {
		p.texts[t]++
	}
	if before < p.expect/2 && len(p.texts) >= p.expect/2 {
		close(p.half)
	}
	return true
}

func TestAWorkerKilledWhileEmbeddingGoesOnWithWhatIsMissing(t *testing.T) {
	t.Parallel()
	const chunks, batch = 1000, 32
	p := newEmbeddings(t, chunks)
	w := newWorld(t, "EMBED_URL=openai:"+p.URL+"/v1#slow", "EMBED_DIMENSION=2", "RETRY_BASE_DELAY_SECONDS=0.05", "WORKER_LEASE=1s",
		"CHUNK_SIZE=200", "CHUNK_OVERLAP=20")
	s := w.http(t, "WORKERS=0")
	l := s.admin(t).library(t, "long")
	var text strings.Builder
	for i := range 1300 {
		fmt.Fprintf(&text, "Paragraph number %d tells of matter %x, of its causes, its %d parts, and of all that has followed from it until this day; more is told in the annex.\n\n", i, i*7919, i%13)
	}
	id := l.upload(t, file{name: "long.txt", content: []byte(text.String())}).DocumentID

	worker := w.worker(t)
	<-p.half
	worker.kill(t)
	p.mu.Lock()
	calls, done := p.calls, len(p.texts)
	p.mu.Unlock()
	w.worker(t)
	d := l.ready(t, id)

	p.mu.Lock()
	defer p.mu.Unlock()
	if d.ChunkCount < chunks {
		t.Fatalf("%d chunks, want at least %d", d.ChunkCount, chunks)
	}
	twice := 0
	for _, n := range p.texts {
		twice += n - 1
	}
	const checkpoint = 64 // texts whose vectors are stored together
	if len(p.texts) != d.ChunkCount || twice > checkpoint {
		t.Errorf("%d of %d chunks embedded, %d of them again; at most one checkpoint of %d should be", len(p.texts), d.ChunkCount, twice, checkpoint)
	}
	missing := d.ChunkCount - done + twice
	if most := calls + missing/batch + 2; p.calls > most {
		t.Errorf("%d requests, %d of them before the kill; want at most %d", p.calls, calls, most)
	}
	if p.refused == 0 {
		t.Error("the provider never asked for patience")
	}
	t.Logf("%d chunks, %d requests before the kill, %d after, %d refused, %d texts embedded twice", d.ChunkCount, calls, p.calls-calls, p.refused, twice)
}
