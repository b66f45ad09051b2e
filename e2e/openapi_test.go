package e2e

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// schema is what the tests read of a JSON schema.
type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Format     string
	Enum       []any
	Minimum    *float64
	MinLength  int
	MinItems   int
	Required   []string
	Properties map[string]schema
	Items      *schema
}

// operation is a method of a path in the OpenAPI document.
type operation struct {
	method, path string
	Security     []map[string][]string
	Parameters   []struct {
		Name, In string
		Required bool
		Schema   schema
	}
	RequestBody struct {
		Content map[string]struct{ Schema schema }
	}
}

// api is the OpenAPI document.
type api struct {
	operations []operation
	schemas    map[string]schema
}

func (c *client) openAPI(t *testing.T) api {
	t.Helper()
	doc := expect[struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]schema }
	}](t, c, http.StatusOK, "GET", "/openapi.json", nil)
	out := api{schemas: doc.Components.Schemas}
	for path, methods := range doc.Paths {
		for method, raw := range methods {
			op := operation{method: strings.ToUpper(method), path: path}
			if err := json.Unmarshal(raw, &op); err != nil {
				t.Fatalf("%s %s: %v", method, path, err)
			}
			out.operations = append(out.operations, op)
		}
	}
	slices.SortFunc(out.operations, func(a, b operation) int {
		return strings.Compare(a.path+" "+a.method, b.path+" "+b.method)
	})
	if len(out.operations) < 40 {
		t.Fatalf("the OpenAPI document has %d operations only", len(out.operations))
	}
	return out
}

// request is a request that the document calls valid: ids have these values, and every free text is word.
func (a api) request(t *testing.T, c *client, op operation, ids map[string]string, word string) *http.Request {
	t.Helper()
	path := op.path
	for name, id := range ids {
		path = strings.ReplaceAll(path, "{"+name+"}", id)
	}
	if strings.Contains(path, "{") {
		t.Fatalf("%s has a parameter that the tests don't know", op.path)
	}
	for i, p := range op.Parameters {
		if p.In == "query" && p.Required {
			path += map[bool]string{true: "?", false: "&"}[i == 0 || !strings.Contains(path, "?")] + p.Name + "=" + word
		}
	}
	var body bytes.Buffer
	contentType := ""
	if content, ok := op.RequestBody.Content["application/json"]; ok {
		contentType = "application/json"
		if err := json.NewEncoder(&body).Encode(a.example(content.Schema, ids, word)); err != nil {
			t.Fatal(err)
		}
	} else if len(op.RequestBody.Content) > 0 {
		w := multipart.NewWriter(&body)
		part, _ := w.CreateFormFile("file", "intruder.txt") // a buffer takes everything
		_, _ = part.Write([]byte(word))
		_ = w.Close()
		contentType = w.FormDataContentType()
	}
	req := c.request(t, op.method, path, &body)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

// example is a value that a schema allows, with as little in it as it allows.
func (a api) example(s schema, ids map[string]string, word string) any {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return a.example(a.schemas[name], ids, word)
	}
	kind, _ := s.Type.(string)
	if kinds, ok := s.Type.([]any); ok && len(kinds) > 0 {
		kind, _ = kinds[0].(string)
	}
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case kind == "string" && s.Format == "uuid":
		return ids["document_id"]
	case kind == "string" && strings.HasPrefix(s.Format, "date-time"):
		return "2030-01-02T03:04:05Z"
	case kind == "string":
		return word + strings.Repeat("x", max(0, s.MinLength-len(word)))
	case kind == "integer" || kind == "number":
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 1
	case kind == "boolean":
		return false
	case kind == "array":
		out := []any{}
		for range s.MinItems {
			out = append(out, a.example(*s.Items, ids, word))
		}
		return out
	}
	out := map[string]any{}
	for _, name := range s.Required {
		out[name] = a.example(s.Properties[name], ids, word)
	}
	return out
}
