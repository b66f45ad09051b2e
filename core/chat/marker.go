package chat

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
)

// longestMarker is how much text a marker can take, as in [12, 13, 14]. What is longer is no marker.
const longestMarker = 40

// markerFilter takes markers that point nowhere, or to what has nothing to do with the claim before them, out of a stream of
// text. It holds back what may be the beginning of a marker until it is clear what it is; everything else passes unchanged.
type markerFilter struct {
	highest int                            // greatest number that points somewhere
	backs   func(n int, claim string) bool // whether a source may be cited for a claim; nil: any may
	held    string
	said    strings.Builder // all that has passed
}

// fewWords is how many terms a claim must have before a marker is judged by them: markers may also stand in the middle of
// their claim.
const fewWords = 3

// longestClaim is how much text before a marker is looked at, in bytes.
const longestClaim = 4096

// newMarkerFilter makes a filter for an answer from sources.
func newMarkerFilter(sources []retrieval.Hit, l text.Language) *markerFilter {
	return &markerFilter{highest: len(sources), backs: func(n int, claim string) bool {
		h := sources[n-1]
		if len(termSet(claim, l)) < fewWords && !misquotes(claim, h.Text) {
			return true
		}
		_, score := support(claim, h, l)
		return score >= leastCited(l, h.Language)
	}}
}

// pass takes the next piece of the stream and returns what can be said now.
func (f *markerFilter) pass(s string) string {
	s = f.held + s
	f.held = ""
	before := f.said.Len()
	for {
		open := strings.IndexByte(s, '[')
		if open < 0 {
			open = len(s)
		}
		// Spaces before a marker that goes must go too, so they wait for what follows.
		cut := len(strings.TrimRight(s[:open], " "))
		f.said.WriteString(s[:cut])
		s, open = s[cut:], open-cut
		n, decided := extent(s, open)
		if !decided {
			f.held = s
			return f.said.String()[before:]
		}
		f.said.WriteString(f.settle(s[:n], s[n:]))
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
		if n >= 1 && n <= f.highest && (f.backs == nil || f.backs(n, claimBefore(f.said.String()))) {
			keep = append(keep, "["+strconv.Itoa(n)+"]")
		}
	}
	if len(keep) == 0 {
		return ""
	}
	return s[:open] + strings.Join(keep, "")
}

// claimBefore is the claim that a marker at the end of s is for: what follows the markers before, the last sentence of it.
func claimBefore(s string) string {
	s = s[max(0, len(s)-longestClaim):]
	s = strings.TrimRight(s, " \n\t")
	runs := runsOf(s)
	if n := len(runs); n > 0 && runs[n-1].End == len(s) {
		s, runs = s[:runs[n-1].Start], runs[:n-1]
	}
	if n := len(runs); n > 0 {
		s = s[runs[n-1].End:]
	}
	return lastSentence(s)
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
