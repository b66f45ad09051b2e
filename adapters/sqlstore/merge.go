package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/uptrace/bun"
)

// merge makes one segment of several and drops what is dead in them.
func merge(ctx context.Context, tx bun.Tx, sources []source) (segment, error) {
	var out segment
	streams := make([]*stream, 0, len(sources))
	for _, src := range sources {
		st, members, err := openStream(ctx, tx, src)
		if err != nil {
			return segment{}, err
		}
		out.members = append(out.members, members...)
		if err := st.next(); err != nil {
			return segment{}, err
		}
		streams = append(streams, st)
	}
	slices.SortFunc(out.members, func(a, b member) int { return cmp.Compare(a.generation, b.generation) })
	var err error
	out.blocks, err = mergeStreams(streams)
	return out, err
}

// mergeStreams walks over the terms of all streams in order.
func mergeStreams(streams []*stream) (_ []block, err error) {
	var w blockWriter
	var ps []posting
	for {
		var first *stream
		for _, st := range streams {
			if !st.done && (first == nil || string(st.block.term) < string(first.block.term)) {
				first = st
			}
		}
		if first == nil {
			return w.finish(), nil
		}
		term := string(first.block.term)
		ps = ps[:0]
		for _, st := range streams {
			if st.done || string(st.block.term) != term {
				continue
			}
			if ps, err = decodePostings(st.block.postings, st.dead, ps); err != nil {
				return nil, err
			}
			if err := st.next(); err != nil {
				return nil, err
			}
		}
		if len(ps) == 0 {
			continue
		}
		byNumber := func(a, b posting) int { return cmp.Compare(a.no, b.no) }
		if !slices.IsSortedFunc(ps, byNumber) {
			slices.SortFunc(ps, byNumber)
		}
		w.add(term, ps)
	}
}

// stream walks over the entries of a segment.
type stream struct {
	dead   generationSet
	blocks [][]byte // that are still to come
	block  blockReader
	done   bool
}

// openStream reads a segment; it returns its live generations too.
func openStream(ctx context.Context, tx bun.Tx, src source) (*stream, []member, error) {
	dead, err := appendGenerations(nil, src.dead)
	if err != nil {
		return nil, nil, err
	}
	var raw []byte
	err = queryRow(ctx, tx, "SELECT generations FROM index_segments WHERE id = ?", src.id).Scan(&raw)
	if err != nil {
		return nil, nil, err
	}
	members, err := decodeMembers(raw)
	if err != nil {
		return nil, nil, err
	}
	st := &stream{dead: dead}
	left := st.dead
	members = slices.DeleteFunc(members, func(m member) bool { return left.has(m.generation) })
	st.blocks, err = readBlocks(ctx, tx, src.id)
	return st, members, err
}

func readBlocks(ctx context.Context, tx bun.Tx, segment int64) (out [][]byte, err error) {
	rows, err := query(ctx, tx, "SELECT data FROM index_blocks WHERE segment_id = ? ORDER BY first_term", segment)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&data); err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, rows.Err()
}

// next goes to the next entry.
func (st *stream) next() error {
	for {
		ok, err := st.block.next()
		if ok || err != nil {
			return err
		}
		if len(st.blocks) == 0 {
			st.done = true
			return nil
		}
		st.block, st.blocks = readBlock(st.blocks[0]), st.blocks[1:]
	}
}
