// Package embedcache keeps the vectors of queries, so that the same words needn't go to a model over the network again: people
// repeat their questions, and clients page through results. Of several who ask the same at once, one asks the model.
package embedcache

import (
	"container/list"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Embedder decorates a llm.Embedder. It is safe for concurrent use.
type Embedder struct {
	next   llm.Embedder
	most   int
	flight singleflight.Group

	mu     sync.Mutex
	recent *list.List // of entries, the one used last in front
	byKey  map[key]*list.Element
	stats  Stats
	watch  func(hits, misses int)
}

var _ llm.Embedder = (*Embedder)(nil)

// Stats counts since the cache was made.
type Stats struct {
	Hits   int64 // queries that were answered from memory
	Misses int64 // queries that were not, those who waited for somebody else's included
}

// key is a space and the hash of a text.
type key struct {
	space string
	hash  [sha256.Size]byte
}

type entry struct {
	key    key
	vector llm.Vector
}

// New decorates an embedder; most is how many vectors are kept, at least 1. The ones used least recently make room.
func New(next llm.Embedder, most int) *Embedder {
	return &Embedder{next: next, most: max(most, 1), recent: list.New(), byKey: map[key]*list.Element{}}
}

// Space implements llm.Embedder.
func (e *Embedder) Space() llm.Space { return e.next.Space() }

// Unwrap returns the embedder below.
func (e *Embedder) Unwrap() llm.Embedder { return e.next }

// Watch lets watch know of every query; it must be called before the first one.
func (e *Embedder) Watch(watch func(hits, misses int)) { e.watch = watch }

// Stats returns how often memory helped so far.
func (e *Embedder) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stats
}

// Embed implements llm.Embedder. Texts of documents go to the model as they come: each is embedded once, and kept with the document.
func (e *Embedder) Embed(ctx context.Context, p llm.Purpose, texts []string) ([]llm.Vector, error) {
	if p != llm.ForQuery || len(texts) != 1 {
		return e.next.Embed(ctx, p, texts)
	}
	k := key{space: e.next.Space().Name, hash: sha256.Sum256([]byte(texts[0]))}
	v, known := e.get(k)
	e.tell(known)
	if known {
		return []llm.Vector{v}, nil
	}
	v, err := e.ask(ctx, k, texts[0])
	if err != nil {
		return nil, err
	}
	return []llm.Vector{v}, nil
}

func (e *Embedder) tell(known bool) {
	switch {
	case e.watch == nil:
	case known:
		e.watch(1, 0)
	default:
		e.watch(0, 1)
	}
}

// ask asks the model, together with everybody who wants the same. It goes on when the one who was first leaves, since others may
// wait; the model's own limits end it.
func (e *Embedder) ask(ctx context.Context, k key, text string) (llm.Vector, error) {
	shared := e.flight.DoChan(k.space+"\x00"+string(k.hash[:]), func() (any, error) {
		vectors, err := e.next.Embed(context.WithoutCancel(ctx), llm.ForQuery, []string{text})
		if err != nil {
			return nil, err
		}
		if len(vectors) != 1 {
			return nil, fmt.Errorf("embed a query: the model returned %d vectors", len(vectors))
		}
		e.put(k, vectors[0])
		return vectors[0], nil
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("embed a query: %w", ctx.Err())
	case r := <-shared:
		v, _ := r.Val.(llm.Vector) // nil with an error
		return slices.Clone(v), r.Err
	}
}

func (e *Embedder) get(k key) (llm.Vector, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at, ok := e.byKey[k]
	if !ok {
		e.stats.Misses++
		return nil, false
	}
	e.stats.Hits++
	e.recent.MoveToFront(at)
	kept, _ := at.Value.(entry) // nothing else is in the list
	return slices.Clone(kept.vector), true
}

func (e *Embedder) put(k key, v llm.Vector) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.byKey[k]; ok {
		return
	}
	e.byKey[k] = e.recent.PushFront(entry{k, slices.Clone(v)})
	if e.recent.Len() > e.most {
		oldest, _ := e.recent.Remove(e.recent.Back()).(entry) // see get
		delete(e.byKey, oldest.key)
	}
}
