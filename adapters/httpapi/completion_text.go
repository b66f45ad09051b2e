package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// CompletionText is what a message says: a text, or a list of parts of which those of the type text count.
type CompletionText string

// Schema implements huma.SchemaProvider.
func (CompletionText) Schema(huma.Registry) *huma.Schema {
	text := &huma.Schema{Type: huma.TypeString}
	part := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"type": text, "text": text}, AdditionalProperties: true}
	return &huma.Schema{
		AnyOf:       []*huma.Schema{{Type: huma.TypeString, Nullable: true}, {Type: huma.TypeArray, Items: part}},
		Description: "A text, or parts of which those of the type text count.",
	}
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *CompletionText) UnmarshalJSON(raw []byte) error {
	var whole *string
	if json.Unmarshal(raw, &whole) == nil {
		if whole != nil {
			*t = CompletionText(*whole)
		}
		return nil
	}
	var parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return errors.New("expected a text or a list of parts")
	}
	var texts []string
	for _, p := range parts {
		if p.Type == "text" {
			texts = append(texts, p.Text)
		}
	}
	*t = CompletionText(strings.Join(texts, "\n"))
	return nil
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client has left; nobody is there to tell
}
