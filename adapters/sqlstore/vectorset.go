package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/adapters/sqlstore/vector"
)

// vectorSet is the vectors of a workspace in a space, in memory. It gets ahead only: what was added stays until a rebuild,
// and each search leaves out what its own transaction doesn't see.
type vectorSet struct {
	key   vectorKey
	dim   int
	used  int64 // guarded by the cache
	bytes int64 // guarded by the cache

	mu          sync.RWMutex
	codes       *vector.Segment
	nos         []int64    // of the chunk of each vector
	rows        []int64    // id of the row of each vector
	generations []genRange // ascending
	late        []int      // vectors that don't stand with their generation's others
	chunks      int        // in generations that aren't gone, with and without vectors
	missing     int        // of them, how many have no vector
	gone        int        // vectors in generations that are gone
	embeddings  int64      // newest row of embeddings that was looked at
}

// genRange is a generation in a vectorSet.
type genRange struct {
	id       int64
	from, to int32 // its vectors stand in this range, but for late ones
	chunks   int32 // with and without vectors
	late     int32 // how many of its vectors came late
	gone     bool  // purged
}

// vectors is how many vectors the generation has.
func (g genRange) vectors() int32 { return g.to - g.from + g.late }

// vectorBytes estimates the memory for n vectors: their codes, and what stands beside each.
func vectorBytes(n, dim int) int64 {
	const stripe, beside = 64, 8 + 8 + 8 + 32
	return int64(n) * int64((dim+stripe-1)/stripe*stripe+beside)
}

func newVectorSet(key vectorKey, dim int) *vectorSet {
	vs := &vectorSet{key: key, dim: dim}
	vs.reset()
	return vs
}

func (vs *vectorSet) reset() {
	vs.codes = vector.NewSegment(vs.dim)
	vs.nos, vs.rows, vs.generations, vs.late = nil, nil, nil, nil
	vs.chunks, vs.missing, vs.gone, vs.embeddings = 0, 0, 0, 0
}

// size is the memory that the set takes, in bytes.
func (vs *vectorSet) size() int64 {
	return vs.codes.Bytes() + int64(8*(cap(vs.nos)+cap(vs.rows)+cap(vs.late))+32*cap(vs.generations))
}

// newest is the greatest generation that was read.
func (vs *vectorSet) newest() int64 {
	if len(vs.generations) == 0 {
		return 0
	}
	return vs.generations[len(vs.generations)-1].id
}

// find returns a generation; nil when the set doesn't have it.
func (vs *vectorSet) find(id int64) *genRange {
	i, ok := slices.BinarySearchFunc(vs.generations, id, func(g genRange, id int64) int { return cmp.Compare(g.id, id) })
	if !ok {
		return nil
	}
	return &vs.generations[i]
}

// live counts the chunks that the view would see in the set, with and without vectors, if the set fitted it. It equals
// the view's own count exactly when it does: a set that is ahead has fewer, for generations that it dropped, and a set
// that hasn't noticed that generations were purged has more.
func (vs *vectorSet) live(v view) int {
	n := vs.chunks
	for i := len(vs.generations) - 1; i >= 0 && vs.generations[i].id > v.newest; i-- {
		if g := vs.generations[i]; !g.gone {
			n -= int(g.chunks)
		}
	}
	for _, id := range v.dead {
		if g := vs.find(id); g != nil && !g.gone && id <= v.newest {
			n -= int(g.chunks)
		}
	}
	return n
}

// allowed is the set of vectors that a search may find; nil stands for all.
func (vs *vectorSet) allowed(v view, only *generationSet) *vector.Bitmap {
	if only == nil && len(v.dead) == 0 && len(v.hidden) == 0 && vs.gone == 0 && vs.newest() <= v.newest {
		return nil
	}
	allowed := new(vector.Bitmap)
	seen := seeing{view: v, limited: only != nil}
	if only != nil {
		seen.only = *only
	}
	walk := seen
	for _, g := range vs.generations {
		if walk.has(g) {
			for i := g.from; i < g.to; i++ {
				allowed.Set(int(i))
			}
		}
	}
	for _, i := range vs.late {
		once := seen
		if g := vs.find(vs.nos[i] >> ordinalBits); g != nil && once.has(*g) {
			allowed.Set(i)
		}
	}
	return allowed
}

// seeing says which generations a search may find, when it is asked for ascending ones.
type seeing struct {
	view
	limited bool // to only
	only    generationSet
}

func (s *seeing) has(g genRange) bool {
	return !g.gone && g.id <= s.newest && !s.dead.has(g.id) && !s.hidden.has(g.id) && (!s.limited || s.only.has(g.id))
}

// errBehind reports that a transaction is too old for what is in memory.
var errBehind = errors.New("the transaction is behind the vectors in memory")

// update brings the set up to what the transaction sees. errBehind when that is older than what the set has dropped.
func (vs *vectorSet) update(ctx context.Context, tx bun.Tx, v view) (changed bool, err error) {
	vs.mu.RLock()
	stale, err := vs.stale(ctx, tx, v)
	vs.mu.RUnlock()
	if err != nil || !stale {
		return false, err
	}
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if stale, err = vs.stale(ctx, tx, v); err != nil || !stale {
		return false, err // somebody else has been here
	}
	if err := vs.load(ctx, tx, v); err != nil {
		vs.reset() // some of it may have been added
		return true, err
	}
	if vs.live(v) != v.chunks {
		return true, errBehind
	}
	return true, nil
}

// stale reports whether the transaction knows of anything that the set doesn't.
func (vs *vectorSet) stale(ctx context.Context, tx bun.Tx, v view) (bool, error) {
	if v.newest > vs.newest() {
		return true, nil
	}
	switch live := vs.live(v); {
	case live > v.chunks:
		return true, nil
	case live < v.chunks:
		return false, errBehind
	case vs.missing == 0:
		return false, nil
	}
	last, err := lastEmbedding(ctx, tx)
	return last > vs.embeddings, err
}
