package chat

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Conversation is what one owner asked in one workspace.
type Conversation struct {
	ID        uuid.UUID
	Workspace workspace.ID
	Owner     string // the actor, as in events
	Title     string // empty until it is named, or its first question names it
	CreatedAt time.Time
	UpdatedAt time.Time // of its last message or renaming
}

// Message is one turn of a conversation. The words of an answer are those of the documents that it was made from, and are
// treated like them: Withheld as long as its reader may not read one of these, be it deleted or restricted since, and shown again
// once they may; Erased for good when one of them is purged.
type Message struct {
	ID        uuid.UUID
	Role      llm.Role // RoleUser or RoleAssistant
	Text      string
	Time      time.Time
	Citations []Citation // of an answer
	Erased    bool       // text and citations are gone, because a document that the answer was made from is
	Withheld  bool       // text and some citations are not shown, because a document that the answer was made from can't be read now
}

// Exchange is a question with its answer.
type Exchange struct {
	Conversation uuid.UUID
	Owner        string // the actor, as in events
	Title        string // of the conversation, should it have none
	Continues    bool   // a conversation that there was when the question was asked; it is not made anew should it be gone
	Messages     []Message
	Documents    []document.ID // that the last message was made from; should one of them go, so do the words of the message
	Record       *Record       // of the answer; nil keeps none
}

// maxTitle is the longest title of a conversation, in characters.
const maxTitle = 200

// Create begins a conversation; a blank title is left to its first question. The actor needs the permission
// identity.QueryAsk and the right to read the workspace, as for everything about conversations. fault.Invalid on a long title.
func (s *Service) Create(ctx context.Context, a identity.Actor, ws workspace.ID, title string) (Conversation, error) {
	scope, err := s.conversing(ctx, a, ws)
	if err != nil {
		return Conversation{}, err
	}
	if title = strings.TrimSpace(title); title != "" {
		if title, err = checkTitle(title); err != nil {
			return Conversation{}, err
		}
	}
	now := s.opts.Now()
	c := Conversation{ID: uuid.Must(uuid.NewV7()), Workspace: ws, Owner: a.String(), Title: title, CreatedAt: now, UpdatedAt: now}
	return c, s.store.Create(ctx, scope, c)
}

// Conversations lists the actor's own conversations in a workspace, the last touched first.
func (s *Service) Conversations(ctx context.Context, a identity.Actor, ws workspace.ID, p Page) ([]Conversation, error) {
	scope, err := s.conversing(ctx, a, ws)
	if err != nil {
		return nil, err
	}
	return s.store.List(ctx, scope, a.String(), p)
}

// Conversation returns one of the actor's own conversations. fault.NotFound when they have none of that id in the workspace.
func (s *Service) Conversation(ctx context.Context, a identity.Actor, ws workspace.ID, id uuid.UUID) (Conversation, error) {
	scope, err := s.conversing(ctx, a, ws)
	if err != nil {
		return Conversation{}, err
	}
	return s.store.Conversation(ctx, scope, a.String(), id)
}

// Messages returns a page of one of the actor's own conversations, oldest first, the page that is asked for first being the
// newest. What was made from documents that the actor may not read now is withheld. fault.NotFound as in Conversation.
func (s *Service) Messages(ctx context.Context, a identity.Actor, ws workspace.ID, id uuid.UUID, p MessagePage) ([]Message, error) {
	scope, err := s.conversing(ctx, a, ws)
	if err != nil {
		return nil, err
	}
	return s.store.Messages(ctx, scope, a.String(), id, p)
}

// Rename gives one of the actor's own conversations another title. fault.Invalid on the field title when it is blank or too
// long, fault.NotFound as in Conversation.
func (s *Service) Rename(ctx context.Context, a identity.Actor, ws workspace.ID, id uuid.UUID, title string) (Conversation, error) {
	scope, err := s.conversing(ctx, a, ws)
	if err != nil {
		return Conversation{}, err
	}
	if title, err = checkTitle(title); err != nil {
		return Conversation{}, err
	}
	return s.store.Rename(ctx, scope, Conversation{ID: id, Owner: a.String(), Title: title, UpdatedAt: s.opts.Now()})
}

// Delete removes one of the actor's own conversations with all of its messages, for good. fault.NotFound as in Conversation.
func (s *Service) Delete(ctx context.Context, a identity.Actor, ws workspace.ID, id uuid.UUID) error {
	scope, err := s.conversing(ctx, a, ws)
	if err != nil {
		return err
	}
	e := event.New("chat.conversation.delete", a.String(), s.opts.Now(), nil).In(ws, id.String())
	return s.store.Delete(ctx, scope, a.String(), id, e)
}

// Forget removes everything that a user has asked, in all workspaces, for good, and says how many conversations that were. It
// is for users who leave: what is kept of the answers loses who asked, and all words. The actor needs the permission identity.AdminConfig, without limits to workspaces.
func (s *Service) Forget(ctx context.Context, a identity.Actor, user uuid.UUID) (int, error) {
	if !a.Can(identity.AdminConfig) || len(a.Workspaces) > 0 {
		return 0, fault.Denied.Errorf("you may not delete what others have asked")
	}
	owner := identity.Actor{Kind: identity.Person, User: user}.String()
	e := event.New("admin.conversations.forget", a.String(), s.opts.Now(), map[string]any{"user_id": user})
	return s.store.Forget(ctx, owner, e)
}

// conversing settles who may deal with conversations in a workspace at all: whoever may ask questions there.
func (s *Service) conversing(ctx context.Context, a identity.Actor, ws workspace.ID) (workspace.Scope, error) {
	if !a.Can(identity.QueryAsk) {
		return workspace.Scope{}, fault.Denied.Errorf("you may not ask questions")
	}
	return s.workspaces.Reading(ctx, a, ws)
}

func checkTitle(raw string) (string, error) {
	title := strings.TrimSpace(raw)
	if title == "" {
		return "", fault.Field("title", "must not be blank")
	}
	return title, checkText("title", title, maxTitle)
}
