package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/identity"
)

// UserRes is a user, without anything secret.
type UserRes struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Email     string    `json:"email"`
	Role      string    `json:"role" enum:"admin,employee"`
	IsActive  bool      `json:"is_active"`
	CreatedAt time.Time `json:"created_at"`
}

func userRes(u identity.User) UserRes {
	return UserRes{ID: u.ID, Email: u.Email, Role: string(u.Role), IsActive: u.Active, CreatedAt: u.CreatedAt}
}

// CreateUserReq is a user to be.
type CreateUserReq struct {
	Email    string `json:"email" minLength:"3" maxLength:"320"`
	Password string `json:"password" minLength:"8" maxLength:"512"`
	Role     string `json:"role,omitempty" enum:"admin,employee" default:"employee"`
	IsActive *bool  `json:"is_active,omitempty" default:"true"`
}

// ResetPasswordReq is a user's new password.
type ResetPasswordReq struct {
	Password string `json:"password" minLength:"8" maxLength:"512"`
}

// UserPath names a user.
type UserPath struct {
	UserID uuid.UUID `path:"user_id" format:"uuid"`
}

func (s *Server) users() {
	admin := access{permission: identity.AdminConfig}
	accounts := s.app.Accounts
	one(s, huma.Operation{
		OperationID: "list_users", Method: http.MethodGet, Path: "/auth/users", Tags: []string{"users"}, Summary: "List users, newest first",
	}, admin, func(ctx context.Context, in *struct {
		Limit  int `query:"limit" default:"200" doc:"At most 1000; 0 or less gives none."`
		Offset int `query:"offset" default:"0"`
	},
	) (*body[[]UserRes], error) {
		found, err := accounts.Users(ctx, actorOf(ctx), identity.Page{Limit: max(0, in.Limit), Offset: max(0, in.Offset)})
		if err != nil {
			return nil, err
		}
		out := make([]UserRes, len(found))
		for i, u := range found {
			out[i] = userRes(u)
		}
		return &body[[]UserRes]{out}, nil
	})
	one(s, huma.Operation{
		OperationID: "create_user", Method: http.MethodPost, Path: "/auth/users", Tags: []string{"users"}, Summary: "Create a user",
		DefaultStatus: http.StatusCreated,
	}, admin, func(ctx context.Context, in *body[CreateUserReq]) (*body[UserRes], error) {
		u, err := accounts.CreateUser(ctx, actorOf(ctx), identity.UserDraft{
			Email: in.Body.Email, Password: in.Body.Password, Role: identity.Role(in.Body.Role), Active: in.Body.IsActive,
		})
		return &body[UserRes]{userRes(u)}, err
	})
	for _, op := range []struct {
		name, verb, summary string
		do                  func(context.Context, identity.Actor, uuid.UUID) (identity.User, error)
	}{
		{"disable_user", "disable", "Shut a user out", accounts.Disable},
		{"enable_user", "enable", "Let a disabled user in again", accounts.Enable},
	} {
		one(s, huma.Operation{
			OperationID: op.name, Method: http.MethodPost, Path: "/auth/users/{user_id}/" + op.verb, Tags: []string{"users"}, Summary: op.summary,
		}, admin, func(ctx context.Context, in *UserPath) (*body[UserRes], error) {
			u, err := op.do(ctx, actorOf(ctx), in.UserID)
			return &body[UserRes]{userRes(u)}, err
		})
	}
	both(s, huma.Operation{
		OperationID: "delete_user", Method: http.MethodDelete, Path: "/users/{user_id}", Tags: []string{"users"},
		Summary: "Delete a user, with their API keys, memberships and conversations, for good",
		Description: "What is kept of their answers is anonymous and has no words. 409 for the reasons `own_account`, `last_admin`, and " +
			"`owns_workspaces` as long as they own any that is not archived. The audit trail loses the e-mail address.",
	}, admin, func(ctx context.Context, in *UserPath) (*body[DeletedRes], error) {
		err := accounts.DeleteUser(ctx, actorOf(ctx), in.UserID)
		return &body[DeletedRes]{DeletedRes{Deleted: err == nil}}, err
	})
	one(s, huma.Operation{
		OperationID: "reset_password", Method: http.MethodPost, Path: "/auth/users/{user_id}/reset-password", Tags: []string{"users"},
		Summary: "Give a user another password; their sessions end",
	}, admin, func(ctx context.Context, in *struct {
		UserPath

		Body ResetPasswordReq
	},
	) (*body[UserRes], error) {
		u, err := accounts.ResetPassword(ctx, actorOf(ctx), in.UserID, in.Body.Password)
		return &body[UserRes]{userRes(u)}, err
	})
}
