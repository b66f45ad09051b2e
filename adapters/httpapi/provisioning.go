package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// AdminWorkspaceRes is a workspace as administrators see it.
type AdminWorkspaceRes struct {
	ID          uuid.UUID  `json:"id" format:"uuid"`
	Name        string     `json:"name"`
	Description *string    `json:"description"`
	Visibility  string     `json:"visibility" enum:"PRIVATE,ORG_READ,SHARED"`
	OwnerUserID *uuid.UUID `json:"owner_user_id" format:"uuid" nullable:"true"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	ArchivedAt  *time.Time `json:"archived_at"`
}

func adminWorkspaceRes(w workspace.Workspace) AdminWorkspaceRes {
	r := workspaceRes(w)
	return AdminWorkspaceRes{
		ID: r.ID, Name: r.Name, Description: r.Description, Visibility: r.Visibility, OwnerUserID: r.OwnerUserID,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, ArchivedAt: r.ArchivedAt,
	}
}

// AdminWorkspacesRes is a page of somebody's workspaces.
type AdminWorkspacesRes struct {
	Workspaces []AdminWorkspaceRes `json:"workspaces" nullable:"false"`
	NextCursor *string             `json:"next_cursor" doc:"Pass it as cursor to get the next page; null on the last one."`
}

// ProvisionWorkspaceReq is a workspace to be made for a user.
type ProvisionWorkspaceReq struct {
	OwnerUserID uuid.UUID `json:"owner_user_id" format:"uuid"`
	Name        string    `json:"name" minLength:"1" maxLength:"255"`
	Description *string   `json:"description,omitempty" nullable:"true" maxLength:"1024"`
}

// provisioning registers what administrators do about other people's workspaces. Its paths have no version, as clients know
// them.
func (s *Server) provisioning() {
	admin, tags := access{permission: identity.AdminConfig}, []string{"admin"}
	one(s, huma.Operation{
		OperationID: "admin_create_workspace", Method: http.MethodPost, Path: "/admin/workspaces", Tags: tags,
		Summary: "Create a private workspace for a user", DefaultStatus: http.StatusCreated,
	}, admin, func(ctx context.Context, in *body[ProvisionWorkspaceReq]) (*body[AdminWorkspaceRes], error) {
		d := workspace.Draft{Name: in.Body.Name, Owner: in.Body.OwnerUserID}
		if in.Body.Description != nil {
			d.Description = *in.Body.Description
		}
		w, err := s.app.Workspaces.Create(ctx, actorOf(ctx), d)
		return &body[AdminWorkspaceRes]{adminWorkspaceRes(w)}, err
	})
	one(s, huma.Operation{
		OperationID: "admin_list_user_workspaces", Method: http.MethodGet, Path: "/admin/users/{user_id}/workspaces", Tags: tags,
		Summary: "List the workspaces of a user, newest first",
	}, admin, s.listUserWorkspaces)
}

func (s *Server) listUserWorkspaces(ctx context.Context, in *struct {
	UserPath

	IncludeArchived bool   `query:"include_archived"`
	Limit           int    `query:"limit" default:"200" minimum:"1" maximum:"200"`
	Cursor          string `query:"cursor" maxLength:"500"`
},
) (*body[AdminWorkspacesRes], error) {
	out := AdminWorkspacesRes{Workspaces: []AdminWorkspaceRes{}}
	if in.UserID == uuid.Nil { // in a filter that would be anybody
		return &body[AdminWorkspacesRes]{out}, nil
	}
	after, err := decodePosition(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.app.Workspaces.List(ctx, actorOf(ctx), workspace.Filter{
		Owner: in.UserID, Archived: in.IncludeArchived, After: after, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	for i, w := range found {
		if i == in.Limit {
			out.NextCursor = encodePosition(found[i-1])
			break
		}
		out.Workspaces = append(out.Workspaces, adminWorkspaceRes(w))
	}
	return &body[AdminWorkspacesRes]{out}, nil
}
