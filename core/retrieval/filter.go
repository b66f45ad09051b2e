package retrieval

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// storable reports whether every store takes the texts of a filter.
func (f Filter) storable() bool {
	bad := func(s string) bool { return !storable(s) }
	if slices.ContainsFunc(slices.Concat(f.Tags, f.MediaTypes, f.Sources), bad) {
		return false
	}
	for name, value := range f.Metadata {
		if bad(name) || bad(value) {
			return false
		}
	}
	return true
}

// storable reports whether every store takes a text: no database takes what is no UTF-8, and some take no zero byte.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
