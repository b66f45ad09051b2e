package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// WorkspaceRes is a workspace.
type WorkspaceRes struct {
	ID          uuid.UUID    `json:"id" format:"uuid"`
	Name        string       `json:"name"`
	Visibility  string       `json:"visibility" enum:"PRIVATE,ORG_READ,SHARED"`
	OwnerUserID *uuid.UUID   `json:"owner_user_id" format:"uuid" nullable:"true"`
	Description *string      `json:"description"`
	ACL         WorkspaceACL `json:"acl"`
	CreatedAt   time.Time    `json:"created_at"`
	UpdatedAt   time.Time    `json:"updated_at"`
	ArchivedAt  *time.Time   `json:"archived_at"`

	AnswerPolicy string        `json:"answer_policy" enum:"strict,annotate,off" doc:"What becomes of sentences that the documents don't support."`
	Retrieval    RetrievalBody `json:"retrieval" doc:"How the workspace is searched where a query doesn't say it. What is not there is up to the server."`
}

// RetrievalBody says how a workspace is searched where a query doesn't say it.
type RetrievalBody struct {
	TopK            int      `json:"top_k,omitempty" minimum:"1" maximum:"50" doc:"Passages of a query at most; the server's limit holds too."`
	Fusion          string   `json:"fusion,omitempty" enum:"scores,ranks" doc:"How the rankings by words and by meaning are made one: normalised scores are added, or reciprocal ranks."`
	DenseWeight     *float64 `json:"dense_weight,omitempty" minimum:"0" maximum:"1" doc:"How much the ranking by meaning counts against the one by words, which counts 1."`
	UseMMR          *bool    `json:"use_mmr,omitempty" doc:"Prefer passages that differ from each other."`
	Rerank          *bool    `json:"rerank,omitempty" doc:"Let the reranker order the passages, where the server has one."`
	InjectionFilter string   `json:"injection_filter,omitempty" enum:"off,mark,downrank,exclude" doc:"What becomes of passages that look like prompt injection."`
}

func retrievalBody(r workspace.Retrieval) RetrievalBody {
	return RetrievalBody{
		TopK: r.TopK, Fusion: string(r.Fusion), DenseWeight: r.DenseWeight, UseMMR: r.Diverse, Rerank: r.Rerank, InjectionFilter: string(r.Guard),
	}
}

// retrieval is nil where nothing is to be changed.
func (b *RetrievalBody) retrieval() *workspace.Retrieval {
	if b == nil {
		return nil
	}
	return &workspace.Retrieval{
		TopK: b.TopK, Fusion: workspace.Fusion(b.Fusion), DenseWeight: b.DenseWeight, Diverse: b.UseMMR, Rerank: b.Rerank,
		Guard: workspace.Guard(b.InjectionFilter),
	}
}

// WorkspaceACL is kept for clients that expect it; it is always empty.
type WorkspaceACL struct {
	AllowedRoles []string `json:"allowed_roles" nullable:"false"`
}

func workspaceRes(w workspace.Workspace) WorkspaceRes {
	r := WorkspaceRes{
		ID: w.ID, Name: w.Name, Visibility: string(w.Visibility), ACL: WorkspaceACL{AllowedRoles: []string{}},
		CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt, AnswerPolicy: string(w.Answers), Retrieval: retrievalBody(w.Retrieval),
	}
	if w.Owner != uuid.Nil {
		r.OwnerUserID = &w.Owner
	}
	if w.Description != "" {
		r.Description = &w.Description
	}
	if w.Archived() {
		r.ArchivedAt = &w.ArchivedAt
	}
	return r
}

// WorkspacesRes is a page of workspaces.
type WorkspacesRes struct {
	Workspaces []WorkspaceRes `json:"workspaces" nullable:"false"`
	NextCursor *string        `json:"next_cursor" doc:"Pass it as cursor to get the next page; null on the last one."`
}

// CreateWorkspaceReq is a workspace to be; it begins private and belongs to whoever makes it.
type CreateWorkspaceReq struct {
	Name        string          `json:"name" minLength:"1" maxLength:"200"`
	Description string          `json:"description,omitempty" maxLength:"1024"`
	Visibility  string          `json:"visibility,omitempty" default:"PRIVATE" doc:"Only PRIVATE; publish or share it later."`
	OwnerUserID *uuid.UUID      `json:"owner_user_id,omitempty" format:"uuid" doc:"Ignored: the owner is the caller."`
	ACL         json.RawMessage `json:"acl,omitempty" doc:"Ignored."`
}

// ListWorkspacesParams choose workspaces.
type ListWorkspacesParams struct {
	OwnerUserID     uuid.UUID `query:"owner_user_id" format:"uuid" doc:"Admins only: workspaces of this user."`
	IncludeArchived bool      `query:"include_archived"`
	Limit           int       `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Offset          int       `query:"offset" default:"0" minimum:"0" maximum:"1000000"`
	Cursor          string    `query:"cursor" maxLength:"500"`
}

// WorkspacePath names a workspace.
type WorkspacePath struct {
	WorkspaceID uuid.UUID `path:"workspace_id" format:"uuid"`
}

func (s *Server) workspaces() {
	tags := []string{"workspaces"}
	both(s, huma.Operation{
		OperationID: "list_workspaces", Method: http.MethodGet, Path: "/workspaces", Tags: tags,
		Summary: "List the workspaces that the caller may read, newest first",
	}, access{permission: identity.DocumentsRead}, s.listWorkspaces)
	both(s, huma.Operation{
		OperationID: "create_workspace", Method: http.MethodPost, Path: "/workspaces", Tags: tags, Summary: "Create a workspace",
		DefaultStatus: http.StatusCreated,
	}, access{permission: identity.AdminConfig}, func(ctx context.Context, in *body[CreateWorkspaceReq]) (*body[WorkspaceRes], error) {
		if v := in.Body.Visibility; v != "" && v != string(workspace.Private) {
			return nil, fault.Field("visibility", "must be PRIVATE; publish or share the workspace later")
		}
		w, err := s.app.Workspaces.Create(ctx, actorOf(ctx), workspace.Draft{Name: in.Body.Name, Description: in.Body.Description})
		return &body[WorkspaceRes]{workspaceRes(w)}, err
	})
	both(s, huma.Operation{
		OperationID: "get_workspace", Method: http.MethodGet, Path: "/workspaces/{workspace_id}", Tags: tags, Summary: "Read a workspace",
	}, access{permission: identity.DocumentsRead}, func(ctx context.Context, in *WorkspacePath) (*body[WorkspaceRes], error) {
		w, err := s.app.Workspaces.Get(ctx, actorOf(ctx), in.WorkspaceID)
		return &body[WorkspaceRes]{workspaceRes(w)}, err
	})
}

func (s *Server) listWorkspaces(ctx context.Context, in *ListWorkspacesParams) (*body[WorkspacesRes], error) {
	after, err := decodePosition(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.app.Workspaces.List(ctx, actorOf(ctx), workspace.Filter{
		Owner: in.OwnerUserID, Archived: in.IncludeArchived, After: after, Offset: in.Offset, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	out := WorkspacesRes{Workspaces: []WorkspaceRes{}}
	for i, w := range found {
		if i == in.Limit {
			out.NextCursor = encodePosition(found[i-1])
			break
		}
		out.Workspaces = append(out.Workspaces, workspaceRes(w))
	}
	return &body[WorkspacesRes]{out}, nil
}

// positionJSON is how a place in a list of workspaces travels.
type positionJSON struct {
	Time int64     `json:"t"`
	ID   uuid.UUID `json:"i"`
}

func encodePosition(w workspace.Workspace) *string { return encodeMoment(w.CreatedAt, w.ID) }

func decodePosition(token string) (workspace.Position, error) {
	if token == "" {
		return workspace.Position{}, nil
	}
	var p positionJSON
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		return workspace.Position{}, fault.Field("cursor", "is not one that this list returned")
	}
	return workspace.Position{CreatedAt: time.UnixMicro(p.Time).UTC(), ID: p.ID}, nil
}
