package sqlstore

import (
	"encoding/json"
	"fmt"

	"github.com/ragcorp/ragcorp/core/text"
)

// pageJSON is a page as it stands in generations.pages.
type pageJSON struct {
	Number int `json:"n"`
	Start  int `json:"s"`
	End    int `json:"e"`
}

// encodePages is how the pages of a generation are stored: a JSON list, [] for a format without pages.
func encodePages(pages []text.Page) (string, error) {
	rows := make([]pageJSON, len(pages))
	for i, p := range pages {
		rows[i] = pageJSON{p.Number, p.Start, p.End}
	}
	out, err := json.Marshal(rows)
	if err != nil {
		return "", fmt.Errorf("encode %d pages: %w", len(pages), err)
	}
	return string(out), nil
}

// decodePages is the inverse of encodePages; no pages are nil.
func decodePages(s string) ([]text.Page, error) {
	if s == "" || s == "[]" {
		return nil, nil
	}
	var rows []pageJSON
	if err := json.Unmarshal([]byte(s), &rows); err != nil {
		return nil, fmt.Errorf("decode pages: %w", err)
	}
	pages := make([]text.Page, len(rows))
	for i, r := range rows {
		pages[i] = text.Page{Number: r.Number, Span: text.Span{Start: r.Start, End: r.End}}
	}
	return pages, nil
}
