package vector

import "slices"

// Candidate is a vector and its score.
type Candidate struct {
	Index int
	Score float32
}

// compare orders candidates from best to worst: by score descending, then by index ascending.
func compare(a, b Candidate) int {
	switch {
	case a.Score > b.Score:
		return -1
	case a.Score < b.Score:
		return 1
	}
	return a.Index - b.Index
}

// top keeps the best of the candidates that it is offered, in a heap with the worst at its root.
type top struct {
	size int // how many to keep, at least 1
	heap []Candidate
}

// full reports whether a newcomer has to beat the worst.
func (t *top) full() bool { return len(t.heap) == t.size }

// worst returns the last of the candidates kept, of which there must be one.
func (t *top) worst() Candidate { return t.heap[0] }

// offer keeps c if it is among the best so far.
func (t *top) offer(c Candidate) {
	if !t.full() {
		t.heap = append(t.heap, c)
		t.up(len(t.heap) - 1)
		return
	}
	if compare(c, t.heap[0]) < 0 {
		t.heap[0] = c
		t.down(0)
	}
}

// sorted returns the candidates kept, best first. The heap must not be used afterwards.
func (t *top) sorted() []Candidate {
	slices.SortFunc(t.heap, compare)
	return t.heap
}

func (t *top) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if compare(t.heap[i], t.heap[parent]) <= 0 {
			return
		}
		t.heap[i], t.heap[parent] = t.heap[parent], t.heap[i]
		i = parent
	}
}

func (t *top) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.heap) {
			return
		}
		if next := child + 1; next < len(t.heap) && compare(t.heap[next], t.heap[child]) > 0 {
			child = next
		}
		if compare(t.heap[child], t.heap[i]) <= 0 {
			return
		}
		t.heap[i], t.heap[child] = t.heap[child], t.heap[i]
		i = child
	}
}
