package vector

import (
	"math"
	"math/bits"
	"runtime"
	"sync"
)

// minShare is how many bytes of codes a goroutine should at least have to read to be worth starting.
const minShare = 1 << 20

// scan is the pass of one goroutine over a part of a segment.
type scan struct {
	segment *Segment
	query   *query
	allow   *Bitmap

	// floor holds the best lower ends of intervals: so many vectors are known to do at least as well as its worst.
	floor top
	// last is the worst of a full floor; until then, something that nothing is worse than.
	last Candidate
	// found holds the vectors whose interval reached last when they were seen, with the upper end as their score.
	found []Candidate

	dots [group]int32
}

// candidates returns every allowed vector that may be among the best want, with the upper end of its interval as its
// score, in no particular order. Its goroutines are done when it returns.
func (s *Segment) candidates(q *query, allow *Bitmap, want, workers int) []Candidate {
	groups := (s.count + group - 1) / group
	workers = max(1, min(workers, groups))
	scans := make([]*scan, workers)
	var wg sync.WaitGroup
	for i := range scans {
		scans[i] = newScan(s, q, allow, want)
		first, end := groups*i/workers, groups*(i+1)/workers
		if i == workers-1 {
			scans[i].run(first, end)
			continue
		}
		wg.Go(func() { scans[i].run(first, end) })
	}
	wg.Wait()
	return merge(scans)
}

// workers returns how many goroutines a scan of rows vectors is worth.
func (s *Segment) workers(rows int) int {
	return min(runtime.GOMAXPROCS(0), 1+rows*s.stride/minShare)
}

func newScan(s *Segment, q *query, allow *Bitmap, want int) *scan {
	return &scan{
		segment: s, query: q, allow: allow,
		floor: top{size: want},
		last:  Candidate{Index: math.MaxInt, Score: float32(math.Inf(-1))},
	}
}

// run looks at the groups from first up to, but not including, end.
func (sc *scan) run(first, end int) {
	for g := first; g < end; g++ {
		word := sc.allow.word(g)
		if rest := sc.segment.count - g*group; rest < group {
			word &= 1<<rest - 1
		}
		if word != 0 {
			sc.group(g*group, word)
		}
	}
}

// group looks at those of the vectors from index start on whose bit is set in word.
func (sc *scan) group(start int, word uint64) {
	const dense = group / 2 // reading rows in one go is faster than jumping, even if some are not wanted
	b := &sc.segment.blocks[start/blockRows]
	row := start % blockRows
	if bits.OnesCount64(word) >= dense {
		from := bits.TrailingZeros64(word)
		sc.multiply(b, row, from, bits.Len64(word)-from)
	} else {
		sc.multiplyRuns(b, row, word)
	}
	for ; word != 0; word &= word - 1 {
		i := bits.TrailingZeros64(word)
		low, high := sc.query.interval(sc.dots[i], b.bounds[row+i])
		sc.see(start+i, low, high)
	}
}

// multiply fills in n of the inner products of a group that starts at the given row of b.
func (sc *scan) multiply(b *block, row, from, n int) {
	stride := sc.segment.stride
	codes := b.codes[(row+from)*stride : (row+from+n)*stride]
	sc.segment.dot(codes, sc.query, sc.dots[from:from+n])
}

// multiplyRuns fills in the inner products of the vectors whose bit is set, run by run.
func (sc *scan) multiplyRuns(b *block, row int, word uint64) {
	for word != 0 {
		from := bits.TrailingZeros64(word)
		n := bits.TrailingZeros64(^(word >> from))
		sc.multiply(b, row, from, n)
		word &^= (1<<n - 1) << from
	}
}

// see notes the vector if it may be among the best. All comparisons with NaN are false, so a vector that must not be
// found is not.
func (sc *scan) see(index int, low, high float32) {
	if !(high > sc.last.Score || high == sc.last.Score && index <= sc.last.Index) {
		return
	}
	sc.found = append(sc.found, Candidate{Index: index, Score: high})
	sc.floor.offer(Candidate{Index: index, Score: low})
	if sc.floor.full() {
		sc.last = sc.floor.worst()
	}
}

// merge joins what the scans found and leaves out what the floor of all of them together rules out.
func merge(scans []*scan) []Candidate {
	all := scans[0]
	for _, sc := range scans[1:] {
		for _, c := range sc.floor.heap {
			all.floor.offer(c)
		}
		all.found = append(all.found, sc.found...)
	}
	if !all.floor.full() {
		return all.found
	}
	last, kept := all.floor.worst(), all.found[:0]
	for _, c := range all.found {
		if compare(c, last) <= 0 {
			kept = append(kept, c)
		}
	}
	return kept
}
