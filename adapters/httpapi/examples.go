package httpapi

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// object is an example of a JSON object.
type object map[string]any

// Ids that stand in examples.
const (
	exampleUser      = "0192f0c1-5f7e-7cc5-9d35-5d2b1a8f9b10"
	exampleWorkspace = "0192f0c2-8a41-7b0e-b6a4-3f0c5e7d2a91"
	exampleRequest   = "3d0b6a52-6c0f-4f5c-9d0a-7d9a3a1c2e44"
	exampleQuestion  = "How many days of holiday do we have?"
)

// exampleOf is an example of a body with this schema; nil when there is none.
func exampleOf(s *huma.Schema) any {
	if s.Ref == "" {
		return object{"file": "(the bytes of the file)", "title": "Travel policy", "metadata": `{"tags": ["travel"]}`}
	}
	name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	for _, examples := range []map[string]object{accountExamples(), documentExamples(), answerExamples()} {
		if e, ok := examples[name]; ok {
			return e
		}
	}
	return nil
}

// accountExamples are about people, keys and workspaces.
func accountExamples() map[string]object {
	return map[string]object{
		"LoginReq":              {"email": "ana@example.org", "password": "correct horse"},
		"PasswordChangeReq":     {"current_password": "correct horse", "new_password": "battery staple"},
		"CreateUserReq":         {"email": "ana@example.org", "password": "correct horse", "role": "employee"},
		"ResetPasswordReq":      {"password": "battery staple"},
		"CreateKeyReq":          {"name": "crawler", "permissions": []string{"documents:create", "documents:read"}, "expires_at": "2030-01-01T00:00:00Z"},
		"ProvisionWorkspaceReq": {"owner_user_id": exampleUser, "name": "Handbook", "description": "What holds for everybody"},
		"CreateWorkspaceReq":    {"name": "Handbook", "description": "What holds for everybody"},
		"UpdateWorkspaceReq":    {"name": "Handbook 2026", "answer_policy": "strict"},
		"ShareWorkspaceReq":     {"user_ids": []string{exampleUser}},
		"JobFilterReq":          {"topic": "document.ingest"},
	}
}

// documentExamples are about documents.
func documentExamples() map[string]object {
	text := object{
		"title": "Holidays", "text": "Everybody has 25 days of holiday a year.", "source": "https://wiki.example.org/holidays",
		"metadata": object{"tags": []string{"hr"}, "allowed_roles": []string{"admin", "employee"}}, "external_id": "wiki/holidays",
	}
	return map[string]object{
		"IngestTextReq":     text,
		"IngestBatchReq":    {"documents": []object{text}},
		"UpdateDocumentReq": {"title": "Holidays in 2026", "metadata": object{"tags": []string{"hr", "2026"}}},
	}
}

// answerExamples are about questions and conversations.
func answerExamples() map[string]object {
	return map[string]object{
		"QueryReq":              {"query": exampleQuestion, "top_k": 5, "filter": object{"tags": []string{"hr"}}},
		"AskReq":                {"query": exampleQuestion, "top_k": 5, "conversation_id": nil},
		"CompletionReq":         {"model": exampleWorkspace, "messages": []object{{"role": "user", "content": exampleQuestion}}},
		"CreateConversationReq": {"title": "Holidays"},
		"RenameConversationReq": {"title": "Holidays and leave"},
		"FeedbackReq":           {"vote": "up", "comment": "Just what I needed.", "tags": []string{"complete"}},
	}
}

// exampleProblems are the errors that an operation may answer with.
func exampleProblems() []*Problem {
	problems := []*Problem{
		newProblem(http.StatusBadRequest, "the request is not valid"),
		newProblem(http.StatusUnauthorized, "a bearer token, a session cookie or an API key (X-API-Key) is needed"),
		newProblem(http.StatusForbidden, "you may read this workspace but not change it"),
		newProblem(http.StatusNotFound, "there is no such workspace"),
		newProblem(http.StatusMethodNotAllowed, "this method is not allowed here"),
		newProblem(http.StatusRequestTimeout, frameworkDetail(http.StatusRequestTimeout)),
		newProblem(http.StatusConflict, "there is one already"),
		newProblem(http.StatusRequestEntityTooLarge, "the body is larger than the limit"),
		newProblem(http.StatusUnsupportedMediaType, "the content type is not supported"),
		newProblem(http.StatusUnprocessableEntity, "the request is not valid"),
		newProblem(http.StatusTooManyRequests, "too many requests; wait a moment"),
		newProblem(http.StatusInternalServerError, "something went wrong on our side"),
		newProblem(http.StatusServiceUnavailable, "the file store does not work at the moment"),
	}
	for _, p := range problems {
		p.Instance, p.RequestID = "/v1/workspaces/"+exampleWorkspace, exampleRequest
		if p.Status == http.StatusUnprocessableEntity {
			p.Errors = append(p.Errors, ProblemError{Field: "name", Message: "must not be blank"})
		}
		p.Errors = append(p.Errors, ProblemError{RequestID: exampleRequest})
	}
	return problems
}
