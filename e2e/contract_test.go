package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is the OpenAPI document that a shell serves, against which every response of every story is checked.
type contract struct {
	paths   map[string]map[string]described
	shared  map[string]describedResponse // responses that operations refer to, by their reference
	schemas *jsonschema.Compiler

	mu       sync.Mutex // the compiler is not safe for concurrent use
	compiled map[string]*jsonschema.Schema
}

// described is what the document says of an operation.
type described struct {
	Responses map[string]describedResponse
}

type describedResponse struct {
	Ref     string `json:"$ref"`
	Content map[string]json.RawMessage
}

const documentURL = "http://document/openapi.json"

// theContract is read once: all shells of a run are of one build.
var theContract = struct {
	sync.Mutex
	*contract
}{}

func (c *client) contract(t *testing.T) *contract {
	t.Helper()
	theContract.Lock()
	defer theContract.Unlock()
	if theContract.contract == nil {
		req := c.request(t, "GET", "/openapi.json", nil)
		res, err := direct.Do(req)
		if err != nil {
			t.Logf("the document can't be read now: %v", err) // stories kill shells; the next response is checked again
			return nil
		}
		defer func() { _ = res.Body.Close() }()
		theContract.contract = readContract(t, res)
	}
	return theContract.contract
}

func readContract(t *testing.T, res *http.Response) *contract {
	t.Helper()
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(res.Body); err != nil {
		t.Logf("the document can't be read now: %v", err)
		return nil
	}
	var doc struct {
		Paths      map[string]map[string]described
		Components struct{ Responses map[string]describedResponse }
	}
	if err := json.Unmarshal(raw.Bytes(), &doc); err != nil || len(doc.Paths) == 0 {
		t.Fatalf("the OpenAPI document has %d paths: %v", len(doc.Paths), err)
	}
	whole, err := jsonschema.UnmarshalJSON(&raw)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(documentURL, whole); err != nil {
		t.Fatal(err)
	}
	c := &contract{
		paths: doc.Paths, shared: map[string]describedResponse{}, schemas: compiler, compiled: map[string]*jsonschema.Schema{},
	}
	for name, r := range doc.Components.Responses {
		c.shared["#/components/responses/"+name] = r
	}
	return c
}

// hold holds a response to the document: that its operation may have this status, this content type and this body, as far as it
// was read.
func (d *contract) hold(t *testing.T, req *http.Request, r reply, whole bool) {
	t.Helper()
	where := req.Method + " " + req.URL.Path + " = " + strconv.Itoa(r.status)
	path, op, ok := d.operation(req.Method, req.URL.EscapedPath())
	if !ok {
		if r.status < 400 {
			t.Errorf("%s, and the document knows no such operation", where)
		}
		if err := d.validate([]string{"components", "schemas", "Problem"}, r.body); err != nil && whole {
			t.Errorf("%s is no problem: %v: %.300s", where, err, r.body)
		}
		return
	}
	response, ok := op.Responses[strconv.Itoa(r.status)]
	if !ok {
		t.Errorf("%s, which the document doesn't mention: %.300s", where, r.body)
		return
	}
	pointer := []string{"paths", path, strings.ToLower(req.Method), "responses", strconv.Itoa(r.status)}
	if response.Ref != "" {
		pointer = strings.Split(response.Ref, "/")[1:]
		response = d.shared[response.Ref]
	}
	kind, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	if len(response.Content) == 0 && len(r.body) == 0 || req.Method == http.MethodHead {
		return
	}
	if _, ok := response.Content[kind]; !ok {
		if _, ok := response.Content["*/*"]; !ok {
			t.Errorf("%s as %q, which the document doesn't mention", where, kind)
		}
		return
	}
	body, ok := value(kind, r.body)
	if !ok || !whole && kind != "text/event-stream" {
		return
	}
	if err := d.validate(append(pointer, "content", kind, "schema"), body); err != nil {
		t.Errorf("%s differs from its schema: %v\n%.500s", where, err, r.body)
	}
}

func (d *contract) validate(pointer []string, body []byte) error {
	for i, p := range pointer {
		pointer[i] = strings.NewReplacer("~", "~0", "/", "~1").Replace(p)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	where := documentURL + "#/" + strings.Join(pointer, "/")
	schema, ok := d.compiled[where]
	if !ok {
		if schema, err = d.schemas.Compile(where); err != nil {
			return err
		}
		d.compiled[where] = schema
	}
	return schema.Validate(value)
}

// operation finds the operation that a request is for, that with the most literal path first.
func (d *contract) operation(method, path string) (string, described, bool) {
	var templates []string
	for template, item := range d.paths {
		if _, ok := item[strings.ToLower(method)]; ok && fits(template, path) {
			templates = append(templates, template)
		}
	}
	if len(templates) == 0 {
		return "", described{}, false
	}
	best := slices.MinFunc(templates, func(a, b string) int { return strings.Count(a, "{") - strings.Count(b, "{") })
	return best, d.paths[best][strings.ToLower(method)], true
}

func fits(template, path string) bool {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i, segment := range want {
		if !strings.HasPrefix(segment, "{") && segment != have[i] {
			return false
		}
	}
	return true
}

func TestTheContractIsHeldAgainstWhatItForbids(t *testing.T) {
	t.Parallel()
	c := start(t).anybody()
	d := c.contract(t)
	login := []string{"paths", "/auth/login", "post", "responses", "200", "content", "application/json", "schema"}
	for _, body := range []string{
		`{}`, `{"access_token":"t","token_type":"bearer","expires_in":"1800","user":null}`, `[]`, `not JSON`,
		`{"access_token":"t","token_type":"bearer","expires_in":1800,"extra":1,"user":{"id":"0196f3b0-0000-7000-8000-000000000000","email":"a@b","role":"admin","is_active":true,"created_at":"2026-03-01T12:00:00Z"}}`,
		`{"access_token":"t","token_type":"bearer","expires_in":1800,"user":{"id":"no uuid","email":"a@b","role":"admin","is_active":true,"created_at":"2026-03-01T12:00:00Z"}}`,
	} {
		if err := d.validate(slices.Clone(login), []byte(body)); err == nil {
			t.Errorf("the contract lets %s pass", body)
		} else if invalid := (*jsonschema.SchemaValidationError)(nil); errors.As(err, &invalid) {
			t.Errorf("the schema itself is wrong: %v", err)
		}
	}
	if err := d.validate(login, []byte(`{"access_token":"t","token_type":"bearer","expires_in":1800,"user":{"id":"0196f3b0-0000-7000-8000-000000000000","email":"a@b","role":"admin","is_active":true,"created_at":"2026-03-01T12:00:00Z"}}`)); err != nil {
		t.Errorf("the contract refuses what is right: %v", err)
	}
	stream := []string{"paths", "/v1/workspaces/{workspace_id}/ask/stream", "post", "responses", "200", "content", "text/event-stream", "schema"}
	for events, right := range map[string]bool{
		": hello\n\nevent: token\ndata: {\"token\":\"a\"}\nid: 1\n\nevent: to": true,
		"event: token\ndata: {\"tokens\":\"a\"}\n\n":                           false,
		"event: tokens\ndata: {\"token\":\"a\"}\n\n":                           false,
		"data: no event\n\n": false,
	} {
		body, _ := value("text/event-stream", []byte(events))
		if err := d.validate(slices.Clone(stream), body); (err == nil) != right {
			t.Errorf("%q: %v", events, err)
		}
	}
}
