package retrieval

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
)

// mostConditions is how many tags, and how many members of metadata, a filter may ask for: all of them must hold, and a database
// bounds how deep conditions may be nested.
const mostConditions = 50

// check returns what is wrong with a filter.
func (f Filter) check() error {
	switch {
	case !f.storable():
		return fault.Field("filter", "must have valid texts")
	case len(f.Tags) > mostConditions:
		return fault.Field("filter.tags", "has too many elements")
	case len(f.Metadata) > mostConditions:
		return fault.Field("filter.metadata", "has too many members")
	case slices.ContainsFunc(f.Languages, func(l text.Language) bool { return l != text.Simple && text.ParseLanguage(string(l)) != l }):
		return fault.Field("filter.languages", "has one that there is not")
	}
	return nil
}

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
