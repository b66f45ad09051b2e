package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// ModelRes is a workspace in the words of OpenAI's models.
type ModelRes struct {
	ID          string `json:"id" doc:"Of the workspace."`
	Object      string `json:"object" enum:"model"`
	Created     int64  `json:"created" doc:"Seconds since 1970."`
	OwnedBy     string `json:"owned_by"`
	Name        string `json:"name" doc:"Of the workspace; it stands for the id where no other workspace has it."`
	Description string `json:"description,omitempty"`
}

// ModelsRes is all models.
type ModelsRes struct {
	Object string     `json:"object" enum:"list"`
	Data   []ModelRes `json:"data" nullable:"false"`
}

// ModelPath names a workspace by its id or name.
type ModelPath struct {
	Model string `path:"workspace_id" maxLength:"200" doc:"Id of a workspace, or its name where only one has it."`
}

func modelRes(w workspace.Workspace) ModelRes {
	return ModelRes{ID: w.ID.String(), Object: "model", Created: w.CreatedAt.Unix(), OwnedBy: "ragcorp", Name: w.Name, Description: w.Description}
}

func (s *Server) models() {
	tags := []string{"openai"}
	both(s, huma.Operation{
		OperationID: "list_models", Method: http.MethodGet, Path: "/models", Tags: tags,
		Summary: "List the workspaces that the caller may ask, for clients of OpenAI's API",
	}, access{permission: identity.QueryAsk, bearerKeys: true}, func(ctx context.Context, _ *struct{}) (*body[ModelsRes], error) {
		out := ModelsRes{Object: "list", Data: []ModelRes{}}
		err := s.eachModel(ctx, func(w workspace.Workspace) { out.Data = append(out.Data, modelRes(w)) })
		return &body[ModelsRes]{out}, err
	})
	both(s, huma.Operation{
		OperationID: "get_model", Method: http.MethodGet, Path: "/models/{workspace_id}", Tags: tags,
		Summary: "Read a workspace, for clients of OpenAI's API",
	}, access{permission: identity.QueryAsk, bearerKeys: true}, func(ctx context.Context, in *ModelPath) (*body[ModelRes], error) {
		w, err := s.modelWorkspace(ctx, in.Model)
		return &body[ModelRes]{modelRes(w)}, err
	})
}

// eachModel calls do with every workspace that the caller may read.
func (s *Server) eachModel(ctx context.Context, do func(workspace.Workspace)) error {
	f := workspace.Filter{Limit: 200}
	for {
		page, err := s.app.Workspaces.List(ctx, actorOf(ctx), f)
		if err != nil {
			return err
		}
		for _, w := range page {
			do(w)
		}
		if len(page) < f.Limit {
			return nil
		}
		last := page[len(page)-1]
		f.After = workspace.Position{CreatedAt: last.CreatedAt, ID: last.ID}
	}
}

// modelWorkspace finds the workspace that a client calls a model: by its id, or by its name among those that the caller may read.
// Errors as in workspace.Service.Get; fault.NotFound when several have the name.
func (s *Server) modelWorkspace(ctx context.Context, model string) (workspace.Workspace, error) {
	if id, err := uuid.Parse(model); err == nil {
		return s.app.Workspaces.Get(ctx, actorOf(ctx), id)
	}
	var found []workspace.Workspace
	err := s.eachModel(ctx, func(w workspace.Workspace) {
		if strings.EqualFold(w.Name, strings.TrimSpace(model)) {
			found = append(found, w)
		}
	})
	if err == nil && len(found) != 1 {
		err = fault.NotFound.Errorf("there is no such model, or more than one of that name")
	}
	if err != nil {
		return workspace.Workspace{}, err
	}
	return found[0], nil
}

// OpenAIError is the member of errors that clients of OpenAI's API look for.
type OpenAIError struct {
	Message string  `json:"message"`
	Type    string  `json:"type" example:"invalid_request_error"`
	Param   *string `json:"param" nullable:"true"`
	Code    *string `json:"code" nullable:"true" doc:"As in the problem."`
}

// openAIError says an error in OpenAI's words.
func openAIError(status int, message string) *OpenAIError {
	kind := "invalid_request_error"
	switch {
	case status == http.StatusUnauthorized:
		kind = "authentication_error"
	case status == http.StatusForbidden:
		kind = "permission_error"
	case status == http.StatusTooManyRequests:
		kind = "rate_limit_error"
	case status >= http.StatusInternalServerError:
		kind = "server_error"
	}
	code := codeOf(status)
	return &OpenAIError{Message: message, Type: kind, Code: &code}
}

// spokenByOpenAI reports whether a path is one that clients of OpenAI's API call.
func spokenByOpenAI(path string) bool {
	for _, prefix := range prefixes() {
		rest, ok := strings.CutPrefix(path, prefix)
		if ok && (rest == "/chat/completions" || rest == "/models" || strings.HasPrefix(rest, "/models/")) {
			return true
		}
	}
	return false
}
