package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
)

// sourceEvent is a passage in the event sources.
type sourceEvent struct {
	ChunkID       uuid.UUID `json:"chunk_id"`
	DocumentID    uuid.UUID `json:"document_id"`
	DocumentTitle string    `json:"document_title"`
	Content       string    `json:"content"`
	Page          int       `json:"page"`
	Marker        int       `json:"marker"`
	RiskRes
}

const previewChars = 200

const streamDoc = "Server-sent events: `sources` once, `token` any number of times, then `citations` and `done`, or `error`. Comments keep the connection open."

func (s *Server) stream() {
	both(s, huma.Operation{
		OperationID: "ask_stream_workspace", Method: http.MethodPost, Path: "/workspaces/{workspace_id}/ask/stream", Tags: []string{"query"},
		Summary: "Answer a question, streaming", Description: streamDoc,
		Responses: map[string]*huma.Response{"200": {
			Description: "The stream", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
		}},
	}, access{permission: identity.QueryStream}, func(ctx context.Context, in *struct {
		WorkspacePath

		Body AskReq
	},
	) (*huma.StreamResponse, error) {
		q, err := s.question(in.WorkspaceID, in.Body)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithCancel(ctx)
		next, stop := iter.Pull2(s.app.Chat.Stream(ctx, actorOf(ctx), q))
		first, err, ok := next()
		if err != nil || !ok {
			stop()
			cancel()
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			defer stop()
			defer cancel()
			_, w := humago.Unwrap(hctx)
			e := &events{w: w, flush: http.NewResponseController(w), log: s.log}
			e.begin()
			e.answer(ctx, cancel, first, next, s.opts.Heartbeat)
		}}, nil
	})
}

// events writes server-sent events.
type events struct {
	w     http.ResponseWriter
	flush *http.ResponseController
	log   *zap.Logger
	gone  bool // the client has left
}

func (e *events) begin() {
	h := e.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Connection", "keep-alive")
	h.Set("X-Accel-Buffering", "no")
	e.w.WriteHeader(http.StatusOK)
	e.gone = e.flush.Flush() != nil
}

// send writes one event. JSON goes without escapes for HTML, on one line.
func (e *events) send(name string, data any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		e.log.Error("encode event", zap.String("event", name), zap.Error(err))
		return
	}
	e.raw(fmt.Sprintf("event: %s\ndata: %s\n\n", name, bytes.TrimSpace(b.Bytes())))
}

func (e *events) raw(s string) {
	if e.gone {
		return
	}
	if _, err := io.WriteString(e.w, s); err != nil || e.flush.Flush() != nil {
		e.gone = true
	}
}

// element is one step of an answer.
type element struct {
	piece chat.Piece
	err   error
	ok    bool
}

// answer sends the pieces of an answer, and comments while none comes. It returns when the producer has ended; a client that
// leaves cancels it.
func (e *events) answer(
	ctx context.Context, cancel context.CancelFunc, first chat.Piece, next func() (chat.Piece, error, bool), heartbeat time.Duration,
) {
	pieces := make(chan element)
	go func() {
		defer close(pieces)
		for {
			p, err, ok := next()
			pieces <- element{p, err, ok}
			if err != nil || !ok {
				return
			}
		}
	}()
	e.piece(first)
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case el, open := <-pieces:
			if !open {
				return
			}
			if el.err != nil && ctx.Err() == nil {
				e.log.Warn("stream broke off", zap.Error(el.err))
				e.send("error", map[string]string{"error": "the answer could not be completed; please try again"})
			} else if el.ok && el.err == nil {
				e.piece(el.piece)
			}
		case <-tick.C:
			e.raw(": keep-alive\n\n")
		}
		if e.gone {
			cancel()
		}
	}
}

func (e *events) piece(p chat.Piece) {
	switch {
	case p.Done != nil:
		id := p.Done.Conversation.String()
		e.send("citations", map[string]any{"citations": citationsRes(p.Done.Citations), "grounded": p.Done.Grounded, "evidence": p.Done.Evidence})
		e.send("done", map[string]any{"answer": p.Done.Text, "conversation_id": id, "message_id": p.Done.ID})
	case p.Text != "":
		e.send("token", map[string]string{"token": p.Text})
	default:
		sources := make([]sourceEvent, len(p.Sources))
		for i, h := range p.Sources {
			content := []rune(h.Text)
			sources[i] = sourceEvent{
				ChunkID: h.ID, DocumentID: h.Document, DocumentTitle: h.Title, Page: h.PageFrom, Marker: i + 1, RiskRes: riskRes(h),
				Content: string(content[:min(len(content), previewChars)]),
			}
		}
		e.send("sources", map[string]any{"sources": sources, "conversation_id": nil})
	}
}
