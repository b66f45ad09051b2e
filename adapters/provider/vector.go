package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Numbers is a vector as it comes over the wire. One with a null among its numbers, which is how servers write what is not
// a number, is no vector; encoding/json alone would read a zero.
type Numbers []float32

// UnmarshalJSON implements json.Unmarshaler.
func (n *Numbers) UnmarshalJSON(raw []byte) error {
	if bytes.Contains(raw, []byte("null")) {
		return errors.New("a vector has a null")
	}
	return json.Unmarshal(raw, (*[]float32)(n))
}

// Unit scales a vector in place to unit length. It reports false for one that has no direction.
func (n Numbers) Unit() (llm.Vector, bool) {
	sum := 0.0
	for _, x := range n {
		sum += float64(x) * float64(x)
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return nil, false
	}
	scale := 1 / math.Sqrt(sum)
	for i, x := range n {
		n[i] = float32(float64(x) * scale)
	}
	return llm.Vector(n), true
}
