package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// ChunkRes is a part of an answer as OpenAI streams it.
type ChunkRes struct {
	ID      string           `json:"id"`
	Object  string           `json:"object"`
	Created int64            `json:"created"`
	Model   string           `json:"model"`
	Choices []chunkChoice    `json:"choices" nullable:"false"`
	Usage   *CompletionUsage `json:"usage,omitempty"`
}

// lastChunkRes is the part that ends an answer.
type lastChunkRes struct {
	ChunkRes
	CompletionExtras
}

// chunkError says that an answer broke off.
type chunkError struct {
	Error *OpenAIError `json:"error"`
}

type chunkChoice struct {
	Index        int        `json:"index"`
	Delta        chunkDelta `json:"delta"`
	FinishReason *string    `json:"finish_reason"`
}

type chunkDelta struct {
	Role    string `json:"role,omitempty"`
	Content string `json:"content,omitempty"`
}

func (c *completion) chunk(choices ...chunkChoice) ChunkRes {
	return ChunkRes{ID: c.id, Object: "chat.completion.chunk", Created: c.created, Model: c.model, Choices: append([]chunkChoice{}, choices...)}
}

// streamCompletion answers part by part. What can be refused is refused before the stream begins.
func (s *Server) streamCompletion(ctx context.Context, c *completion, q chat.Question) (*huma.StreamResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	next, stop := iter.Pull2(s.app.Chat.Stream(ctx, actorOf(ctx), q))
	first, err, ok := next()
	if err != nil || !ok {
		stop()
		cancel()
		return nil, err
	}
	s.noteDegraded(ctx, first.Degraded)
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer stop()
		defer cancel()
		_, w := humago.Unwrap(hctx)
		e := &events{w: w, flush: http.NewResponseController(w), log: s.log}
		e.begin()
		c.send(e, first)
		may, documents := s.recheck(q.Workspace), documentsOf(first.Sources)
		e.relay(ctx, cancel, next, s.opts.Heartbeat, func(p chat.Piece, err error) {
			if err == nil {
				err = may.check(ctx, documents)
			}
			if err == nil {
				c.send(e, p)
				return
			}
			defer cancel()
			s.log.Warn("stream broke off", zap.Error(err))
			why := brokenOff(err)
			e.line(chunkError{openAIError(why.Status, why.Detail)})
		})
	}}, nil
}

// send writes a piece of an answer: first the role, then texts, at last why it ended, with the citations.
func (c *completion) send(e *events, p chat.Piece) {
	switch {
	case p.Done != nil:
		stop := finishReason(*p.Done)
		e.line(lastChunkRes{c.chunk(chunkChoice{FinishReason: &stop}), extrasRes(*p.Done)})
		if u := usageRes(p.Done.Usage); c.usage && u != nil {
			last := c.chunk()
			last.Usage = u
			e.line(last)
		}
		e.raw("data: " + lastWord + "\n\n")
	case p.Text != "":
		e.line(c.chunk(chunkChoice{Delta: chunkDelta{Content: p.Text}}))
	default:
		e.line(c.chunk(chunkChoice{Delta: chunkDelta{Role: string(llm.RoleAssistant)}}))
	}
}

// line writes an event that has no name.
func (e *events) line(data any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		e.log.Error("encode event", zap.Error(err))
		return
	}
	e.raw("data: " + string(bytes.TrimSpace(b.Bytes())) + "\n\n")
}

// element is one step of an answer.
type element struct {
	piece chat.Piece
	err   error
	over  bool // there was none
}

// pull takes the next element. A panic is one that failed.
func pull(next func() (chat.Piece, error, bool)) (el element) {
	defer fault.Recover(&el.err)
	piece, err, ok := next()
	return element{piece, err, !ok}
}

// relay hands on what next gives, and keeps the connection open while it gives nothing. It returns when next has ended; a client
// that leaves cancels it, and hears of no error.
func (e *events) relay(
	ctx context.Context, cancel context.CancelFunc, next func() (chat.Piece, error, bool), heartbeat time.Duration, hand func(chat.Piece, error),
) {
	pieces := make(chan element)
	go func() {
		defer close(pieces)
		for {
			el := pull(next)
			if el.over {
				return
			}
			pieces <- el
			if el.err != nil {
				return
			}
		}
	}()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case el, open := <-pieces:
			if !open {
				return
			}
			if el.err == nil || ctx.Err() == nil {
				hand(el.piece, el.err)
			}
		case <-tick.C:
			e.raw(": keep-alive\n\n")
		}
		if e.gone {
			cancel()
		}
	}
}
