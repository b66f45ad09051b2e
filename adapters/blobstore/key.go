package blobstore

import (
	"strings"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Limits on keys, in bytes. S3 takes 1024 for a key, file systems 255 for a name.
const (
	maxKey     = 900
	maxSegment = 200
)

// checkKey returns fault.Invalid unless the key is made of non-empty segments of lower-case letters, digits and '-',
// joined by '/'. Nothing that a file system gives a meaning to can pass.
func checkKey(key string) error {
	if len(key) > maxKey {
		return fault.Invalid.Errorf("a key of a blob must not be longer than %d bytes", maxKey)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if !validSegment(segment) {
			return fault.Invalid.Errorf("a key of a blob must be made of lower-case letters, digits, '-' and '/'")
		}
	}
	return nil
}

// ValidKey reports whether a key is one that a Store takes: others may lie in a bucket too.
func ValidKey(key string) bool { return checkKey(key) == nil }

func validSegment(s string) bool {
	if s == "" || len(s) > maxSegment {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
