package httpapi

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
)

// recheck sees to it that an answer which takes its time ends for whoever may not read it any more: an account may be disabled
// meanwhile, a key revoked, a member removed, a document deleted.
type recheck struct {
	*Server

	workspace uuid.UUID
	checked   time.Time
}

func (s *Server) recheck(ws uuid.UUID) *recheck {
	return &recheck{Server: s, workspace: ws, checked: time.Now()}
}

// check returns why the caller may not read what is made from these documents any more. What was checked a moment ago holds still.
func (w *recheck) check(ctx context.Context, ids []document.ID) error {
	if time.Since(w.checked) < w.opts.Recheck {
		return nil
	}
	a, err := knownOf(ctx).again(ctx)
	if err == nil {
		err = w.app.Chat.MayRead(ctx, a, w.workspace, ids)
	}
	w.checked = time.Now()
	return err
}

// again finds out anew who makes a request of which that is known already.
func (s *Server) again(ctx context.Context, need access, k *known, read func() (identity.Actor, error)) (a identity.Actor, err error) {
	if k.user.ID != uuid.Nil {
		a, _, err = s.app.Accounts.Reauthenticate(ctx, k.user)
	} else {
		a, err = read()
	}
	if err == nil && !a.Can(need.permission) {
		err = fault.Denied.Errorf("you lack the permission or scope %s", need.permission)
	}
	return a, err
}

// documentsOf are the documents of these passages, each once.
func documentsOf(sources []retrieval.Hit) []document.ID {
	var ids []document.ID
	for _, h := range sources {
		if !slices.Contains(ids, h.Document) {
			ids = append(ids, h.Document)
		}
	}
	return ids
}

// answer is chat.Service.Ask, for those who may still read the answer when it is there.
func (s *Server) answer(ctx context.Context, q chat.Question) (chat.Answer, error) {
	w := s.recheck(q.Workspace)
	a, err := s.app.Chat.Ask(ctx, actorOf(ctx), q)
	if err == nil {
		err = w.check(ctx, documentsOf(a.Sources))
	}
	return a, err
}
