package sqlstore

import (
	"encoding/binary"
)

// blockSize is how many bytes of entries a block has at most, unless a single entry is longer. With its header, a block
// just fits on a page of SQLite's file.
const blockSize = 3900

// block is a run of a segment's terms with their postings. An entry is the term, without what it shares with the one
// before, and the postings, each after its length.
type block struct {
	first string // term
	data  []byte
}

// blockWriter packs entries into blocks.
type blockWriter struct {
	blocks []block
	open   block
	last   string // term
	code   []byte // of postings; reused
	entry  []byte // reused
}

// add appends a term, greater than all before, with its postings.
func (w *blockWriter) add(term string, ps []posting) {
	w.code = appendPostings(w.code[:0], ps)
	w.encode(term, sharedPrefix(w.last, term))
	if len(w.open.data) > 0 && len(w.open.data)+len(w.entry) > blockSize {
		w.flush()
	}
	if len(w.open.data) == 0 {
		w.open.first = term
		w.encode(term, 0)
	}
	w.open.data = append(w.open.data, w.entry...)
	w.last = term
}

func (w *blockWriter) encode(term string, shared int) {
	b := binary.AppendUvarint(w.entry[:0], uint64(shared)) //nolint:gosec // a length
	b = binary.AppendUvarint(b, uint64(len(term)-shared))  //nolint:gosec // a length
	b = append(b, term[shared:]...)
	b = binary.AppendUvarint(b, uint64(len(w.code)))
	w.entry = append(b, w.code...)
}

func (w *blockWriter) flush() {
	w.blocks = append(w.blocks, w.open)
	w.open = block{}
}

// finish returns the blocks.
func (w *blockWriter) finish() []block {
	if len(w.open.data) > 0 {
		w.flush()
	}
	return w.blocks
}

func sharedPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// blockReader walks over the entries of a block.
type blockReader struct {
	in       reader
	term     []byte // of the current entry; valid until the next
	postings []byte // of the current entry, coded
}

func readBlock(data []byte) blockReader { return blockReader{in: reader{rest: data}} }

// next goes to the next entry and reports whether there is one.
func (r *blockReader) next() (bool, error) {
	if len(r.in.rest) == 0 {
		return false, nil
	}
	shared := r.in.uvarint()
	if shared > uint64(len(r.term)) {
		return false, errCorrupt
	}
	suffix := r.in.bytes(r.in.uvarint())
	r.term = append(r.term[:shared], suffix...)
	r.postings = r.in.bytes(r.in.uvarint())
	if r.in.broken {
		return false, errCorrupt
	}
	return true, nil
}
