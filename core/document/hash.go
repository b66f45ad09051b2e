package document

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"unicode"

	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// TextHash identifies a text within a workspace, for finding duplicates: SHA-256, in hex, of the workspace's id, a colon and
// the text in Unicode NFC with every run of white space as one space. Case counts.
func TextHash(ws workspace.ID, s string) string {
	h := FileHash(ws)
	h.Write([]byte(strings.Join(strings.FieldsFunc(text.NFC(s), isSpace), " ")))
	return hex.EncodeToString(h.Sum(nil))
}

// FileHash returns a hash that identifies a file within a workspace once the file's bytes are written to it: SHA-256 of the
// workspace's id, a colon and the bytes.
func FileHash(ws workspace.ID) hash.Hash {
	h := sha256.New()
	h.Write([]byte(ws.String() + ":"))
	return h
}

// insideHash identifies the content of a file that was found at a place inside of a document's. The same content elsewhere is
// another document, since others may see it, and it goes when what is around it goes.
func insideHash(around ID, place, content string) string {
	sum := sha256.Sum256([]byte(around.String() + ":" + content + ":" + place))
	return hex.EncodeToString(sum[:])
}

// isSpace is Unicode's white space and the four information separators, which the hash has always treated alike.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
