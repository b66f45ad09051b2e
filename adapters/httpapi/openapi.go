package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core"
)

// contract is the version that Document states: it changes with the API and not with every build.
const contract = "v1"

// aboutAPI is what holds for all operations.
const aboutAPI = `Put documents into workspaces and get answers that cite exactly where they come from.

Every path under /v1 is there under /api/v1, too, with the same meaning.

**Who may.** An operation names the permission that it takes. Administrators hold all of them, employees those of documents and
queries, API keys the ones that they were made with. The workspace decides about the rest: its owner, administrators and API keys may
change it, and those with whom it is shared or published may read it. Whoever makes a workspace owns it; /admin/workspaces
makes one for somebody else, and its owner stays the same for good. A name is taken once per owner, whatever the case, also by
an archived workspace.

**Errors** are all problems (RFC 9457) as application/problem+json, those of unknown paths and of wrong methods included. Act on
code, and on reason where there is one; detail is for people. What a request needs and doesn't get, such as a database, a file
store or a model, is 503 with SERVICE_UNAVAILABLE or, of the database, DATABASE_ERROR. No error repeats what was sent.

**Limits.** Files have a limit of their own (MAX_UPLOAD_BYTES), apart from that of other bodies (MAX_BODY_BYTES). Requests are
counted by user or API key, else by address; the headers RateLimit-Limit, RateLimit-Remaining and Retry-After tell how it stands.

**Lists** are read page by page: pass next_cursor as cursor. Members of a body that nobody knows are passed over.`

// Document returns the OpenAPI document of the API with all its defaults, as indented JSON. It is the one that a Server
// serves at /openapi.json, but for the version in it.
func Document() ([]byte, error) {
	s := New(Deps{App: new(core.App), Metrics: http.NotFoundHandler(), Log: zap.NewNop()}, Options{Version: contract})
	spec, err := s.api.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("marshal the OpenAPI document: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, spec, "", "  "); err != nil {
		return nil, fmt.Errorf("indent the OpenAPI document: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// document serves the OpenAPI document.
func (s *Server) document(mux *http.ServeMux) {
	op := s.complete(huma.Operation{
		OperationID: "openapi", Method: http.MethodGet, Path: "/openapi.json", Tags: []string{"operations"}, Summary: "This document",
		Responses: map[string]*huma.Response{"200": {
			Description: "The OpenAPI document", Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject}}},
		}},
	}, access{public: true})
	raw(s, mux, op, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		spec, err := s.api.OpenAPI().MarshalJSON()
		if err != nil {
			s.log.Error("marshal the OpenAPI document", zap.Error(err))
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(spec) // the client has left; nobody is there to tell
	}))
}

// describe makes the document true about errors: every operation can fail in these ways, always as a problem.
func (s *Server) describe() {
	doc := s.api.OpenAPI()
	doc.Components.Responses = problemResponses(doc.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem"))
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				describeErrors(op)
				describeBody(op, doc.Components.Schemas)
			}
		}
	}
	delete(doc.Components.Schemas.Map(), "ErrorModel")
	delete(doc.Components.Schemas.Map(), "ErrorDetail")
}

// describeBody lets bodies have members that nobody knows: they are passed over, so that clients of other versions get through.
// The schema is also what bodies are checked against. It shows an example, too.
func describeBody(op *huma.Operation, schemas huma.Registry) {
	if op.RequestBody == nil {
		return
	}
	for _, media := range op.RequestBody.Content {
		open(media.Schema, schemas)
		media.Example = exampleOf(media.Schema)
	}
}

// open allows unknown members in an object and in all objects in it, but for filters: one that is not understood would find what it
// was to leave out.
func open(s *huma.Schema, schemas huma.Registry) {
	if s == nil || strings.HasSuffix(s.Ref, "/FilterReq") {
		return
	}
	if s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	if closed, ok := s.AdditionalProperties.(bool); ok && !closed {
		s.AdditionalProperties = true
	}
	open(s.Items, schemas)
	for _, p := range s.Properties {
		open(p, schemas)
	}
}

func describeErrors(op *huma.Operation) {
	statuses := []int{400, 404, 405, 413, 415, 422, 429, 500, 503}
	if len(op.Security) > 0 || op.Path == "/auth/login" {
		statuses = append(statuses, 401, 403, 409)
	}
	if op.RequestBody != nil {
		statuses = append(statuses, 408)
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	for _, status := range statuses {
		key := strconv.Itoa(status)
		if r := op.Responses[key]; r != nil && r.Content["application/json"] != nil {
			continue // has a shape of its own
		}
		op.Responses[key] = problemRef(strings.ReplaceAll(http.StatusText(status), " ", ""))
	}
	op.Responses["default"] = problemRef(anyProblem)
}

const anyProblem = "Problem"

func problemRef(name string) *huma.Response {
	return &huma.Response{Ref: "#/components/responses/" + name}
}

// problemResponses are the errors that operations refer to.
func problemResponses(problem *huma.Schema) map[string]*huma.Response {
	response := func(text string, example any) *huma.Response {
		return &huma.Response{Description: text, Content: map[string]*huma.MediaType{problemType: {Schema: problem, Example: example}}}
	}
	out := map[string]*huma.Response{anyProblem: response("Any other error", nil)}
	for _, p := range exampleProblems() {
		text := http.StatusText(p.Status)
		out[strings.ReplaceAll(text, " ", "")] = response(text, p)
	}
	return out
}
