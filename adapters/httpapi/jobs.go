package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
)

// JobRes is a delivery: work that an event has caused.
type JobRes struct {
	ID          uuid.UUID  `json:"id" format:"uuid"`
	Event       string     `json:"event"`
	Topic       string     `json:"topic"`
	State       string     `json:"state" enum:"pending,leased,done,dead"`
	WorkspaceID *uuid.UUID `json:"workspace_id" format:"uuid" nullable:"true"`
	Subject     string     `json:"subject" doc:"Id of the document, for example."`
	Attempts    int        `json:"attempts"`
	Failures    int        `json:"failures"`
	CreatedAt   time.Time  `json:"created_at"`
	AvailableAt time.Time  `json:"available_at"`
}

// JobsRes is a page of jobs, newest first.
type JobsRes struct {
	Jobs       []JobRes `json:"jobs" nullable:"false"`
	NextCursor *string  `json:"next_cursor"`
}

// JobsChangedRes says how many jobs were changed.
type JobsChangedRes struct {
	Changed int `json:"changed"`
}

// JobFilterReq chooses dead jobs.
type JobFilterReq struct {
	IDs   []uuid.UUID `json:"ids,omitempty" minItems:"1" maxItems:"1000" doc:"These; absent: all."`
	Topic string      `json:"topic,omitempty" maxLength:"200"`
}

func (s *Server) jobs() {
	admin, tags := access{permission: identity.AdminConfig}, []string{"jobs"}
	both(s, huma.Operation{
		OperationID: "list_jobs", Method: http.MethodGet, Path: "/admin/jobs", Tags: tags, Summary: "List background work, newest first",
	}, admin, s.listJobs)
	for _, op := range []struct {
		name, summary string
		do            func(context.Context, identity.Actor, event.Filter) (int, error)
	}{
		{"replay", "Try dead jobs again", s.app.Replay},
		{"discard", "Give dead jobs up for good", s.app.Discard},
	} {
		both(s, huma.Operation{
			OperationID: op.name + "_jobs", Method: http.MethodPost, Path: "/admin/jobs/" + op.name, Tags: tags, Summary: op.summary,
		}, admin, func(ctx context.Context, in *body[JobFilterReq]) (*body[JobsChangedRes], error) {
			n, err := op.do(ctx, actorOf(ctx), event.Filter{IDs: in.Body.IDs, Topic: in.Body.Topic})
			return &body[JobsChangedRes]{JobsChangedRes{Changed: n}}, err
		})
	}
}

func (s *Server) listJobs(ctx context.Context, in *struct {
	State  string    `query:"state" enum:",pending,leased,done,dead"`
	Topic  string    `query:"topic" maxLength:"200"`
	Limit  int       `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor uuid.UUID `query:"cursor" format:"uuid"`
},
) (*body[JobsRes], error) {
	found, err := s.app.Jobs(ctx, actorOf(ctx), event.Filter{
		State: event.State(in.State), Topic: in.Topic, Before: in.Cursor, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	out := JobsRes{Jobs: []JobRes{}}
	for i, d := range found {
		if i == in.Limit {
			next := found[i-1].Event.ID.String()
			out.NextCursor = &next
			break
		}
		out.Jobs = append(out.Jobs, jobRes(d))
	}
	return &body[JobsRes]{out}, nil
}

func jobRes(d event.Delivery) JobRes {
	r := JobRes{
		ID: d.Event.ID, Event: d.Event.Name, Topic: d.Event.Topic, State: string(d.State), Subject: d.Event.Subject,
		Attempts: d.Attempts, Failures: d.Failures, CreatedAt: d.Event.Time, AvailableAt: d.AvailableAt,
	}
	if d.Event.Workspace != uuid.Nil {
		r.WorkspaceID = &d.Event.Workspace
	}
	return r
}
