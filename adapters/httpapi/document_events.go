package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
)

// documentEvent is the data of the events progress and done.
type documentEvent struct {
	DocumentID   uuid.UUID   `json:"document_id"`
	Status       string      `json:"status"`
	Run          int         `json:"run"`
	Progress     ProgressRes `json:"progress"`
	PageCount    int         `json:"page_count"`
	ChunkCount   int         `json:"chunk_count"`
	ErrorCode    *string     `json:"error_code"`
	ErrorMessage *string     `json:"error_message"`
}

func documentEventOf(d document.Document) documentEvent {
	return documentEvent{
		DocumentID: d.ID, Status: string(d.Status), Run: d.Run, PageCount: d.Pages, ChunkCount: d.Chunks,
		Progress:  ProgressRes{Stage: string(d.Stage), Done: d.Done, Total: d.Total},
		ErrorCode: optional(d.Failure.Code), ErrorMessage: optional(d.Failure.Text),
	}
}

const (
	// pollEvery is how often a document is looked at that somebody watches.
	pollEvery = 500 * time.Millisecond
	// longestWatch is how long a stream lasts at most, so that a forgotten one, or one whose session has ended, does not
	// last for ever. A client that still wants to know asks again.
	longestWatch = 15 * time.Minute
)

const documentEventsDoc = "Server-sent events: `progress` with the state at once and whenever it changes, then `done` when the " +
	"document is READY, FAILED or CANCELLED, or `error` when it can't be seen any more. Comments keep the connection open. The " +
	"stream ends after 15 minutes at the latest."

func (s *Server) documentEvents() {
	both(s, huma.Operation{
		OperationID: "watch_document", Method: http.MethodGet, Path: documentsURL + "/{document_id}/events", Tags: []string{"documents"},
		Summary: "Watch a document being processed", Description: documentEventsDoc,
		Responses: map[string]*huma.Response{"200": {
			Description: "The stream", Content: map[string]*huma.MediaType{"text/event-stream": s.eventStream(
				eventDoc{"progress", documentEvent{}}, eventDoc{"done", documentEvent{}}, eventDoc{"error", Problem{}},
			)},
		}},
	}, access{permission: identity.DocumentsRead}, func(ctx context.Context, in *DocumentPath) (*huma.StreamResponse, error) {
		look := func(ctx context.Context) (document.Document, error) {
			a, err := knownOf(ctx).again(ctx)
			if err != nil {
				return document.Document{}, err
			}
			return s.app.Documents.Get(ctx, a, in.WorkspaceID, in.DocumentID)
		}
		first, err := s.app.Documents.Get(ctx, actorOf(ctx), in.WorkspaceID, in.DocumentID)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			_, w := humago.Unwrap(hctx)
			e := &events{w: w, flush: http.NewResponseController(w), log: s.log}
			e.begin()
			ctx, cancel := context.WithTimeout(ctx, longestWatch)
			defer cancel()
			s.watch(ctx, e, first, look)
		}}, nil
	})
}

// watch tells what becomes of a document until nothing more will, the client leaves, or the server shuts down. Every look asks
// again who is asking, and whether they may see it.
func (s *Server) watch(ctx context.Context, e *events, d document.Document, look func(context.Context) (document.Document, error)) {
	poll, beat := time.NewTicker(pollEvery), time.NewTicker(s.opts.Heartbeat)
	defer poll.Stop()
	defer beat.Stop()
	told := documentEvent{}
	for !e.gone {
		if now := documentEventOf(d); !sameEvent(now, told) {
			told = now
			if settled(d.Status) {
				e.send("", "done", now)
				return
			}
			e.send("", "progress", now)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.closing:
			return
		case <-beat.C:
			e.raw(": keep-alive\n\n")
			continue
		case <-poll.C:
		}
		next, err := look(ctx)
		if err != nil {
			if ctx.Err() == nil {
				e.send("", "error", s.fail(ctx, pathOf(ctx), err).Problem)
			}
			return
		}
		d = next
	}
}

// sameEvent compares what a client would see.
func sameEvent(a, b documentEvent) bool {
	a.ErrorCode, a.ErrorMessage, b.ErrorCode, b.ErrorMessage = nil, nil, nil, nil // change with the status only
	return a == b
}

// settled reports whether a document stays as it is until somebody acts.
func settled(s document.Status) bool {
	return s == document.Ready || s == document.Failed || s == document.Cancelled
}
