package httpapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// request is what is known of a request to an operation before it is known who makes it.
type request struct {
	path      string    // as it was sent
	operation string    // method and route, without ids
	workspace uuid.UUID // that its path names; zero when it names none
	peer      string    // address of the client
}

type pathKey struct{}

func pathOf(ctx context.Context) string {
	r, _ := ctx.Value(pathKey{}).(request)
	return r.path
}

func (s *Server) requestOf(ctx huma.Context) request {
	u, op := ctx.URL(), ctx.Operation()
	ws, err := uuid.Parse(ctx.Param("workspace_id"))
	if err != nil {
		ws = uuid.Nil
	}
	return request{
		path: u.Path, operation: op.Method + " " + op.Path, workspace: ws,
		peer: s.limiter.client(ctx.RemoteAddr(), ctx.Header("X-Forwarded-For")),
	}
}

// deny records in the trail that somebody wanted what they may not; an error of any other kind is none of its business. That
// the record can't be written changes nothing for the client, who is turned away in any case.
func (s *Server) deny(ctx context.Context, a identity.Actor, err error) {
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Denied {
		return
	}
	r, _ := ctx.Value(pathKey{}).(request)
	if r.workspace != uuid.Nil && s.deps.Blocked != nil {
		s.deps.Blocked()
	}
	derr := s.app.Audit.Deny(ctx, a, audit.Denial{Operation: r.operation, Workspace: r.workspace, Reason: f.Reason, From: r.peer})
	if derr != nil {
		s.log.Warn("a denial was not recorded", zap.String("request_id", requestID(ctx)), zap.Error(derr))
	}
}
