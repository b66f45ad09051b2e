package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// AuditEventRes is something that happened.
type AuditEventRes struct {
	ID        uuid.UUID      `json:"id" format:"uuid"`
	Actor     string         `json:"actor" example:"user:0192f0c1-5f7e-7cc5-9d35-5d2b1a8f9b10" doc:"user:<id>, service:<id>, system or anonymous."`
	Action    string         `json:"action" example:"workspace.publish"`
	TargetID  *string        `json:"target_id" doc:"Id of the thing that it happened to."`
	Metadata  map[string]any `json:"metadata" doc:"principal_type; user_id, api_key_id or api_key_hash; workspace_id; and what the action adds."`
	CreatedAt time.Time      `json:"created_at"`
}

// AuditRes is a page of the trail.
type AuditRes struct {
	Events     []AuditEventRes `json:"events" nullable:"false"`
	NextOffset *int            `json:"next_offset" doc:"For clients that count; null on the last page."`
	NextCursor *string         `json:"next_cursor" doc:"Pass it as cursor to get the next page; null on the last one."`
}

// AuditFilterParams choose events.
type AuditFilterParams struct {
	WorkspaceID  uuid.UUID `query:"workspace_id" format:"uuid"`
	ActorID      string    `query:"actor_id" maxLength:"200" doc:"An actor as it stands in events, or only what follows its colon."`
	ActionPrefix string    `query:"action_prefix" maxLength:"200" doc:"To the letter; nothing in it is a wildcard."`

	PeriodParams
}

func (in AuditFilterParams) search() (q audit.Search, err error) {
	q = audit.Search{Workspace: in.WorkspaceID, Actor: in.ActorID, ActionPrefix: in.ActionPrefix}
	q.Start, q.End, err = in.period()
	return q, err
}

func auditEventRes(e event.Event) (AuditEventRes, error) {
	m, err := audit.Metadata(e)
	return AuditEventRes{
		ID: e.ID, Actor: e.Actor, Action: e.Name, TargetID: optional(e.Subject), Metadata: m, CreatedAt: e.Time,
	}, err
}

func (s *Server) audit() {
	admin, tags := access{permission: identity.AdminConfig}, []string{"audit"}
	both(s, huma.Operation{
		OperationID: "list_audit_events", Method: http.MethodGet, Path: "/admin/audit", Tags: tags, Summary: "Read the audit trail, newest first",
	}, admin, s.listAudit)
	both(s, huma.Operation{
		OperationID: "export_audit_events", Method: http.MethodGet, Path: "/admin/audit/export", Tags: tags,
		Summary: "Export the audit trail, newest first, one JSON object a line",
		Responses: map[string]*huma.Response{"200": {
			Description: "Lines of AuditEventRes", Content: map[string]*huma.MediaType{linesType: s.lineStream(AuditEventRes{})},
		}},
	}, admin, s.exportAudit)
}

func (s *Server) listAudit(ctx context.Context, in *struct {
	AuditFilterParams

	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Offset int    `query:"offset" default:"0" minimum:"0" maximum:"1000000"`
	Cursor string `query:"cursor" maxLength:"500"`
},
) (*body[AuditRes], error) {
	search, err := in.search()
	if err != nil {
		return nil, err
	}
	search.Offset, search.Limit = in.Offset, in.Limit+1
	if search.After, err = decodeAuditPosition(in.Cursor); err != nil {
		return nil, err
	}
	found, err := s.app.Audit.List(ctx, actorOf(ctx), search)
	if err != nil {
		return nil, err
	}
	out := AuditRes{Events: make([]AuditEventRes, min(len(found), in.Limit))}
	for i := range out.Events {
		if out.Events[i], err = auditEventRes(found[i]); err != nil {
			return nil, err
		}
	}
	if len(found) > in.Limit {
		next := in.Offset + in.Limit
		out.NextOffset, out.NextCursor = &next, encodeAuditPosition(found[in.Limit-1])
	}
	return &body[AuditRes]{out}, nil
}

const linesType = "application/x-ndjson"

func (s *Server) exportAudit(ctx context.Context, in *AuditFilterParams) (*huma.StreamResponse, error) {
	search, err := in.search()
	if err != nil {
		return nil, err
	}
	return exportLines(ctx, s, "audit.jsonl", s.app.Audit.Export(ctx, actorOf(ctx), search), auditEventRes)
}

func encodeAuditPosition(e event.Event) *string { return encodeMoment(e.Time, e.ID) }

func decodeAuditPosition(token string) (audit.Position, error) {
	p, err := decodePosition(token)
	if err != nil {
		return audit.Position{}, fault.Field("cursor", "is not one that this list returned")
	}
	return audit.Position{Time: p.CreatedAt, ID: p.ID}, nil
}
