package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// UpdateWorkspaceReq says what to change of a workspace; what is absent or null stays as it is.
type UpdateWorkspaceReq struct {
	Name        *string         `json:"name,omitempty" nullable:"true" maxLength:"200"`
	Description *string         `json:"description,omitempty" nullable:"true" maxLength:"1024" doc:"Blank: none."`
	Visibility  json.RawMessage `json:"visibility,omitempty" doc:"Ignored: publish, share or unpublish the workspace."`
	ACL         json.RawMessage `json:"acl,omitempty" doc:"Ignored."`

	AnswerPolicy *string `json:"answer_policy,omitempty" nullable:"true" enum:"strict,annotate,off" doc:"Sentences that the documents don't support: strict removes them and refuses the answer where none is left; annotate reports them; off doesn't look."`

	Retrieval *RetrievalBody `json:"retrieval,omitempty" doc:"Replaces all of it: what it lacks is up to the server again."`
}

// ShareWorkspaceReq says who may read a workspace, besides its owner and admins.
type ShareWorkspaceReq struct {
	UserIDs []uuid.UUID `json:"user_ids" maxItems:"10000" nullable:"false" doc:"Replaces all members; at least one."`
}

// ArchivedRes says that a workspace is out of use.
type ArchivedRes struct {
	Archived bool `json:"archived"`
}

// MemberRes is a user with whom a workspace is shared.
type MemberRes struct {
	UserID uuid.UUID `json:"user_id" format:"uuid"`
	Access string    `json:"access" enum:"READ"`
}

// MembersRes is everybody with whom a workspace is shared.
type MembersRes struct {
	Members []MemberRes `json:"members" nullable:"false" doc:"In the order of their ids. Owner and admins may read without being members."`
}

const workspaceURL = "/workspaces/{workspace_id}"

func (s *Server) workspaceChanges() {
	admin, tags := access{permission: identity.AdminConfig}, []string{"workspaces"}
	both(s, huma.Operation{
		OperationID: "update_workspace", Method: http.MethodPatch, Path: workspaceURL, Tags: tags, Summary: "Change name, description, the policy of answers and how it is searched",
	}, admin, func(ctx context.Context, in *struct {
		WorkspacePath

		Body UpdateWorkspaceReq
	},
	) (*body[WorkspaceRes], error) {
		w, err := s.app.Workspaces.Update(ctx, actorOf(ctx), in.WorkspaceID, workspace.Patch{
			Name: in.Body.Name, Description: in.Body.Description, Answers: (*workspace.AnswerPolicy)(in.Body.AnswerPolicy),
			Retrieval: in.Body.Retrieval.retrieval(),
		})
		return &body[WorkspaceRes]{workspaceRes(w)}, err
	})
	both(s, huma.Operation{
		OperationID: "share_workspace", Method: http.MethodPost, Path: workspaceURL + "/share", Tags: tags,
		Summary: "Let exactly these users read the workspace, besides its owner and admins",
	}, admin, func(ctx context.Context, in *struct {
		WorkspacePath

		Body ShareWorkspaceReq
	},
	) (*body[WorkspaceRes], error) {
		w, err := s.app.Workspaces.Share(ctx, actorOf(ctx), in.WorkspaceID, in.Body.UserIDs)
		return &body[WorkspaceRes]{workspaceRes(w)}, err
	})
	both(s, huma.Operation{
		OperationID: "list_members", Method: http.MethodGet, Path: workspaceURL + "/members", Tags: tags,
		Summary: "List the users with whom the workspace is shared; for those who may change it",
	}, access{permission: identity.DocumentsRead}, func(ctx context.Context, in *WorkspacePath) (*body[MembersRes], error) {
		users, err := s.app.Workspaces.Members(ctx, actorOf(ctx), in.WorkspaceID)
		out := MembersRes{Members: make([]MemberRes, len(users))}
		for i, id := range users {
			out.Members[i] = MemberRes{UserID: id, Access: "READ"}
		}
		return &body[MembersRes]{out}, err
	})
	s.workspaceStates(admin, tags)
}

// workspaceStates registers what takes nothing but the name of a workspace.
func (s *Server) workspaceStates(admin access, tags []string) {
	type change = func(context.Context, identity.Actor, workspace.ID) (workspace.Workspace, error)
	for _, op := range []struct {
		name, verb, summary string
		do                  change
	}{
		{"publish_workspace", "publish", "Let every employee read the workspace", s.app.Workspaces.Publish},
		{"unpublish_workspace", "unpublish", "Make the workspace private again; its members are forgotten", s.app.Workspaces.Unpublish},
		{"unarchive_workspace", "unarchive", "Take an archived workspace back into use, with its documents", s.app.Workspaces.Unarchive},
	} {
		both(s, huma.Operation{
			OperationID: op.name, Method: http.MethodPost, Path: workspaceURL + "/" + op.verb, Tags: tags, Summary: op.summary,
		}, admin, func(ctx context.Context, in *WorkspacePath) (*body[WorkspaceRes], error) {
			w, err := op.do(ctx, actorOf(ctx), in.WorkspaceID)
			return &body[WorkspaceRes]{workspaceRes(w)}, err
		})
	}
	for _, op := range []struct {
		name, method, path, summary string
		do                          change
	}{
		{
			"archive_workspace", http.MethodPost, workspaceURL + "/archive",
			"Take the workspace out of use: it and its documents answer nothing until it is unarchived", s.app.Workspaces.Archive,
		},
		{"delete_workspace", http.MethodDelete, workspaceURL, "Archive the workspace", s.app.Workspaces.Delete},
	} {
		both(s, huma.Operation{
			OperationID: op.name, Method: op.method, Path: op.path, Tags: tags, Summary: op.summary,
		}, admin, func(ctx context.Context, in *WorkspacePath) (*body[ArchivedRes], error) {
			w, err := op.do(ctx, actorOf(ctx), in.WorkspaceID)
			return &body[ArchivedRes]{ArchivedRes{Archived: w.Archived()}}, err
		})
	}
}
