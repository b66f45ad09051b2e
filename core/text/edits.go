package text

import "unicode/utf8"

// Edits returns how many edits make b of a, at most limit+1: that many stands for any greater number. An edit adds a character,
// leaves one out, replaces one or swaps two neighbours; no part is edited twice (the optimal string alignment of F. J. Damerau:
// A technique for computer detection and correction of spelling errors, 1964).
func Edits(a, b string, limit int) int {
	limit = max(limit, 0)
	x, y := characters(a), characters(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(y)-len(x) > limit {
		return limit + 1
	}
	var rows [3][longestTerm + 1]int
	if len(x) > longestTerm || len(y) > longestTerm {
		return editsOfLong(x, y, limit)
	}
	return editDistance(x, y, limit, [3][]int{rows[0][:], rows[1][:], rows[2][:]})
}

// editsOfLong is for what is no term.
func editsOfLong(x, y []rune, limit int) int {
	n := max(len(x), len(y)) + 1
	return editDistance(x, y, limit, [3][]int{make([]int, n), make([]int, n), make([]int, n)})
}

// editDistance fills the table of distances row by row; rows are the two before and the one at hand.
func editDistance(x, y []rune, limit int, rows [3][]int) int {
	older, old, row := rows[0], rows[1], rows[2]
	for j := range len(y) + 1 {
		old[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d := min(old[j]+1, row[j-1]+1, old[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, older[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > limit+1 { // a swap reaches back over one row
			return limit + 1
		}
		older, old, row = old, row, older
	}
	return min(old[len(y)], limit+1)
}

// characters returns the characters of s; a byte that is none counts as one.
func characters(s string) []rune {
	out := make([]rune, 0, longestTerm)
	for i := 0; i < len(s); {
		r, width := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, width = utf8.DecodeRuneInString(s[i:])
		}
		out = append(out, r)
		i += width
	}
	return out
}
