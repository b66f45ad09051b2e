package sqlstore

import (
	"encoding/binary"
	"errors"
)

// errCorrupt reports that a part of the index can't be read.
var errCorrupt = errors.New("the search index is corrupt")

// posting says how often a term occurs in a chunk.
type posting struct {
	no     int64 // of the chunk
	count  int32 // at least 1
	length int32 // terms in the chunk
}

// Postings are stored one after the other, ascending by chunk, as varints: a tag, the chunk's place when its generation
// isn't that of the posting before, the count when it isn't 1, and the length. The tag holds two flags and how far the
// generation, or else the place, is from the one before.
const (
	tagMany       = 1 << iota // a count follows
	tagGeneration             // the distance is one of generations and a place follows
	tagBits       = 2
)

// appendPostings appends the code of postings, which ascend by chunk.
func appendPostings(b []byte, ps []posting) []byte {
	var last int64
	for _, p := range ps {
		var tag uint64
		if p.count != 1 {
			tag = tagMany
		}
		apart := p.no>>ordinalBits - last>>ordinalBits
		if apart == 0 && last != 0 {
			b = binary.AppendUvarint(b, uint64(p.no-last)<<tagBits|tag) //nolint:gosec // ascending
		} else {
			b = binary.AppendUvarint(b, uint64(apart)<<tagBits|tag|tagGeneration) //nolint:gosec // ascending
			b = binary.AppendUvarint(b, uint64(p.no&maxOrdinal))                  //nolint:gosec // 20 bits
		}
		if p.count != 1 {
			b = binary.AppendUvarint(b, uint64(p.count)) //nolint:gosec // positive
		}
		b = binary.AppendUvarint(b, uint64(p.length)) //nolint:gosec // positive
		last = p.no
	}
	return b
}

// decodePostings appends to out the postings that b codes, without those of dead generations. What comes out ascends by
// chunk whatever b holds.
func decodePostings(b []byte, dead generationSet, out []posting) ([]posting, error) {
	var last int64
	skip := false
	for i := 0; i < len(b); {
		var c coded
		c, i = nextCoded(b, i)
		no := last + int64(c.tag>>tagBits) //nolint:gosec // two bits shorter
		if c.tag&tagGeneration != 0 {
			generation := last>>ordinalBits + int64(c.tag>>tagBits)  //nolint:gosec // two bits shorter
			no = generation<<ordinalBits | int64(c.place&maxOrdinal) //nolint:gosec // 20 bits
			skip = len(dead) > 0 && dead.has(generation)
		}
		if i > len(b) || no < last {
			return out, errCorrupt
		}
		last = no
		if !skip {
			out = append(out, posting{no, int32(c.count), int32(c.length)}) //nolint:gosec // written from such
		}
	}
	return out, nil
}

// coded is a posting as it is stored.
type coded struct{ tag, place, count, length uint64 }

// nextCoded reads the posting at index i and returns the index after it, which is beyond the end when there is none. Most
// of the work of a search is here. Nearly all numbers are of one byte, which is seen in four at once.
func nextCoded(b []byte, i int) (coded, int) {
	if i+4 <= len(b) {
		if w := binary.LittleEndian.Uint32(b[i:]); w&0x80808080 == 0 {
			c := coded{tag: uint64(w & 0x7f), count: 1}
			w, i = w>>8, i+2
			if c.tag&tagGeneration != 0 {
				c.place = uint64(w & 0x7f)
				w, i = w>>8, i+1
			}
			if c.tag&tagMany != 0 {
				c.count = uint64(w & 0x7f)
				w, i = w>>8, i+1
			}
			c.length = uint64(w & 0x7f)
			return c, i
		}
	}
	c := coded{count: 1}
	c.tag, i = varint(b, i)
	if c.tag&tagGeneration != 0 {
		c.place, i = varint(b, i)
	}
	if c.tag&tagMany != 0 {
		c.count, i = varint(b, i)
	}
	c.length, i = varint(b, i)
	return c, i
}

// varint returns the number at index i and the index after it, which is beyond the end when there is no number.
func varint(b []byte, i int) (uint64, int) {
	v, n := binary.Uvarint(b[min(i, len(b)):])
	if n <= 0 {
		return 0, len(b) + 1
	}
	return v, i + n
}

// reader takes varints and strings off a slice.
type reader struct {
	rest   []byte
	broken bool // there was less than asked for; everything since is zero
}

func (r *reader) uvarint() uint64 {
	v, n := varint(r.rest, 0)
	if n > len(r.rest) {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// bytes returns the next n bytes.
func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.broken, r.rest = true, nil
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}
