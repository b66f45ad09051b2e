package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Lexical implements retrieval.Index. It scores every chunk that has any of the words: exactly, and fast enough for
// workspaces that fit on one machine.
func (ix index) Lexical(ctx context.Context, s workspace.Scope, q retrieval.LexicalQuery) (out retrieval.Matches, err error) {
	out.Words = q.Terms
	if q.K <= 0 || len(q.Terms) == 0 {
		return out, nil
	}
	err = ix.s.read(ctx, func(ctx context.Context, tx bun.Tx) error {
		v, err := look(ctx, tx, s, "")
		if err != nil || v.seen.chunks <= 0 {
			return err
		}
		m, _ := matchesPool.Get().(*matches) // it holds nothing else
		defer matchesPool.Put(m)
		if q.Terms, err = m.readWords(ctx, tx, v, out.Words); err != nil {
			return fmt.Errorf("read postings: %w", err)
		}
		hits, err := filtered(ctx, tx, s, q.Filter, q.K, func(k int, only *generationSet) ([]hit, error) {
			return m.best(q, v, only, k), nil
		})
		if err != nil {
			return err
		}
		found, err := named(ctx, tx, hits, q.K)
		out = retrieval.Matches{Scored: found, Words: q.Terms}
		return err
	})
	return out, err
}

// readWords fills in m with what the words find, and returns them as they were looked up.
func (m *matches) readWords(ctx context.Context, tx bun.Tx, v view, words []retrieval.TermGroup) ([]retrieval.TermGroup, error) {
	if err := m.read(ctx, tx, v, words); err != nil {
		return nil, err
	}
	words, changed, err := m.respell(ctx, tx, v, words)
	if err != nil || !changed {
		return words, err
	}
	return words, m.read(ctx, tx, v, words)
}

// matches are the live chunks that have any of a query's words: postings by segment and word, one after the other in one
// slice. Chunks of different segments are different.
type matches struct {
	words    [][]int // of each word, its alternatives as places in terms
	terms    []string
	segments int
	df       []int // of each word, in how many chunks it is that the scope sees

	postings []posting
	byTerm   []stretch // at segment times terms plus term
	byWord   []stretch // at segment times words plus word
}

// stretch is a range of a slice.
type stretch struct{ from, to int }

// matchesPool saves making the big slices of each search anew.
var matchesPool = sync.Pool{New: func() any { return new(matches) }}

// read fills in m with what the query's words find.
func (m *matches) read(ctx context.Context, tx bun.Tx, v view, words []retrieval.TermGroup) error {
	m.prepare(words, len(v.segments))
	if err := m.readBlocks(ctx, tx, v); err != nil {
		return err
	}
	for seg := range m.segments {
		for w, alternatives := range m.words {
			found := m.join(seg, alternatives)
			m.byWord = append(m.byWord, found)
			m.df[w] += countVisible(m.postings[found.from:found.to], v, math.MaxInt)
		}
	}
	return nil
}

func (m *matches) prepare(words []retrieval.TermGroup, segments int) {
	m.segments, m.terms = segments, m.terms[:0]
	for _, w := range words {
		m.terms = append(m.terms, w.Alternatives...)
	}
	slices.Sort(m.terms)
	m.terms = slices.Compact(m.terms)
	m.words = m.words[:0]
	for _, w := range words {
		places := make([]int, len(w.Alternatives))
		for i, t := range w.Alternatives {
			places[i], _ = slices.BinarySearch(m.terms, t)
		}
		slices.Sort(places)
		m.words = append(m.words, slices.Compact(places))
	}
	m.df = make([]int, len(words))
	m.postings, m.byWord = m.postings[:0], m.byWord[:0]
	m.byTerm = slices.Grow(m.byTerm[:0], segments*len(m.terms))[:segments*len(m.terms)]
	clear(m.byTerm)
}

// readBlocks reads the blocks that would hold the terms, each once: of each segment, the last block that doesn't begin
// after the term.
func (m *matches) readBlocks(ctx context.Context, tx bun.Tx, v view) (err error) {
	segments, err := numbersJSON(v.segments)
	if err != nil {
		return err
	}
	terms, err := json.Marshal(append([]string{}, m.terms...)) // [] rather than null
	if err != nil {
		return err
	}
	rows, err := query(ctx, tx, speaks(tx).blocks(), segments, string(terms))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		var data sql.RawBytes
		if err := rows.Scan(&id, &data); err != nil {
			return err
		}
		seg, ok := slices.BinarySearch(v.segments, id)
		if !ok {
			return errCorrupt
		}
		if err := m.pick(seg, data, v.dead); err != nil {
			return fmt.Errorf("segment %d: %w", id, err)
		}
	}
	return rows.Err()
}

// pick takes the postings of the terms out of a block. Both are sorted, so they are walked side by side.
func (m *matches) pick(seg int, data []byte, dead generationSet) error {
	r := readBlock(data)
	t := 0
	for {
		ok, err := r.next()
		if err != nil || !ok {
			return err
		}
		for t < len(m.terms) && m.terms[t] < string(r.term) {
			t++
		}
		if t == len(m.terms) {
			return nil
		}
		if m.terms[t] != string(r.term) {
			continue
		}
		from := len(m.postings)
		if m.postings, err = decodePostings(r.postings, dead, m.postings); err != nil {
			return err
		}
		m.byTerm[seg*len(m.terms)+t] = stretch{from, len(m.postings)}
	}
}

// join sums the counts of a word's alternatives in a segment, chunk by chunk.
func (m *matches) join(seg int, alternatives []int) stretch {
	var one stretch
	filled := 0
	for _, t := range alternatives {
		if s := m.byTerm[seg*len(m.terms)+t]; s.from < s.to {
			one = s
			filled++
		}
	}
	if filled < 2 {
		return one
	}
	from := len(m.postings)
	for _, t := range alternatives {
		s := m.byTerm[seg*len(m.terms)+t]
		m.postings = append(m.postings, m.postings[s.from:s.to]...)
	}
	joined := m.postings[from:]
	slices.SortFunc(joined, func(a, b posting) int { return cmp.Compare(a.no, b.no) })
	n := 0
	for i, p := range joined {
		if i > 0 && joined[n-1].no == p.no {
			joined[n-1].count += p.count
			continue
		}
		joined[n] = p
		n++
	}
	m.postings = m.postings[:from+n]
	return stretch{from, from + n}
}
