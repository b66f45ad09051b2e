package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
)

// FeedbackReq is what the caller thinks of an answer.
type FeedbackReq struct {
	Vote    string   `json:"vote" enum:"up,down,neutral"`
	Comment string   `json:"comment,omitempty" doc:"At most 2,000 characters."`
	Tags    []string `json:"tags,omitempty" maxItems:"20" doc:"Such as wrong, incomplete, outdated; each at most 50 characters."`
}

// FeedbackRes is what the caller has said about an answer.
type FeedbackRes struct {
	Vote      string    `json:"vote" enum:"up,down,neutral"`
	Comment   string    `json:"comment"`
	Tags      []string  `json:"tags" nullable:"false"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// MessagePath names a message.
type MessagePath struct {
	ConversationPath

	MessageID uuid.UUID `path:"message_id" format:"uuid"`
}

func (p MessagePath) place() chat.Place {
	return chat.Place{Workspace: p.WorkspaceID, Conversation: p.ConversationID, Message: p.MessageID}
}

func (s *Server) feedback() {
	const url = conversationsURL + "/{conversation_id}/messages/{message_id}/feedback"
	asker, tags := access{permission: identity.QueryAsk}, []string{"conversations"}
	both(s, huma.Operation{
		OperationID: "rate_answer", Method: http.MethodPut, Path: url, Tags: tags, Summary: "Say what one thinks of an answer, again if need be",
	}, asker, func(ctx context.Context, in *struct {
		MessagePath

		Body FeedbackReq
	},
	) (*body[FeedbackRes], error) {
		f, err := s.app.Chat.Rate(ctx, actorOf(ctx), in.place(), chat.Feedback{
			Vote: chat.Vote(in.Body.Vote), Comment: in.Body.Comment, Tags: in.Body.Tags,
		})
		return &body[FeedbackRes]{feedbackRes(f)}, err
	})
	both(s, huma.Operation{
		OperationID: "get_rating", Method: http.MethodGet, Path: url, Tags: tags, Summary: "Read what one has said about an answer",
	}, asker, func(ctx context.Context, in *MessagePath) (*body[FeedbackRes], error) {
		f, err := s.app.Chat.Rating(ctx, actorOf(ctx), in.place())
		return &body[FeedbackRes]{feedbackRes(f)}, err
	})
	both(s, huma.Operation{
		OperationID: "unrate_answer", Method: http.MethodDelete, Path: url, Tags: tags, Summary: "Take back what one has said about an answer",
	}, asker, func(ctx context.Context, in *MessagePath) (*body[DeletedRes], error) {
		err := s.app.Chat.Unrate(ctx, actorOf(ctx), in.place())
		return &body[DeletedRes]{DeletedRes{Deleted: err == nil}}, err
	})
}

func feedbackRes(f chat.Feedback) FeedbackRes {
	return FeedbackRes{
		Vote: string(f.Vote), Comment: f.Comment, Tags: append([]string{}, f.Tags...), CreatedAt: f.CreatedAt, UpdatedAt: f.UpdatedAt,
	}
}
