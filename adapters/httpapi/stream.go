package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
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

const streamDoc = "Server-sent events: `sources` once, `token` any number of times, then `citations` and `done`, or `error`. Comments keep the " +
	"connection open. Whoever loses the connection sends the same request again with Last-Event-ID, the id of the last event that came, " +
	"and gets what follows it; the model isn't asked again. That takes to come back within half a second (STREAM_RESUME_WINDOW), or within " +
	"a minute when the answer is complete already; it takes the same caller, and the same server. Otherwise the response is 404 with the " +
	"reason answer_gone. An answer to which nobody comes back ends, and is not remembered in the conversation. Nor does it go on for " +
	"whoever loses the right to read what it is made from: within a second it ends with `error`."

func (s *Server) stream() {
	both(s, huma.Operation{
		OperationID: "ask_stream_workspace", Method: http.MethodPost, Path: "/workspaces/{workspace_id}/ask/stream", Tags: []string{"query"},
		Summary: "Answer a question, streaming", Description: streamDoc,
		Responses: map[string]*huma.Response{"200": {
			Description: "The stream", Content: map[string]*huma.MediaType{"text/event-stream": s.eventStream(
				eventDoc{"sources", sourcesEvent{}}, eventDoc{"token", tokenEvent{}}, eventDoc{"citations", citationsEvent{}},
				eventDoc{"done", doneEvent{}}, eventDoc{"error", errorEvent{}},
			)},
		}},
	}, access{permission: identity.QueryStream}, func(ctx context.Context, in *struct {
		WorkspacePath

		LastEventID string `header:"Last-Event-ID" maxLength:"100" doc:"Go on after this event; the body must be that of the first request, but counts for nothing."`
		Body        AskReq
	},
	) (*huma.StreamResponse, error) {
		l, run, err := s.listen(ctx, in.WorkspaceID, in.LastEventID, in.Body)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			defer l.Leave()
			_, w := humago.Unwrap(hctx)
			e := &events{w: w, flush: http.NewResponseController(w), log: s.log, note: s.noteDegraded}
			e.begin()
			e.raw(fmt.Sprintf("retry: %d\n\n", reconnectAfter.Milliseconds()))
			e.answer(ctx, run, l, s.recheck(in.WorkspaceID))
		}}, nil
	})
}

// reconnectAfter is how long a client should wait before it comes back: less than an answer waits for it.
const reconnectAfter = 100 * time.Millisecond

// listen begins an answer, or finds one that the client has lost. Should the client leave before the response begins, ctx ends,
// and so does listening.
func (s *Server) listen(ctx context.Context, ws uuid.UUID, last string, in AskReq) (*chat.Listener, *chat.Run, error) {
	if last != "" {
		id, after, ok := parseEventID(last)
		if !ok {
			return nil, nil, fault.Field("Last-Event-ID", "is none of a stream of this server")
		}
		run, err := s.app.Chat.Resume(ctx, actorOf(ctx), ws, id)
		if err != nil {
			return nil, nil, err
		}
		l, err := run.Listen(after)
		return l, run, err
	}
	q, err := s.question(ws, in)
	if err != nil {
		return nil, nil, err
	}
	run, err := s.app.Chat.Begin(ctx, actorOf(ctx), q)
	if err != nil {
		return nil, nil, err
	}
	l, err := run.Listen(0)
	return l, run, err
}

// eventID names a piece of an answer.
func eventID(answer uuid.UUID, no int) string { return answer.String() + ":" + strconv.Itoa(no) }

func parseEventID(s string) (answer uuid.UUID, no int, ok bool) {
	id, rest, ok := strings.Cut(s, ":")
	answer, err := uuid.Parse(id)
	no, nerr := strconv.Atoi(rest)
	return answer, no, ok && err == nil && nerr == nil && no >= 0
}

// events writes server-sent events.
type events struct {
	w     http.ResponseWriter
	flush *http.ResponseController
	log   *zap.Logger
	note  func(context.Context, []retrieval.Lack) // of an answer: told what its search did without
	gone  bool                                    // the client has left
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

// send writes one event; the id may be empty. JSON goes without escapes for HTML, on one line.
func (e *events) send(id, name string, data any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		e.log.Error("encode event", zap.String("event", name), zap.Error(err))
		return
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	e.raw(fmt.Sprintf("%sevent: %s\ndata: %s\n\n", id, name, bytes.TrimSpace(b.Bytes())))
}

func (e *events) raw(s string) {
	if e.gone {
		return
	}
	if _, err := io.WriteString(e.w, s); err != nil || e.flush.Flush() != nil {
		e.gone = true
	}
}

// answer sends the pieces of an answer, and comments while none comes, until it ends or the client has left.
func (e *events) answer(ctx context.Context, run *chat.Run, l *chat.Listener, may *recheck) {
	for !e.gone {
		beat, cancel := context.WithTimeout(ctx, may.opts.Heartbeat)
		p, no, err := l.Next(beat)
		idle := beat.Err() != nil
		cancel()
		if err == nil {
			err = may.check(ctx, run.Documents())
		}
		switch {
		case err == nil:
			e.note(ctx, p.Degraded)
			e.piece(eventID(run.ID, no), p)
		case ctx.Err() != nil || errors.Is(err, io.EOF):
			return
		case idle && errors.Is(err, context.DeadlineExceeded): // otherwise it is the model's, which has given up
			e.raw(": keep-alive\n\n")
		default:
			e.log.Warn("stream broke off", zap.Error(err))
			p := brokenOff(err)
			e.send("", "error", errorEvent{p.Detail, p.Code, p.Reason})
			return
		}
	}
}

func (e *events) piece(id string, p chat.Piece) {
	switch {
	case p.Done != nil:
		// The event before done carries no id, so that whoever got only the first of the two gets both again.
		e.send("", "citations", citationsEvent{
			Citations: citationsRes(p.Done.Citations), Grounded: p.Done.Grounded, Evidence: p.Done.Evidence,
			Refused: p.Done.Refused, Sentences: sentencesRes(p.Done.Sentences), Policy: string(p.Done.Policy),
		})
		e.send(id, "done", doneEvent{
			Answer: p.Done.Text, ConversationID: p.Done.Conversation.String(), MessageID: p.Done.ID, Cut: p.Done.Cut,
		})
	case p.Text != "":
		e.send(id, "token", tokenEvent{p.Text})
	default:
		sources := make([]sourceEvent, len(p.Sources))
		for i, h := range p.Sources {
			content := []rune(h.Text)
			sources[i] = sourceEvent{
				ChunkID: h.ID, DocumentID: h.Document, DocumentTitle: h.Title, Page: h.PageFrom, Marker: i + 1, RiskRes: riskRes(h.Verdict, h.Suspicious),
				Content: string(content[:min(len(content), previewChars)]),
			}
		}
		e.send(id, "sources", sourcesEvent{Sources: sources, DegradedRes: degradedRes(p.Degraded)})
	}
}
