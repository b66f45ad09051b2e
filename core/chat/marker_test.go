package chat

import "testing"

func TestMarkersThatPointNowhereGo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"plain text", "plain text"},
		{"It is so [1].", "It is so [1]."},
		{"It is so [9].", "It is so."},
		{"It is so [1, 9].", "It is so [1]."},
		{"It is so [1][2][7].", "It is so [1][2]."},
		{"It is so [ 2 ]", "It is so [2]"},
		{"It is so [9]", "It is so"},
		{"[0] first", " first"},
		{"array[1]x stays", "array[1]x stays"},
		{"[note] and [1a] and [] stay", "[note] and [1a] and [] stay"},
		{"open [1", "open [1"},
		{"open [", "open ["},
		{"[[1]] nested", "[[1]] nested"},
		{"[99999999999999999999999] huge", "[99999999999999999999999] huge"},
		{"ends with spaces   ", "ends with spaces   "},
		{"a ] b [1] c", "a ] b [1] c"},
	} {
		for size := 1; size <= len(c.in)+1; size++ {
			f := markerFilter{highest: 2}
			got := ""
			for at := 0; at < len(c.in); at += size {
				got += f.pass(c.in[at:min(at+size, len(c.in))])
			}
			got += f.rest()
			if got != c.want {
				t.Errorf("in pieces of %d bytes, %q became %q, want %q", size, c.in, got, c.want)
			}
		}
	}
}

func FuzzMarkersAreTheSameHoweverTheyAreCut(f *testing.F) {
	f.Add("It is so [1][22] and [1, 9] or [", 3)
	f.Fuzz(func(t *testing.T, s string, size int) {
		whole := markerFilter{highest: 3}
		want := whole.pass(s) + whole.rest()
		size = max(1, size%50)
		cut := markerFilter{highest: 3}
		got := ""
		for at := 0; at < len(s); at += size {
			got += cut.pass(s[at:min(at+size, len(s))])
		}
		if got += cut.rest(); got != want {
			t.Errorf("%q in pieces of %d became %q, whole %q", s, size, got, want)
		}
	})
}
