package document

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/fault"
)

// cursorJSON is how a Cursor travels; short names keep it short.
type cursorJSON struct {
	Sort  Sort   `json:"s"`
	Time  int64  `json:"t,omitempty"`
	Title string `json:"n,omitempty"`
	ID    ID     `json:"i"`
}

// EncodeCursor returns an opaque token for the place after document d in a list of that order.
func EncodeCursor(sort Sort, d Document) string {
	c := cursorJSON{Sort: sort, ID: d.ID}
	if sort == TitleUp || sort == TitleDown {
		c.Title = strings.ToLower(d.Title)
	} else {
		c.Time = d.CreatedAt.UnixMicro()
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return "" // not reachable: the struct always marshals
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// DecodeCursor is the inverse of EncodeCursor. fault.Invalid on the field cursor when the token isn't one, or is of a list
// in another order.
func DecodeCursor(sort Sort, token string) (Cursor, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return Cursor{}, fault.Field("cursor", "is not one that this list returned")
	}
	var c cursorJSON
	if err := json.Unmarshal(raw, &c); err != nil || c.Sort != sort {
		return Cursor{}, fault.Field("cursor", "is not one that this list returned")
	}
	return Cursor{CreatedAt: time.UnixMicro(c.Time).UTC(), Title: c.Title, ID: c.ID}, nil
}

// check reports a text that no store takes: one that is no UTF-8, or has a zero byte.
func (q Query) check() error {
	for _, f := range []struct{ name, text string }{
		{"q", q.Text},
		{"tag", q.Tag},
		{"source", q.Source},
		{"external_id", q.ExternalID},
		{"cursor", q.After.Title},
	} {
		if !utf8.ValidString(f.text) || strings.ContainsRune(f.text, 0) {
			return fault.Field(f.name, "must be valid text")
		}
	}
	return nil
}
