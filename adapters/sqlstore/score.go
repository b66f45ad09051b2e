package sqlstore

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/ragcorp/ragcorp/core/retrieval"
)

// best scores the chunks that the view sees and keeps the k best with their ties.
func (m *matches) best(q retrieval.LexicalQuery, v view, only *generationSet, k int) []hit {
	sc := newScorer(m, q, v)
	top := best{size: k}
	for seg := range m.segments {
		for w := range sc.words {
			sc.words[w].stretch = m.byWord[seg*len(sc.words)+w]
		}
		sc.hidden, sc.limited = v.hidden, only != nil
		if sc.limited {
			sc.only = *only
		}
		sc.run(&top)
	}
	return top.hits()
}

// scorer scores one segment after the other, chunk by chunk, all words of a chunk at once. It leaves out chunks that can't
// be among the best: those that have none but words that together are worth less than the least of the best so far. That is
// the idea of MaxScore (H. Turtle, J. Flood: Query Evaluation: Strategies and Optimizations, 1995); the result is the same.
type scorer struct {
	postings []posting
	words    []word
	byWorth  []int   // places of the words, those worth least first
	floor    float64 // the score by which it was decided what is optional
	bm25     retrieval.BM25
	mean     float64
	hidden   generationSet
	limited  bool // to only
	only     generationSet
}

// word is a word of a query with its postings in a segment that aren't scored yet.
type word struct {
	stretch
	idf      float64
	weight   float64
	worth    float64 // a bound of what it adds to a score
	optional bool    // having it doesn't make a chunk worth looking at
}

func newScorer(m *matches, q retrieval.LexicalQuery, v view) scorer {
	sc := scorer{
		postings: m.postings, words: make([]word, len(m.words)), byWorth: make([]int, len(m.words)),
		floor: math.Inf(-1), bm25: q.BM25, mean: float64(v.seen.terms) / float64(v.seen.chunks),
	}
	for w := range sc.words {
		const rounding = 1 + 1e-9 // more than all roundings of a sum can amount to
		idf, weight := q.BM25.IDF(v.seen.chunks, m.df[w]), q.Terms[w].Weight
		sc.words[w] = word{idf: idf, weight: weight, worth: idf * max(weight, 0) * rounding}
		sc.byWorth[w] = w
	}
	slices.SortFunc(sc.byWorth, func(a, b int) int { return cmp.Compare(sc.words[a].worth, sc.words[b].worth) })
	return sc
}

func (sc *scorer) run(top *best) {
	for no := sc.first(); no != math.MaxInt64; {
		score, next := sc.take(no)
		if (!top.full() || score >= top.heap[0].score) && sc.sees(no>>ordinalBits) {
			top.offer(hit{no: no, score: score})
			if top.full() && top.heap[0].score > sc.floor {
				sc.raise(top.heap[0].score)
			}
		}
		no = next
	}
}

// raise decides which words are optional now that a chunk needs this score. Words cease to be so never.
func (sc *scorer) raise(floor float64) {
	sc.floor = floor
	total := 0.0
	for _, w := range sc.byWorth {
		if total += sc.words[w].worth; total >= floor {
			return
		}
		sc.words[w].optional = true
	}
}

// sees must be asked for ascending generations.
func (sc *scorer) sees(generation int64) bool {
	return !sc.hidden.has(generation) && (!sc.limited || sc.only.has(generation))
}

// first returns the first chunk that has a word that isn't optional, math.MaxInt64 when there is none.
func (sc *scorer) first() int64 {
	first := int64(math.MaxInt64)
	for _, w := range sc.words {
		if w.from < w.to && !w.optional {
			first = min(first, sc.postings[w.from].no)
		}
	}
	return first
}

// take scores a chunk and returns the next one. The words count in their order and every product is rounded by itself, so
// that the sum is the same on every machine.
func (sc *scorer) take(no int64) (score float64, next int64) {
	next = math.MaxInt64
	for i := range sc.words {
		w := &sc.words[i]
		if w.optional {
			w.skip(sc.postings, no)
		}
		if w.from == w.to {
			continue
		}
		p := sc.postings[w.from]
		if p.no == no {
			score += float64(w.idf * sc.bm25.TF(int(p.count), int(p.length), sc.mean) * w.weight)
			if w.from++; w.from == w.to {
				continue
			}
			p.no = sc.postings[w.from].no
		}
		if !w.optional {
			next = min(next, p.no)
		}
	}
	return score, next
}

// skip passes over the postings of chunks before no. Most steps are short, so it looks near the front first.
func (w *word) skip(postings []posting, no int64) {
	ps := postings[w.from:w.to]
	if len(ps) == 0 || ps[0].no >= no {
		return
	}
	step := 1
	for step < len(ps) && ps[step].no < no {
		step *= 2
	}
	from, to := step/2, min(step+1, len(ps))
	w.from += from + sort.Search(to-from, func(i int) bool { return ps[from+i].no >= no })
}
