package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/ragcorp/ragcorp/core/retrieval"
)

// respell returns the words as they are to be looked up, and whether any differs from how it was. m holds what the words
// find as they are.
func (m *matches) respell(ctx context.Context, tx bun.Tx, v view, words []retrieval.TermGroup) ([]retrieval.TermGroup, bool, error) {
	out, changed := words, false
	for i, w := range words {
		if w.Prefix == "" && (w.Edits <= 0 || m.visible(i, v)) {
			continue
		}
		found, err := spellings(ctx, tx, v, w)
		if err != nil {
			return nil, false, fmt.Errorf("look for spellings: %w", err)
		}
		if len(found) == 0 {
			continue
		}
		if !changed {
			out, changed = slices.Clone(words), true
		}
		out[i] = w.Respelled(found)
	}
	return out, changed, nil
}

// visible reports whether a word is in a chunk that the view sees.
func (m *matches) visible(word int, v view) bool {
	for seg := range m.segments {
		s := m.byWord[seg*len(m.words)+word]
		if countVisible(m.postings[s.from:s.to], v, 1) > 0 {
			return true
		}
	}
	return false
}

// countVisible counts the postings that the scope sees, up to enough.
func countVisible(ps []posting, v view, enough int) int {
	if len(v.hidden) == 0 {
		return min(len(ps), enough)
	}
	hidden, n := v.hidden, 0
	for _, p := range ps {
		if !hidden.has(p.no >> ordinalBits) {
			if n++; n == enough {
				break
			}
		}
	}
	return n
}

// spellings reads the terms of the index that a word may stand for. Terms of the same beginning stand together, so only the
// blocks that hold these are read.
func spellings(ctx context.Context, tx bun.Tx, v view, w retrieval.TermGroup) ([]retrieval.Spelling, error) {
	sc := spellingScan{word: w, view: v, found: map[string]int{}}
	for _, begin := range beginnings(w) {
		for _, segment := range v.segments {
			if err := sc.segment(ctx, tx, segment, begin); err != nil {
				return nil, fmt.Errorf("segment %d: %w", segment, err)
			}
		}
	}
	out := make([]retrieval.Spelling, 0, len(sc.found))
	for term, chunks := range sc.found {
		edits, _ := w.Looks(term)
		out = append(out, retrieval.Spelling{Term: term, Edits: edits, Chunks: chunks})
	}
	return out, nil
}

// beginnings returns what the terms that a word may stand for begin with, each once.
func beginnings(w retrieval.TermGroup) []string {
	if w.Prefix != "" {
		return []string{w.Prefix}
	}
	var out []string
	for _, a := range w.Alternatives {
		if _, n := utf8.DecodeRuneInString(a); n > 0 && !slices.Contains(out, a[:n]) {
			out = append(out, a[:n])
		}
	}
	return out
}

// spellingScan walks over the terms of an index that begin alike.
type spellingScan struct {
	word     retrieval.TermGroup
	view     view
	found    map[string]int // chunks that the view sees, by term
	postings []posting      // reused
}

// segment walks over a segment's terms that begin so. The first of them may stand in the block before the one that they
// all would follow.
func (sc *spellingScan) segment(ctx context.Context, tx bun.Tx, segment int64, begin string) (err error) {
	d := speaks(tx)
	rows, err := query(ctx, tx, `SELECT data FROM index_blocks WHERE segment_id = ? AND first_term < ? AND first_term >=
		coalesce((SELECT first_term FROM index_blocks WHERE segment_id = ? AND first_term <= ?
			ORDER BY first_term DESC LIMIT 1), ?)`,
		segment, d.term(after(begin)), segment, d.term(begin), d.term(""))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var data sql.RawBytes
		if err := rows.Scan(&data); err != nil {
			return err
		}
		if err := sc.block(data); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (sc *spellingScan) block(data []byte) error {
	r := readBlock(data)
	for {
		ok, err := r.next()
		if err != nil || !ok {
			return err
		}
		if _, ok := sc.word.Looks(string(r.term)); !ok {
			continue
		}
		if sc.postings, err = decodePostings(r.postings, sc.view.dead, sc.postings[:0]); err != nil {
			return err
		}
		if n := countVisible(sc.postings, sc.view, len(sc.postings)); n > 0 {
			sc.found[string(r.term)] += n
		}
	}
}

// after returns a text that is greater than all that begin so, and not greater than any other that is greater than begin.
func after(begin string) string {
	r, n := utf8.DecodeLastRuneInString(begin)
	if r == utf8.RuneError || r == utf8.MaxRune {
		return begin + string(utf8.MaxRune)
	}
	if r++; r == 0xd800 { // the next that is a character
		r = 0xe000
	}
	return begin[:len(begin)-n] + string(r)
}
