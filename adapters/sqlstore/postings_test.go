package sqlstore

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestPostingsComeBackWithoutTheDead(t *testing.T) {
	t.Parallel()
	all := []posting{
		{chunkNo(1, 0), 1, 1},
		{chunkNo(1, 1), 2, 90},
		{chunkNo(1, maxOrdinal), 1 << 20, 1 << 30},
		{chunkNo(2, 0), 1, 127},
		{chunkNo(2, 200), 1, 128},
		{chunkNo(70_000, 5), 127, 300},
		{chunkNo(1<<40, 3), 128, 400},
		{chunkNo(1<<40, 4), 1, 3},
	}
	code := appendPostings(nil, all)
	for _, dead := range []generationSet{nil, {1}, {2}, {0, 2, 3, 70_000}, {1, 2, 70_000, 1 << 40}, {5}} {
		got, err := decodePostings(code, dead, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.DeleteFunc(slices.Clone(all), func(p posting) bool { return slices.Contains(dead, p.no>>ordinalBits) })
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(posting{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("without %v postings differ (-want +got):\n%s", dead, diff)
		}
	}
}

func TestAPostingOfASmallDocumentTakesThreeBytes(t *testing.T) {
	t.Parallel()
	ps := make([]posting, 1000)
	for i := range ps {
		ps[i] = posting{chunkNo(int64(i+1), 0), 1, 90}
	}
	if got := len(appendPostings(nil, ps)); got != 3000 {
		t.Errorf("1000 postings take %d bytes, want 3000", got)
	}
}

func FuzzDecodePostings(f *testing.F) {
	f.Add(appendPostings(nil, []posting{{chunkNo(1, 2), 3, 4}, {chunkNo(1, 3), 1, 4}, {chunkNo(300, 0), 1, 500}}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00})
	f.Fuzz(func(t *testing.T, code []byte) {
		got, err := decodePostings(code, nil, nil)
		if !slices.IsSortedFunc(got, func(a, b posting) int { return int(min(max(a.no-b.no, -1), 1)) }) {
			t.Errorf("postings are out of order: %v", got)
		}
		if err != nil {
			return
		}
		again, err := decodePostings(code, generationSet{1, 5}, nil)
		if err != nil || len(again) > len(got) {
			t.Errorf("without some there are %d postings of %d, error %v", len(again), len(got), err)
		}
	})
}

func TestBlocksHoldTheirTermsInOrder(t *testing.T) {
	t.Parallel()
	var w blockWriter
	var terms []string
	for i := range 3000 {
		terms = append(terms, fmt.Sprintf("term%05d", i))
	}
	terms = append(terms, "term9"+strings.Repeat("x", 2*blockSize), "ü", "üü")
	for i, term := range terms {
		w.add(term, []posting{{chunkNo(int64(i+1), 0), 1, 9}})
	}
	blocks := w.finish()
	var got []string
	for _, b := range blocks {
		r := readBlock(b.data)
		first := true
		for {
			ok, err := r.next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if first && string(r.term) != b.first {
				t.Errorf("a block of %q begins with %q", b.first, r.term)
			}
			first = false
			got = append(got, string(r.term))
			if ps, err := decodePostings(r.postings, nil, nil); err != nil || ps[0].no != chunkNo(int64(len(got)), 0) {
				t.Fatalf("postings of %q are %v, %v", r.term, ps, err)
			}
		}
		if len(b.data) > blockSize && len(b.first) < blockSize {
			t.Errorf("a block takes %d bytes, want at most %d", len(b.data), blockSize)
		}
	}
	if diff := cmp.Diff(terms, got); diff != "" {
		t.Errorf("terms differ (-want +got):\n%s", diff)
	}
}

func FuzzReadBlock(f *testing.F) {
	var w blockWriter
	w.add("a", []posting{{chunkNo(1, 0), 1, 1}})
	w.add("ab", []posting{{chunkNo(1, 0), 1, 1}})
	f.Add(w.finish()[0].data)
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(_ *testing.T, data []byte) {
		for r := readBlock(data); ; {
			if ok, err := r.next(); !ok || err != nil {
				return
			}
		}
	})
}

func TestGenerationSetsAnswerInOrder(t *testing.T) {
	t.Parallel()
	set := newGenerationSet([]int64{9, 3, 3, 100, 4, 7, 50, 51, 52, 90, 91})
	walk := set
	for g := range int64(120) {
		want := slices.Contains(set, g)
		if got := walk.has(g); got != want || set.holds(g) != want {
			t.Errorf("has(%d) = %v, holds = %v, want %v", g, got, set.holds(g), want)
		}
	}
	for g := int64(0); g < 120; g += 17 {
		if walk := set; walk.has(g) != slices.Contains(set, g) {
			t.Errorf("has(%d) from the start = %v", g, !slices.Contains(set, g))
		}
	}
	got, err := appendGenerations([]int64{1}, set.encode())
	if diff := cmp.Diff(append([]int64{1}, set...), got); diff != "" || err != nil {
		t.Errorf("a stored set differs, error %v (-want +got):\n%s", err, diff)
	}
	members := []member{{3, 1}, {4, 0}, {1000, 5000}}
	back, err := decodeMembers(encodeMembers(members))
	if diff := cmp.Diff(members, back, cmp.AllowUnexported(member{})); diff != "" || err != nil {
		t.Errorf("stored members differ, error %v (-want +got):\n%s", err, diff)
	}
}

func TestBestKeepsTiesOfTheLast(t *testing.T) {
	t.Parallel()
	scores := []float64{1, 3, 2, 2, 5, 2, 4, 1, 2}
	for k, want := range map[int][]float64{1: {5}, 2: {5, 4}, 4: {5, 4, 3, 2, 2, 2, 2}, 6: {5, 4, 3, 2, 2, 2, 2}, 20: {5, 4, 3, 2, 2, 2, 2, 1, 1}} {
		b := best{size: k}
		for i, s := range scores {
			b.offer(hit{no: int64(i), score: s})
		}
		var got []float64
		for _, h := range b.hits() {
			got = append(got, h.score)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the best %d differ (-want +got):\n%s", k, diff)
		}
	}
}
