package httpapi

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"
)

// document serves the OpenAPI document.
func (s *Server) document(mux *http.ServeMux) {
	op := s.complete(huma.Operation{
		OperationID: "openapi", Method: http.MethodGet, Path: "/openapi.json", Tags: []string{"operations"}, Summary: "This document", Hidden: true,
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
	problem := doc.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				describeErrors(op, problem)
			}
		}
	}
	delete(doc.Components.Schemas.Map(), "ErrorModel")
	delete(doc.Components.Schemas.Map(), "ErrorDetail")
}

func describeErrors(op *huma.Operation, problem *huma.Schema) {
	statuses := []int{400, 404, 405, 413, 415, 422, 429, 500, 503}
	if len(op.Security) > 0 || op.Path == "/auth/login" {
		statuses = append(statuses, 401, 403, 409)
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	for _, status := range statuses {
		key := strconv.Itoa(status)
		if r := op.Responses[key]; r != nil && r.Content["application/json"] != nil {
			continue // has a shape of its own
		}
		op.Responses[key] = problemResponse(http.StatusText(status), problem)
	}
	op.Responses["default"] = problemResponse("Any other error", problem)
}

func problemResponse(text string, problem *huma.Schema) *huma.Response {
	return &huma.Response{Description: text, Content: map[string]*huma.MediaType{problemType: {Schema: problem}}}
}
