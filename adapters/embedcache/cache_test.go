package embedcache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/embedcache"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/core/coretest"
	"github.com/ragcorp/ragcorp/core/llm"
)

// counting counts calls, waits for gate if there is one, and fails while err is set.
type counting struct {
	llm.Embedder

	calls atomic.Int64
	gate  chan struct{}
	err   error
}

func (c *counting) Embed(ctx context.Context, p llm.Purpose, texts []string) ([]llm.Vector, error) {
	c.calls.Add(1)
	if c.gate != nil {
		<-c.gate
	}
	if c.err != nil {
		return nil, c.err
	}
	return c.Embedder.Embed(ctx, p, texts)
}

func TestTheEmbedderKeepsTheContract(t *testing.T) {
	t.Parallel()
	coretest.Embedder(t, func(*testing.T) llm.Embedder { return embedcache.New(offline.NewEmbedder(), 10) }, coretest.Deterministic)
}

func embed(t *testing.T, e *embedcache.Embedder, p llm.Purpose, text string) llm.Vector {
	t.Helper()
	v, err := e.Embed(t.Context(), p, []string{text})
	if err != nil {
		t.Fatal(err)
	}
	return v[0]
}

func TestTheSameQueryIsEmbeddedOnce(t *testing.T) {
	t.Parallel()
	c := &counting{Embedder: offline.NewEmbedder()}
	e := embedcache.New(c, 2)
	first := embed(t, e, llm.ForQuery, "one")
	first[0] = 42 // what callers do with their vector is not remembered
	second := embed(t, e, llm.ForQuery, "one")
	if second[0] == 42 || c.calls.Load() != 1 {
		t.Errorf("%d calls, first number %v", c.calls.Load(), second[0])
	}
	embed(t, e, llm.ForDocument, "one")
	if c.calls.Load() != 2 {
		t.Error("the vector of a query was taken for that of a document")
	}
	if diff := cmp.Diff(embedcache.Stats{Hits: 1, Misses: 1}, e.Stats()); diff != "" {
		t.Error(diff)
	}
}

func TestTheVectorUsedLeastRecentlyMakesRoom(t *testing.T) {
	t.Parallel()
	c := &counting{Embedder: offline.NewEmbedder()}
	e := embedcache.New(c, 2)
	for _, q := range []string{"one", "two", "one", "three", "one"} {
		embed(t, e, llm.ForQuery, q)
	}
	if c.calls.Load() != 3 {
		t.Errorf("%d calls, want 3", c.calls.Load())
	}
	if embed(t, e, llm.ForQuery, "two"); c.calls.Load() != 4 {
		t.Errorf("%d calls, want 4: two should be forgotten", c.calls.Load())
	}
}

func TestThoseWhoAskTheSameAtOnceShareOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &counting{Embedder: offline.NewEmbedder(), gate: make(chan struct{})}
		e := embedcache.New(c, 10)
		impatient, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := e.Embed(impatient, llm.ForQuery, []string{"one"}); !errors.Is(err, context.Canceled) {
				t.Errorf("the first, who left: %v", err)
			}
		})
		synctest.Wait()
		for range 10 {
			all.Go(func() { embed(t, e, llm.ForQuery, "one") })
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		close(c.gate)
		all.Wait()
		if n := c.calls.Load(); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	c := &counting{Embedder: offline.NewEmbedder(), err: fmt.Errorf("down")}
	e := embedcache.New(c, 10)
	if _, err := e.Embed(t.Context(), llm.ForQuery, []string{"one"}); err == nil {
		t.Error("there is no error")
	}
	c.err = nil
	embed(t, e, llm.ForQuery, "one")
}
