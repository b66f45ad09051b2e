package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// answered is what a query or question says about how it was answered.
type answered struct {
	Matches  []match
	Answer   string
	Degraded []string
}

// The embedding server fails, is another one, and comes back.
func TestWordsAnswerWhileTheEmbeddingModelIsAway(t *testing.T) {
	t.Parallel()
	var numbers atomic.Int64 // of a vector; 0: the server fails
	numbers.Store(2)
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Input []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || numbers.Load() == 0 {
			http.Error(w, "away", http.StatusBadGateway)
			return
		}
		data := []map[string]any{}
		for i, text := range in.Input {
			data = append(data, map[string]any{"index": i, "embedding": append([]float32{1, float32(len(text)%7) + 1}, make([]float32, numbers.Load()-2)...)})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
	}))
	t.Cleanup(model.Close)
	s := newWorld(t, "EMBED_URL=openai:"+model.URL+"/v1#m", "RETRY_MAX_ATTEMPTS=1").http(t)
	l := s.admin(t).library(t, "trains")
	l.ingest(t, "Travel", "Trains are booked by the travel desk.")
	for i, c := range []struct {
		what    string
		numbers int64
		lacks   []string
	}{
		{"is there", 2, nil}, {"fails", 0, []string{"dense"}}, {"is another one", 3, []string{"dense"}}, {"is back", 2, nil},
	} {
		numbers.Store(c.numbers)
		query := fmt.Sprintf("who books trains, question %d", i) // the vectors of old ones are known
		found := expect[answered](t, l.client, http.StatusOK, "POST", l.path("/query"), map[string]any{"query": query})
		if len(found.Matches) != 1 || !slices.Equal(found.Degraded, c.lacks) {
			t.Errorf("while the model %s, %d matches without %v; want 1 without %v", c.what, len(found.Matches), found.Degraded, c.lacks)
		}
		told := expect[answered](t, l.client, http.StatusOK, "POST", l.path("/ask"), map[string]any{"query": "Who are trains booked by" + strings.Repeat("?", i+1)})
		if !strings.Contains(told.Answer, "travel desk") || !slices.Equal(told.Degraded, c.lacks) {
			t.Errorf("while the model %s, the answer is %q without %v", c.what, told.Answer, told.Degraded)
		}
	}
	metrics := string((&client{url: s.url}).do(t, "GET", "/metrics", nil).body)
	if n := sample(t, metrics, `rag_retrieval_fallback_total{stage="dense"}`); n != 4 {
		t.Errorf("%v searches without the model are counted, want 4", n)
	}
}
