package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

var update = flag.Bool("update", false, "write the OpenAPI document to testdata")

const golden = "testdata/openapi.json"

func documentJSON(t *testing.T) []byte {
	t.Helper()
	doc, err := httpapi.Document()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestOpenAPIDocumentIsTheOneThatWasReviewed(t *testing.T) {
	t.Parallel()
	got := documentJSON(t)
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")), got) {
		t.Errorf("the API has changed. Review the difference; if it is meant, keep it with\n"+
			"\tgo test ./adapters/httpapi -run OpenAPI -update\n(-kept +is):\n%s", cmp.Diff(lines(want), lines(got)))
	}
}

func TestOpenAPIDocumentIsAcceptedByAnotherImplementation(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(documentJSON(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

func lines(b []byte) []string { return strings.Split(string(b), "\n") }

// openapi is as much of the document as the checks need.
type openapi struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		SecuritySchemes map[string]any `json:"securitySchemes"`
	} `json:"components"`
}

type operation struct {
	ID         string                 `json:"operationId"`
	Summary    string                 `json:"summary"`
	Tags       []string               `json:"tags"`
	Security   *[]map[string][]string `json:"security"`
	Parameters []struct {
		Name string `json:"name"`
		In   string `json:"in"`
	} `json:"parameters"`
	Responses map[string]struct {
		Ref         string `json:"$ref"`
		Description string `json:"description"`
	} `json:"responses"`
}

func TestOpenAPIOperationsAreComplete(t *testing.T) {
	t.Parallel()
	var doc openapi
	if err := json.Unmarshal(documentJSON(t), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Paths) < 20 {
		t.Errorf("there are %d paths only", len(doc.Paths))
	}
	ids := map[string]string{}
	for path, item := range doc.Paths {
		for method, op := range item {
			where := strings.ToUpper(method) + " " + path
			if other, taken := ids[op.ID]; taken || op.ID == "" {
				t.Errorf("%s has the id %q of %s", where, op.ID, other)
			}
			ids[op.ID] = where
			op.check(t, where, path, doc.Components.SecuritySchemes)
		}
	}
}

func (op operation) check(t *testing.T, where, path string, schemes map[string]any) {
	t.Helper()
	if op.Summary == "" || len(op.Tags) == 0 {
		t.Errorf("%s has summary %q and tags %q", where, op.Summary, op.Tags)
	}
	if op.Security == nil {
		t.Errorf("%s says nothing about who may use it", where)
	} else {
		for _, need := range *op.Security {
			for scheme := range need {
				if schemes[scheme] == nil {
					t.Errorf("%s needs the scheme %s, which is not described", where, scheme)
				}
			}
		}
	}
	succeeds := false
	for status, r := range op.Responses {
		succeeds = succeeds || strings.HasPrefix(status, "2")
		if r.Description == "" && r.Ref == "" {
			t.Errorf("%s: response %s has no description", where, status)
		}
	}
	if !succeeds {
		t.Errorf("%s has no response that is a success", where)
	}
	for _, p := range op.Parameters {
		if p.In == "path" && !strings.Contains(path, "{"+p.Name+"}") {
			t.Errorf("%s describes the parameter %s, which is not in its path", where, p.Name)
		}
	}
	for _, part := range strings.Split(path, "/") {
		name := strings.Trim(part, "{}")
		if name != part && !op.has(name) {
			t.Errorf("%s does not describe the parameter %s of its path", where, name)
		}
	}
}

func (op operation) has(parameter string) bool {
	for _, p := range op.Parameters {
		if p.In == "path" && p.Name == parameter {
			return true
		}
	}
	return false
}

func TestOpenAPIReferencesResolve(t *testing.T) {
	t.Parallel()
	var doc any
	if err := json.Unmarshal(documentJSON(t), &doc); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				used[ref] = true
			}
			for _, inner := range v {
				visit(inner)
			}
		case []any:
			for _, inner := range v {
				visit(inner)
			}
		}
	}
	visit(doc)
	for ref := range used {
		if !resolves(doc, ref) {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	root, _ := doc.(map[string]any)
	components, _ := root["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	for name := range schemas {
		if !used["#/components/schemas/"+name] {
			t.Errorf("nothing refers to the schema %s", name)
		}
	}
}

// resolves follows a JSON pointer of the document's own.
func resolves(doc any, ref string) bool {
	pointer, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return false
	}
	for key := range strings.SplitSeq(pointer, "/") {
		key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		object, isObject := doc.(map[string]any)
		if !isObject || object[key] == nil {
			return false
		}
		doc = object[key]
	}
	return true
}
