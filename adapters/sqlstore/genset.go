package sqlstore

import (
	"encoding/binary"
	"encoding/json"
	"slices"
)

// generationSet is an ascending list of generations. Asking it for ascending generations makes it shorter, so a walk over
// postings uses a copy and pays once for the whole list at most.
type generationSet []int64

// newGenerationSet makes a set of ids in any order, which it takes over.
func newGenerationSet(ids []int64) generationSet {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// has reports whether g is in the set. The next g must not be smaller.
func (s *generationSet) has(g int64) bool {
	ids := *s
	if len(ids) == 0 || ids[0] > g {
		return false
	}
	if ids[0] < g {
		ids = skipTo(ids, g)
		*s = ids
	}
	return len(ids) > 0 && ids[0] == g
}

// skipTo drops what is smaller than g from the front. Most steps are short, so it looks near the front first.
func skipTo(ids []int64, g int64) []int64 {
	step := 1
	for step < len(ids) && ids[step] < g {
		step *= 2
	}
	from := step / 2
	i, _ := slices.BinarySearch(ids[from:min(step+1, len(ids))], g)
	return ids[from+i:]
}

// holds reports whether g is in the set, whatever was asked before.
func (s generationSet) holds(g int64) bool {
	_, ok := slices.BinarySearch(s, g)
	return ok
}

// numbersJSON is a JSON list of numbers, for json_each: a list of any length is one argument.
func numbersJSON(ids []int64) (string, error) {
	if len(ids) == 0 {
		return "[]", nil
	}
	raw, err := json.Marshal(ids)
	return string(raw), err
}

// encode is how a segment stores the set.
func (s generationSet) encode() []byte {
	out := make([]byte, 0, 2*len(s))
	var last int64
	for _, g := range s {
		out = binary.AppendUvarint(out, uint64(g-last)) //nolint:gosec // ascending
		last = g
	}
	return out
}

// appendGenerations appends a stored set to ids.
func appendGenerations(ids []int64, raw []byte) ([]int64, error) {
	r := reader{rest: raw}
	var last int64
	for len(r.rest) > 0 {
		last += int64(r.uvarint()) //nolint:gosec // written from one
		ids = append(ids, last)
	}
	if r.broken {
		return nil, errCorrupt
	}
	return ids, nil
}

// member is a generation in a segment.
type member struct {
	generation int64
	chunks     int
}

// encodeMembers is how a segment stores its generations, ascending.
func encodeMembers(ms []member) []byte {
	out := make([]byte, 0, 3*len(ms))
	var last int64
	for _, m := range ms {
		out = binary.AppendUvarint(out, uint64(m.generation-last)) //nolint:gosec // ascending
		out = binary.AppendUvarint(out, uint64(m.chunks))          //nolint:gosec // positive
		last = m.generation
	}
	return out
}

// decodeMembers is the inverse of encodeMembers.
func decodeMembers(raw []byte) ([]member, error) {
	r := reader{rest: raw}
	var out []member
	var last int64
	for len(r.rest) > 0 {
		last += int64(r.uvarint())                        //nolint:gosec // written from one
		out = append(out, member{last, int(r.uvarint())}) //nolint:gosec // written from one
	}
	if r.broken {
		return nil, errCorrupt
	}
	return out, nil
}
