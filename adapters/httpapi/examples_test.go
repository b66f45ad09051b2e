package httpapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

// text is an example as it stands in the document.
func text(t *testing.T, example any) string {
	t.Helper()
	raw, err := json.Marshal(example)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestEveryBodyHasAnExampleThatTheServerUnderstands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	for path, item := range w.api.OpenAPI().Paths {
		for method, op := range operations(item) {
			if op == nil || op.RequestBody == nil || strings.HasPrefix(path, "/api/") {
				continue
			}
			for kind, media := range op.RequestBody.Content {
				where := method + " " + path
				if media.Example == nil {
					t.Errorf("%s has no example of its body", where)
					continue
				}
				w.matches(where, media.Schema, text(t, media.Example))
				if kind != "application/json" {
					continue
				}
				w.understands(where, w.do(method, w.fill(path), admin, text(t, media.Example)))
			}
		}
	}
}

// understands wants an answer that finds nothing wrong with what was sent, but for people and things in it that are not there.
func (w *world) understands(where string, r reply) {
	w.Helper()
	if r.status != http.StatusUnprocessableEntity && r.status != http.StatusUnsupportedMediaType {
		return
	}
	absent := []string{"owner_user_id", "user_ids", "model"}
	if p := decode[httpapi.Problem](w.T, r); !slices.Contains(absent, p.Errors[0].Field) {
		w.Errorf("%s with its example = %s", where, r.body)
	}
}

func TestEveryErrorInTheDocumentHasAnExampleOfItsOwn(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	doc := w.api.OpenAPI()
	for path, item := range doc.Paths {
		for method, op := range operations(item) {
			if op == nil {
				continue
			}
			for key, r := range op.Responses {
				status, err := strconv.Atoi(key)
				if err != nil || status < 400 || r.Ref == "" {
					continue
				}
				media := w.described(op, key).Content["application/problem+json"]
				example := text(t, media.Example)
				w.matches(method+" "+path+" "+key, media.Schema, example)
				if p := (httpapi.Problem{}); json.Unmarshal([]byte(example), &p) != nil || p.Status != status || p.Detail == "" || p.RequestID == "" {
					t.Errorf("%s %s: the example of %s is %s", method, path, key, example)
				}
			}
		}
	}
}

func TestTheDocumentSaysWhoMayWhat(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	for path, item := range w.api.OpenAPI().Paths {
		for method, op := range operations(item) {
			if op == nil {
				continue
			}
			r := rules()[functionOf(op)]
			says, schemes := "Takes the permission `"+string(r.needs)+"`.", 2
			switch {
			case r.public:
				says, schemes = "For anybody.", 0
			case r.person:
				says, schemes = "For users that are signed in", 1
			}
			if !strings.Contains(op.Description, says) || len(op.Security) != schemes {
				t.Errorf("%s %s with %v says %q, want %q", method, path, op.Security, op.Description, says)
			}
		}
	}
}

// Clients are generated from the document: the names of what was there before must stay.
func TestOperationsAndSchemasKeepTheNamesThatClientsKnow(t *testing.T) {
	t.Parallel()
	doc := emptyWorld(t).api.OpenAPI()
	for _, c := range []struct {
		op *huma.Operation
		id string
	}{
		{doc.Paths["/v1/workspaces"].Get, "list_workspaces_v1_workspaces_get"},
		{doc.Paths["/api/v1/workspaces"].Get, "list_workspaces_api_v1_workspaces_get"},
		{doc.Paths["/v1/workspaces/{workspace_id}"].Get, "get_workspace_v1_workspaces__workspace_id__get"},
		{doc.Paths["/v1/workspaces/{workspace_id}/ask/stream"].Post, "ask_stream_workspace_v1_workspaces__workspace_id__ask_stream_post"},
		{doc.Paths["/auth/users/{user_id}/reset-password"].Post, "reset_password_auth_users__user_id__reset_password_post"},
	} {
		if c.op.OperationID != c.id {
			t.Errorf("the operation %s has the id %s", c.id, c.op.OperationID)
		}
	}
	for _, name := range []string{"WorkspaceRes", "DocumentDetailRes", "AskRes"} {
		if doc.Components.Schemas.Map()[name] == nil {
			t.Errorf("there is no schema %s", name)
		}
	}
	if doc.Info.Title != "RAG Corp API" || doc.Components.SecuritySchemes["ApiKeyAuth"] == nil || doc.Components.SecuritySchemes["BearerAuth"] == nil {
		t.Errorf("the document is called %s and has the schemes %v", doc.Info.Title, doc.Components.SecuritySchemes)
	}
}
