package chat

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestMarker is how much text a marker can take, as in [12, 13, 14]. What is longer is no marker.
const longestMarker = 40

// markerFilter takes markers that point nowhere out of a stream of text. It holds back what may be the beginning of a marker
// until it is clear what it is; everything else passes unchanged.
type markerFilter struct {
	highest int // greatest number that points somewhere
	held    string
}

// pass takes the next piece of the stream and returns what can be said now.
func (f *markerFilter) pass(s string) string {
	s = f.held + s
	f.held = ""
	var out strings.Builder
	for {
		open := strings.IndexByte(s, '[')
		if open < 0 {
			open = len(s)
		}
		// Spaces before a marker that goes must go too, so they wait for what follows.
		cut := len(strings.TrimRight(s[:open], " "))
		out.WriteString(s[:cut])
		s, open = s[cut:], open-cut
		n, decided := extent(s, open)
		if !decided {
			f.held = s
			return out.String()
		}
		out.WriteString(f.settle(s[:n], s[n:]))
		s = s[n:]
	}
}

// extent returns how far what begins with the bracket at open reaches, and whether s holds enough to decide what it is.
func extent(s string, open int) (n int, decided bool) {
	if open == len(s) {
		return 0, false
	}
	end := strings.IndexByte(s[open:], ']')
	if end < 0 {
		return open + 1, !couldBeMarker(s[open:])
	}
	if !couldBeMarker(s[open : open+end]) {
		return open + 1, true
	}
	n = open + end + 1
	return n, utf8.FullRuneInString(s[n:])
}

// rest returns what is still held back when the stream has ended.
func (f *markerFilter) rest() string {
	s := f.held
	f.held = ""
	if end := strings.IndexByte(s, ']'); end >= 0 {
		return f.settle(s[:end+1], s[end+1:]) + s[end+1:]
	}
	return s
}

// settle returns what becomes of spaces and a bracket, in the light of what follows.
func (f *markerFilter) settle(s, next string) string {
	open := strings.IndexByte(s, '[')
	numbers, ok := markerNumbers(s[open:])
	if r, _ := utf8.DecodeRuneInString(next); !ok || next != "" && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		return s // no marker: text like any other
	}
	var keep []string
	for _, n := range numbers {
		if n >= 1 && n <= f.highest {
			keep = append(keep, "["+strconv.Itoa(n)+"]")
		}
	}
	if len(keep) == 0 {
		return ""
	}
	return s[:open] + strings.Join(keep, "")
}

// couldBeMarker reports whether s, which begins with a bracket, may become a marker.
func couldBeMarker(s string) bool {
	return len(s) <= longestMarker && strings.Trim(s[1:], "0123456789, ") == ""
}

// markerNumbers reads a marker such as [3] or [1, 2].
func markerNumbers(s string) ([]int, bool) {
	if len(s) < 3 || len(s) > longestMarker || s[0] != '[' || s[len(s)-1] != ']' {
		return nil, false
	}
	var out []int
	for part := range strings.SplitSeq(s[1:len(s)-1], ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}
