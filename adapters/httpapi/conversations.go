package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
)

// ConversationRes is a conversation of the caller's.
type ConversationRes struct {
	ID        uuid.UUID `json:"id" format:"uuid" doc:"Pass it as conversation_id to go on with it."`
	Title     string    `json:"title" doc:"Empty until it is named, or its first question names it."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// ConversationsRes is a page of conversations.
type ConversationsRes struct {
	Conversations []ConversationRes `json:"conversations" nullable:"false"`
	NextCursor    *string           `json:"next_cursor" doc:"Pass it as cursor to get the next page; null on the last one."`
}

// MessageRes is one turn of a conversation.
type MessageRes struct {
	ID        uuid.UUID     `json:"id" format:"uuid"`
	Role      string        `json:"role" enum:"user,assistant"`
	Content   string        `json:"content"`
	Citations []CitationRes `json:"citations" nullable:"false"`
	Erased    bool          `json:"erased" doc:"The words are gone, because a document that the answer was made from is."`
	Withheld  bool          `json:"withheld" doc:"The words are not shown, because the caller may not read a document that the answer was made from, or it is deleted."`
	CreatedAt time.Time     `json:"created_at"`
}

// MessagesRes is a page of messages, oldest first; the first page has the newest.
type MessagesRes struct {
	Messages   []MessageRes `json:"messages" nullable:"false"`
	NextCursor *string      `json:"next_cursor" doc:"Pass it as cursor to get older messages; null when there are none."`
}

// CreateConversationReq is a conversation to be.
type CreateConversationReq struct {
	Title string `json:"title,omitempty" doc:"Blank: the first question names it."`
}

// RenameConversationReq is another title.
type RenameConversationReq struct {
	Title string `json:"title" minLength:"1"`
}

// ConversationPath names a conversation.
type ConversationPath struct {
	WorkspacePath

	ConversationID uuid.UUID `path:"conversation_id" format:"uuid"`
}

const conversationsURL = workspaceURL + "/conversations"

func (s *Server) conversations() {
	asker, tags := access{permission: identity.QueryAsk}, []string{"conversations"}
	both(s, huma.Operation{
		OperationID: "list_conversations", Method: http.MethodGet, Path: conversationsURL, Tags: tags,
		Summary: "List the caller's own conversations, the last touched first",
	}, asker, s.listConversations)
	both(s, huma.Operation{
		OperationID: "create_conversation", Method: http.MethodPost, Path: conversationsURL, Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Begin a conversation; asking without one does so, too",
	}, asker, func(ctx context.Context, in *struct {
		WorkspacePath

		Body CreateConversationReq
	},
	) (*body[ConversationRes], error) {
		c, err := s.app.Chat.Create(ctx, actorOf(ctx), in.WorkspaceID, in.Body.Title)
		return &body[ConversationRes]{conversationRes(c)}, err
	})
	both(s, huma.Operation{
		OperationID: "get_conversation", Method: http.MethodGet, Path: conversationsURL + "/{conversation_id}", Tags: tags,
		Summary: "Read one of the caller's own conversations",
	}, asker, func(ctx context.Context, in *ConversationPath) (*body[ConversationRes], error) {
		c, err := s.app.Chat.Conversation(ctx, actorOf(ctx), in.WorkspaceID, in.ConversationID)
		return &body[ConversationRes]{conversationRes(c)}, err
	})
	both(s, huma.Operation{
		OperationID: "list_messages", Method: http.MethodGet, Path: conversationsURL + "/{conversation_id}/messages", Tags: tags,
		Summary: "Read the messages of a conversation, page by page from the newest back",
	}, asker, s.listMessages)
	s.conversationChanges(asker, tags)
}

func (s *Server) conversationChanges(asker access, tags []string) {
	both(s, huma.Operation{
		OperationID: "rename_conversation", Method: http.MethodPatch, Path: conversationsURL + "/{conversation_id}", Tags: tags,
		Summary: "Give a conversation another title",
	}, asker, func(ctx context.Context, in *struct {
		ConversationPath

		Body RenameConversationReq
	},
	) (*body[ConversationRes], error) {
		c, err := s.app.Chat.Rename(ctx, actorOf(ctx), in.WorkspaceID, in.ConversationID, in.Body.Title)
		return &body[ConversationRes]{conversationRes(c)}, err
	})
	both(s, huma.Operation{
		OperationID: "delete_conversation", Method: http.MethodDelete, Path: conversationsURL + "/{conversation_id}", Tags: tags,
		Summary: "Delete a conversation with its messages, for good",
	}, asker, func(ctx context.Context, in *ConversationPath) (*body[DeletedRes], error) {
		err := s.app.Chat.Delete(ctx, actorOf(ctx), in.WorkspaceID, in.ConversationID)
		return &body[DeletedRes]{DeletedRes{Deleted: err == nil}}, err
	})
	both(s, huma.Operation{
		OperationID: "forget_user", Method: http.MethodDelete, Path: "/admin/users/{user_id}/conversations", Tags: tags,
		Summary: "Delete everything that a user has asked, in all workspaces, for good",
	}, access{permission: identity.AdminConfig}, func(ctx context.Context, in *UserPath) (*body[ForgottenRes], error) {
		n, err := s.app.Chat.Forget(ctx, actorOf(ctx), in.UserID)
		return &body[ForgottenRes]{ForgottenRes{Conversations: n}}, err
	})
}

// ForgottenRes says what was deleted.
type ForgottenRes struct {
	Conversations int `json:"conversations" doc:"How many were deleted."`
}

func (s *Server) listConversations(ctx context.Context, in *struct {
	WorkspacePath

	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"500"`
},
) (*body[ConversationsRes], error) {
	after, err := decodePosition(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.app.Chat.Conversations(ctx, actorOf(ctx), in.WorkspaceID, chat.Page{
		After: chat.Position{UpdatedAt: after.CreatedAt, ID: after.ID}, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	out := ConversationsRes{Conversations: []ConversationRes{}}
	for i, c := range found {
		if i == in.Limit {
			out.NextCursor = encodeMoment(found[i-1].UpdatedAt, found[i-1].ID)
			break
		}
		out.Conversations = append(out.Conversations, conversationRes(c))
	}
	return &body[ConversationsRes]{out}, nil
}

func (s *Server) listMessages(ctx context.Context, in *struct {
	ConversationPath

	Limit  int       `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor uuid.UUID `query:"cursor" format:"uuid"`
},
) (*body[MessagesRes], error) {
	found, err := s.app.Chat.Messages(ctx, actorOf(ctx), in.WorkspaceID, in.ConversationID, chat.MessagePage{
		Before: in.Cursor, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	out := MessagesRes{Messages: []MessageRes{}}
	if len(found) > in.Limit { // the oldest only says that there are more
		found = found[1:]
		cursor := found[0].ID.String()
		out.NextCursor = &cursor
	}
	for _, m := range found {
		out.Messages = append(out.Messages, messageRes(m))
	}
	return &body[MessagesRes]{out}, nil
}

func conversationRes(c chat.Conversation) ConversationRes {
	return ConversationRes{ID: c.ID, Title: c.Title, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt}
}

func messageRes(m chat.Message) MessageRes {
	return MessageRes{
		ID: m.ID, Role: string(m.Role), Content: m.Text, Citations: citationsRes(m.Citations), Erased: m.Erased, Withheld: m.Withheld,
		CreatedAt: m.Time,
	}
}

// encodeMoment is a place in a list that is ordered by a time, ties by id.
func encodeMoment(at time.Time, id uuid.UUID) *string {
	raw, err := json.Marshal(positionJSON{at.UnixMicro(), id})
	if err != nil {
		return nil // not reachable: the struct always marshals
	}
	token := base64.RawURLEncoding.EncodeToString(raw)
	return &token
}
