package vector

import (
	"math"
	"testing"
	"unsafe"
)

func TestAppendCountsFromZero(t *testing.T) {
	t.Parallel()
	s := NewSegment(3)
	for i := range 2*blockRows + 5 {
		if got := s.Append([]float32{1, 2, 3}); got != i {
			t.Fatalf("Append = %d, want %d", got, i)
		}
	}
	if s.Len() != 2*blockRows+5 || s.Dim() != 3 {
		t.Errorf("Len, Dim = %d, %d", s.Len(), s.Dim())
	}
}

func TestAppendKeepsTheIndexOfAVectorThatIsNeverFound(t *testing.T) {
	t.Parallel()
	w := newWorld(1, [][]float32{{1}, {float32(math.NaN())}, {2}})
	got := w.search(t, []float32{1}, 3, nil)
	if len(got) != 2 || got[0] != (Candidate{2, 2}) || got[1] != (Candidate{0, 1}) {
		t.Errorf("Search = %v", got)
	}
}

func TestBytesIsCloseToTheSizeOfTheCodes(t *testing.T) {
	t.Parallel()
	s := NewSegment(768)
	if got := s.Bytes(); got > 1024 {
		t.Errorf("Bytes of an empty segment = %d", got)
	}
	s.Append(make([]float32, 768))
	if got := s.Bytes(); got > 4096 {
		t.Errorf("Bytes of one vector = %d", got)
	}
	for s.Len() < 3*blockRows {
		s.Append(make([]float32, 768))
	}
	if got, codes := s.Bytes(), int64(s.Len()*768); got < codes || got > codes+codes/50 {
		t.Errorf("Bytes of full blocks = %d, want little more than %d", got, codes)
	}
	if s, b, c := unsafe.Sizeof(*s), unsafe.Sizeof(block{}), unsafe.Sizeof(bound{}); s > 56 || b > 48 || c != 8 {
		t.Errorf("sizes that Bytes counts with are off: %d, %d, %d", s, b, c)
	}
}

func TestAWrongDimensionPanics(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]func(){
		"zero":      func() { NewSegment(0) },
		"too large": func() { NewSegment(MaxDim + 1) },
		"short":     func() { NewSegment(3).Append([]float32{1, 2}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			wrong()
		}()
	}
}

func TestBitmapIsASet(t *testing.T) {
	t.Parallel()
	r := random("bitmap")
	b, want := new(Bitmap), map[int]bool{}
	for range 5000 {
		i := r.IntN(1000)
		if r.IntN(2) == 0 {
			b.Set(i)
			want[i] = true
		} else {
			b.Clear(i)
			delete(want, i)
		}
	}
	for i := range 1200 {
		if b.Get(i) != want[i] {
			t.Errorf("Get(%d) = %v, want %v", i, b.Get(i), want[i])
		}
	}
	if b.Count() != len(want) {
		t.Errorf("Count = %d, want %d", b.Count(), len(want))
	}
	b.Clear(math.MaxInt)
	if b.Get(-1) || b.Get(math.MaxInt) {
		t.Error("Get of an index that was never set is true")
	}
}
