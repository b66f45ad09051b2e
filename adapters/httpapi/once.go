package httpapi

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/idempotency"
)

// OnceParam makes it harmless to send a request again.
type OnceParam struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client, anew for each request that is meant. The same request under the same key is done once; for a day, sending it again is answered with the first outcome."`
}

// replayable is a response that may be that of an earlier request.
type replayable[T any] struct {
	Replayed string `header:"Idempotency-Replayed" doc:"true: the outcome of the first request under this Idempotency-Key."`
	Body     T
}

// onceIn is something to do in a workspace, under the key of the client if it gave one.
type onceIn struct {
	workspace uuid.UUID
	operation string
	key       string
	content   any // what decides the outcome
}

// once does something in a workspace. Who may not write there any more doesn't learn what became of an earlier request.
func once[T any](ctx context.Context, s *Server, r onceIn, do func(context.Context) (T, error)) (*replayable[T], error) {
	if r.key == "" {
		out, err := do(ctx)
		return &replayable[T]{Body: out}, err
	}
	if _, err := s.app.Workspaces.Writing(ctx, actorOf(ctx), r.workspace); err != nil {
		return nil, err
	}
	content, err := json.Marshal(r.content)
	if err != nil {
		return nil, err
	}
	raw, replayed, err := s.app.Requests.Once(ctx, actorOf(ctx), idempotency.Request{
		Key: r.key, Operation: r.operation + " " + r.workspace.String(), Content: string(content),
	}, func(ctx context.Context) (any, error) { return do(ctx) })
	if err != nil {
		return nil, err
	}
	out := &replayable[T]{}
	if replayed {
		out.Replayed = "true"
	}
	return out, json.Unmarshal(raw, &out.Body)
}
