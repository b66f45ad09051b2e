package httpapi_test

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
)

// halting is a model that says the first half of an answer, and the second when it is told to go on.
type halting struct {
	reached chan struct{} // gets one from every answer that has come half way
	goOn    chan struct{} // closed: to the end
}

func (halting) Model() string { return "halting" }

func (h halting) Generate(ctx context.Context, _ llm.Request) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) {
		if !yield(llm.Piece{Text: "The code of the vault "}, nil) {
			return
		}
		h.reached <- struct{}{}
		select {
		case <-h.goOn:
			yield(llm.Piece{Text: "is kept under the " + secondHalf + " [1]."}, nil)
		case <-ctx.Done():
			yield(llm.Piece{}, ctx.Err())
		}
	}
}

// secondHalf is the word by which the second half of an answer is known.
const secondHalf = "eglantine"

func TestAnAnswerEndsForWhoMayNotReadItAnyMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		session, key bool // who still may read the answer
		lose         func(w *world, key identity.Key) error
	}{
		"nothing happens": {true, true, func(*world, identity.Key) error { return nil }},
		"the time of the session is over": {true, true, func(w *world, _ identity.Key) error {
			w.pass(365 * 24 * time.Hour)
			return nil
		}},
		"the document is for administrators": {false, true, func(w *world, _ identity.Key) error {
			w.want(200, "PATCH", w.documentPath(w.mine, ""), w.as(w.admin), map[string]any{"metadata": map[string]any{"allowed_roles": []string{"admin"}}})
			return nil
		}},
		"the document is deleted": {false, false, func(w *world, _ identity.Key) error {
			return w.app.Documents.Delete(w.Context(), identity.System, w.mine.workspace, w.mine.document)
		}},
		"the workspace is archived": {false, false, func(w *world, _ identity.Key) error {
			_, err := w.app.Workspaces.Archive(w.Context(), identity.System, w.mine.workspace)
			return err
		}},
		"the member is removed": {false, true, func(w *world, _ identity.Key) error {
			_, err := w.app.Workspaces.Share(w.Context(), identity.System, w.mine.workspace, []uuid.UUID{w.spare.ID})
			return err
		}},
		"the user is disabled": {false, true, func(w *world, _ identity.Key) error {
			_, err := w.app.Accounts.Disable(w.Context(), identity.System, w.member.ID)
			return err
		}},
		"the user is deleted": {false, true, func(w *world, _ identity.Key) error {
			return w.app.Accounts.DeleteUser(w.Context(), identity.System, w.member.ID)
		}},
		"the key is revoked": {true, false, func(w *world, key identity.Key) error {
			return w.app.Accounts.RevokeKey(w.Context(), identity.System, key.ID)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			model := halting{reached: make(chan struct{}), goOn: make(chan struct{})}
			w := newAnsweringWorld(t, model, chat.Options{}, func(o *httpapi.Options) { o.Recheck = 1 })
			key, secret := w.key(identity.KeyDraft{Permissions: []identity.Permission{identity.QueryAsk, identity.QueryStream}, Workspaces: []uuid.UUID{w.mine.workspace}})
			var all sync.WaitGroup
			asks := func(who credential, keeps bool) {
				const question = "Where is the code of the vault?"
				completion := map[string]any{"model": w.mine.workspace.String(), "messages": []map[string]string{{"role": "user", "content": question}}}
				streamed := maps.Clone(completion)
				streamed["stream"] = true
				for _, r := range []*http.Request{
					w.request("POST", w.path(w.mine, "/ask"), who, map[string]any{"query": question}),
					w.request("POST", w.path(w.mine, "/ask/stream"), who, map[string]any{"query": question}),
					w.request("POST", "/v1/chat/completions", who, completion),
					w.request("POST", "/v1/chat/completions", who, streamed),
				} {
					all.Go(func() {
						if got := w.send(r); strings.Contains(got.body, secondHalf) != keeps {
							t.Errorf("%s with %s: %d, %s, want the rest of the answer: %v", r.URL, who.header, got.status, got.body, keeps)
						}
					})
					<-model.reached
				}
			}
			asks(w.as(w.member), c.session)
			asks(secret, c.key)
			w.must(c.lose(w, key))
			close(model.goOn)
			all.Wait()
		})
	}
}
