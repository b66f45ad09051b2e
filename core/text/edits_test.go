package text_test

import (
	"testing"

	"github.com/ragcorp/ragcorp/core/text"
)

func TestEditsCountsTypingErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b  string
		limit int
		want  int
	}{
		{"", "", 2, 0},
		{"house", "house", 0, 0},
		{"house", "hose", 2, 1},
		{"house", "houuse", 2, 1},
		{"house", "horse", 2, 1},
		{"house", "huose", 2, 1},
		{"ab", "ba", 1, 1},
		{"ca", "abc", 3, 3},
		{"kitten", "sitting", 5, 3},
		{"kitten", "sitting", 2, 3},
		{"kitten", "sitting", 1, 2},
		{"größe", "große", 2, 1},
		{"", "abc", 5, 3},
		{"abc", "", 1, 2},
		{"house", "horse", -1, 1},
		{"information", "infromatoin", 2, 2},
	} {
		if got := text.Edits(c.a, c.b, c.limit); got != c.want {
			t.Errorf("Edits(%q, %q, %d) = %d, want %d", c.a, c.b, c.limit, got, c.want)
		}
	}
}

func FuzzEditsIsADistance(f *testing.F) {
	f.Add("house", "huose", 2)
	f.Add("größe", "\xff", 3)
	f.Add("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "b", 100)
	f.Fuzz(func(t *testing.T, a, b string, limit int) {
		if len(a) > 200 || len(b) > 200 {
			return
		}
		limit = min(max(limit, 0), 300)
		got, all := text.Edits(a, b, limit), text.Edits(a, b, 300)
		if got != text.Edits(b, a, limit) {
			t.Errorf("Edits(%q, %q, %d) depends on the order", a, b, limit)
		}
		if got != min(all, limit+1) {
			t.Errorf("Edits(%q, %q, %d) = %d, want %d cut", a, b, limit, got, all)
		}
		if same := string([]rune(a)) == string([]rune(b)); same != (all == 0) {
			t.Errorf("Edits(%q, %q) = %d", a, b, all)
		}
	})
}
