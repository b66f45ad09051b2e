package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/identity"
)

// KeyRes is an API key, without its secret.
type KeyRes struct {
	ID           uuid.UUID   `json:"id" format:"uuid"`
	Name         string      `json:"name"`
	Permissions  []string    `json:"permissions" nullable:"false"`
	WorkspaceIDs []uuid.UUID `json:"workspace_ids" nullable:"false" doc:"What the key is limited to; empty: it is not limited."`
	CreatedBy    string      `json:"created_by" doc:"As actors stand in the audit trail."`
	CreatedAt    time.Time   `json:"created_at"`
	ExpiresAt    *time.Time  `json:"expires_at" doc:"null: never."`
	RevokedAt    *time.Time  `json:"revoked_at" doc:"null: it isn't."`
	LastUsedAt   *time.Time  `json:"last_used_at" doc:"To the minute."`
}

// NewKeyRes is a new API key with its secret.
type NewKeyRes struct {
	KeyRes

	Secret string `json:"secret" doc:"Send it as X-API-Key. It is shown only this once."`
}

// KeysRes is all API keys of the database, newest first.
type KeysRes struct {
	Keys []KeyRes `json:"keys" nullable:"false"`
}

// CreateKeyReq is an API key to be.
type CreateKeyReq struct {
	Name         string      `json:"name" minLength:"1" maxLength:"255"`
	Permissions  []string    `json:"permissions" minItems:"1" maxItems:"50" nullable:"false" enum:"documents:create,documents:read,documents:delete,query:search,query:ask,query:stream,admin:metrics,admin:health,admin:config,*" doc:"Only those that the caller holds."`
	WorkspaceIDs []uuid.UUID `json:"workspace_ids,omitempty" maxItems:"1000" doc:"Limit the key to these workspaces; absent: no limit."`
	ExpiresAt    *time.Time  `json:"expires_at,omitempty" nullable:"true" doc:"Absent: never."`
}

// RevokedRes says that an API key is of no use any more.
type RevokedRes struct {
	Revoked bool `json:"revoked"`
}

func keyRes(k identity.Key) KeyRes {
	r := KeyRes{
		ID: k.ID, Name: k.Name, Permissions: make([]string, len(k.Permissions)), WorkspaceIDs: append([]uuid.UUID{}, k.Workspaces...),
		CreatedBy: k.CreatedBy, CreatedAt: k.CreatedAt, ExpiresAt: optionalTime(k.ExpiresAt),
		RevokedAt: optionalTime(k.RevokedAt), LastUsedAt: optionalTime(k.LastUsedAt),
	}
	for i, p := range k.Permissions {
		r.Permissions[i] = string(p)
	}
	return r
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// keys registers the administration of API keys, beside that of users. Keys of the configuration are not shown: they have no
// row.
func (s *Server) keys() {
	admin, tags := access{permission: identity.AdminConfig}, []string{"keys"}
	one(s, huma.Operation{
		OperationID: "list_keys", Method: http.MethodGet, Path: "/auth/keys", Tags: tags,
		Summary: "List API keys, newest first, revoked and expired ones included",
	}, admin, func(ctx context.Context, _ *struct{}) (*body[KeysRes], error) {
		found, err := s.app.Accounts.Keys(ctx, actorOf(ctx))
		out := KeysRes{Keys: make([]KeyRes, len(found))}
		for i, k := range found {
			out.Keys[i] = keyRes(k)
		}
		return &body[KeysRes]{out}, err
	})
	one(s, huma.Operation{
		OperationID: "create_key", Method: http.MethodPost, Path: "/auth/keys", Tags: tags,
		Summary: "Create an API key; its secret is shown only this once", DefaultStatus: http.StatusCreated,
	}, admin, func(ctx context.Context, in *body[CreateKeyReq]) (*body[NewKeyRes], error) {
		d := identity.KeyDraft{Name: in.Body.Name, Workspaces: in.Body.WorkspaceIDs}
		for _, p := range in.Body.Permissions {
			d.Permissions = append(d.Permissions, identity.Permission(p))
		}
		if in.Body.ExpiresAt != nil {
			d.ExpiresAt = *in.Body.ExpiresAt
		}
		k, secret, err := s.app.Accounts.CreateKey(ctx, actorOf(ctx), d)
		return &body[NewKeyRes]{NewKeyRes{KeyRes: keyRes(k), Secret: secret}}, err
	})
	one(s, huma.Operation{
		OperationID: "revoke_key", Method: http.MethodDelete, Path: "/auth/keys/{key_id}", Tags: tags,
		Summary: "Revoke an API key, from its next use on; revoking twice is no error",
	}, admin, func(ctx context.Context, in *struct {
		KeyID uuid.UUID `path:"key_id" format:"uuid"`
	},
	) (*body[RevokedRes], error) {
		err := s.app.Accounts.RevokeKey(ctx, actorOf(ctx), in.KeyID)
		return &body[RevokedRes]{RevokedRes{Revoked: err == nil}}, err
	})
}
