package chat

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
)

// longestMarker is how much text a marker can take, as in [12, 13, 14]. What is longer is no marker.
const longestMarker = 40

// The brackets that models write markers in. What is kept of a marker stands in the first pair.
const (
	opening = "[【［"
	closing = "]】］"
)

// markerFilter takes markers that point nowhere, or to what has nothing to do with the claim before them, out of a stream of
// text. It holds back what may be the beginning of a marker until it is clear what it is; everything else passes unchanged, such as
// brackets in code. So do those that a source has after the same word, unless a source with that number is right: a blank sets
// them apart from markers.
type markerFilter struct {
	highest int                            // greatest number that points somewhere
	backs   func(n int, claim string) bool // whether a source may be cited for a claim; nil: any may
	proves  func(n int, claim string) bool // the same, also for a claim of few words
	stands  func(s string) bool            // whether a source says so word for word; nil: none does
	held    string
	said    strings.Builder // all that has passed
	code    code            // whether the end of it is in code
}

// fewWords is how many terms a claim must have before a marker is judged by them: markers may also stand in the middle of
// their claim.
const fewWords = 3

// longestClaim is how much text before a marker is looked at, in bytes.
const longestClaim = 4096

// newMarkerFilter makes a filter for an answer from sources.
func newMarkerFilter(sources []retrieval.Hit, l text.Language) *markerFilter {
	proves := func(n int, claim string) bool {
		h := sources[n-1]
		_, score := support(claim, h, l)
		return score >= leastCited(l, h.Language)
	}
	return &markerFilter{
		highest: len(sources), proves: proves,
		backs: func(n int, claim string) bool {
			return len(termSet(claim, l)) < fewWords && !misquotes(claim, sources[n-1].Text) || proves(n, claim)
		},
		stands: func(s string) bool {
			return slices.ContainsFunc(sources, func(h retrieval.Hit) bool { return strings.Contains(h.Text, s) })
		},
	}
}

// pass takes the next piece of the stream and returns what can be said now.
func (f *markerFilter) pass(s string) string {
	s = f.held + s
	whole := len(s) - unfinished(s)
	s, f.held = s[:whole], s[whole:]
	before := f.said.Len()
	for {
		open := strings.IndexAny(s, opening)
		if open < 0 {
			open = len(s)
		}
		// Spaces before a marker that goes must go too, so they wait for what follows.
		cut := len(strings.TrimRight(s[:open], " "))
		f.say(s[:cut])
		s, open = s[cut:], open-cut
		n, decided := extent(s, open)
		if !decided {
			f.held = s + f.held
			return f.said.String()[before:]
		}
		f.say(f.settle(s[:n], s[n:]))
		s = s[n:]
	}
}

func (f *markerFilter) say(s string) {
	f.said.WriteString(s)
	f.code.read(s)
}

// unfinished is how many bytes at the end of s begin a character that is not all there.
func unfinished(s string) int {
	for n := 1; n < utf8.UTFMax && n <= len(s); n++ {
		if tail := s[len(s)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRuneInString(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// extent returns how far what begins with the bracket at open reaches, and whether s holds enough to decide what it is.
func extent(s string, open int) (n int, decided bool) {
	if open == len(s) {
		return 0, false
	}
	_, width := utf8.DecodeRuneInString(s[open:])
	end := strings.IndexAny(s[open:], closing)
	if end < 0 {
		return open + width, !couldBeMarker(s[open+width:])
	}
	if !couldBeMarker(s[open+width : open+end]) {
		return open + width, true
	}
	_, last := utf8.DecodeRuneInString(s[open+end:])
	n = open + end + last
	return n, utf8.FullRuneInString(s[n:])
}

// rest returns what is still held back when the stream has ended.
func (f *markerFilter) rest() string {
	s := f.held
	f.held = ""
	if end := strings.IndexAny(s, closing); end >= 0 {
		_, width := utf8.DecodeRuneInString(s[end:])
		return f.settle(s[:end+width], s[end+width:]) + s[end+width:]
	}
	return s
}

// settle returns what becomes of spaces and a bracket, in the light of what follows.
func (f *markerFilter) settle(s, next string) string {
	open := strings.IndexAny(s, opening)
	numbers, ok := f.numbers(s[open:])
	if !ok || beginsWord(next) || f.code.inside() {
		return s // no marker: text like any other
	}
	backs, quoted := f.backs, f.quotes(s)
	if quoted {
		backs = f.proves
	}
	keep, within := "", false
	for _, n := range numbers {
		if n < 1 || n > f.highest {
			continue
		}
		within = true
		if backs == nil || backs(n, claimBefore(f.said.String())) {
			keep += "[" + strconv.Itoa(n) + "]"
		}
	}
	switch {
	case keep != "":
		return s[:open] + keep
	case quoted && within:
		return s[:open] + apart(s[open:])
	case quoted:
		return s
	}
	return ""
}

// apart sets brackets apart from markers, and together puts them back.
func apart(s string) string { return "[ " + strings.TrimLeft(s, opening) }

func together(s string) string {
	if !strings.Contains(s, "[ ") {
		return s
	}
	return setApart.ReplaceAllString(s, "[$1")
}

var setApart = regexp.MustCompile(`\[ (\d)`)

// beginsWord reports whether a letter or digit comes first; a bracket before it is no marker.
func beginsWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// quotes reports whether spaces and a bracket stand in a source after the same word.
func (f *markerFilter) quotes(s string) bool {
	said := f.said.String()
	said = said[max(0, len(said)-longestMarker):]
	word := said[strings.LastIndexFunc(said, unicode.IsSpace)+1:]
	return word != "" && f.stands != nil && f.stands(word+s)
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

// couldBeMarker reports whether s, which follows a bracket, may become a marker.
func couldBeMarker(s string) bool {
	return len(s) < longestMarker && strings.Trim(plain.Replace(s), "0123456789,- ") == ""
}

// plain writes what stands in a marker in one way.
var plain = strings.NewReplacer(
	"０", "0", "１", "1", "２", "2", "３", "3", "４", "4", "５", "5", "６", "6", "７", "7", "８", "8", "９", "9",
	";", ",", "，", ",", "、", ",", "；", ",", "–", "-", "\u3000", " ",
)

// numbers reads a marker such as [3], [1, 2] or [1-3]. Only where all of a range points somewhere, it is one.
func (f *markerFilter) numbers(s string) ([]int, bool) {
	if len(s) > longestMarker || !strings.ContainsAny(s, closing) {
		return nil, false
	}
	var out []int
	for part := range strings.SplitSeq(plain.Replace(strings.Trim(s, opening+closing)), ",") {
		low, high, ranged := strings.Cut(part, "-")
		first, err := strconv.Atoi(strings.TrimSpace(low))
		if err != nil {
			return nil, false
		}
		last := first
		if ranged {
			if last, err = strconv.Atoi(strings.TrimSpace(high)); err != nil || first < 1 || last <= first || last > f.highest {
				return nil, false
			}
		}
		for n := first; n <= last; n++ {
			out = append(out, n)
		}
	}
	return out, true
}
