package vector

import (
	"fmt"
	"math"
	"slices"
)

// Rescoring begins with a batch of firstBatch vectors, or 2k if that is more, and doubles up to maxBatch: most
// searches are done after the first, and one that isn't needs few round trips.
const (
	firstBatch = 32
	maxBatch   = 512
)

// Search returns the k vectors with the largest inner product with q, ordered by score descending, then by index
// ascending: the same as a loop over all of them with Dot. It returns fewer when there are fewer. Only the indexes in
// allow may be returned, or all when allow is nil; bits at Len and above don't matter.
//
// It calls rescore, one call at a time and from the calling goroutine, with distinct indexes in a slice that is valid
// until rescore returns. It has to set out[i] to Dot of q and the vector that was appended as indexes[i], or to NaN if
// that vector is gone, which leaves it out and lets the next best move up. An error from rescore ends the search.
//
// Vectors of zeros are vectors like any other: they score 0. So does every vector when q is zero. A query of the wrong
// length, or with a NaN or infinite component, is an error. Scores beyond the range of float32 are infinite, and equal.
func (s *Segment) Search(q []float32, k int, allow *Bitmap, rescore func(indexes []int, out []float32) error) ([]Candidate, error) {
	code, err := newQuery(q, s.dim, s.stride)
	if err != nil {
		return nil, err
	}
	rows := s.count
	if allow != nil {
		rows = min(rows, allow.Count())
	}
	k = min(k, rows)
	if k <= 0 {
		return nil, nil
	}
	workers := s.workers(rows)
	// A scan for the best want vectors is good for the best k if no more than want-k of them turn out to be gone.
	for want := k; ; {
		best := top{size: k}
		gone, err := refine(s.candidates(code, allow, want, workers), &best, rescore)
		if err != nil {
			return nil, err
		}
		if gone <= want-k || want == rows {
			return best.sorted(), nil
		}
		want = min(2*(k+gone), rows)
	}
}

// refine gives candidates their true scores and puts them into best, those with the largest upper bound first, until
// no other candidate can be among the best. It reports how many it came across that are gone.
func refine(candidates []Candidate, best *top, rescore func([]int, []float32) error) (gone int, err error) {
	slices.SortFunc(candidates, compare)
	batch := max(firstBatch, 2*best.size)
	var indexes []int
	var scores []float32
	for len(candidates) > 0 && !(best.full() && compare(candidates[0], best.worst()) > 0) {
		n := min(batch, len(candidates))
		indexes, scores = indexes[:0], slices.Grow(scores[:0], n)[:n]
		for _, c := range candidates[:n] {
			indexes = append(indexes, c.Index)
		}
		if err := rescore(indexes, scores); err != nil {
			return 0, fmt.Errorf("rescore %d vectors: %w", n, err)
		}
		gone += keep(best, candidates[:n], scores)
		candidates = candidates[n:]
		batch = max(batch, min(2*batch, maxBatch))
	}
	return gone, nil
}

// keep offers the rescored candidates to best and returns how many are gone.
func keep(best *top, candidates []Candidate, scores []float32) (gone int) {
	for i, c := range candidates {
		if math.IsNaN(float64(scores[i])) {
			gone++
			continue
		}
		best.offer(Candidate{Index: c.Index, Score: scores[i]})
	}
	return gone
}
