package httpapi_test

import (
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
)

// A member asked about a document; what becomes of the document decides what the conversation tells about it.
func TestAnOldConversationTellsNothingOfWhatItsOwnerMayNotReadAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who, admin := w.as(w.member), w.as(w.admin)
	a, err := w.app.Chat.Ask(t.Context(), identity.Actor{Kind: identity.Person, User: w.member.ID, Role: w.member.Role},
		chat.Question{Workspace: w.mine.workspace, Text: "Where is the code of the vault?"})
	w.must(err)
	url := w.path(w.mine, "/conversations/"+a.Conversation.String()+"/messages")
	read := func(when string, want bool) {
		t.Helper()
		r := w.want(200, "GET", url, who, nil)
		answer := decode[httpapi.MessagesRes](t, r).Messages[1]
		if tells := strings.Contains(r.body, mineWord); tells != want || answer.Withheld == want || len(answer.Citations) != 1 ||
			answer.Citations[0].Withheld == want || answer.Citations[0].DocumentID != w.mine.document {
			t.Errorf("%s the conversation is %s", when, r.body)
		}
	}
	read("at first", true)
	w.want(200, "PATCH", w.documentPath(w.mine, ""), admin, map[string]any{"metadata": map[string]any{"allowed_roles": []string{"admin"}}})
	read("with a document for administrators", false)
	w.want(200, "PATCH", w.documentPath(w.mine, ""), admin, map[string]any{"metadata": map[string]any{}})
	read("with a document for everybody", true)
	w.want(200, "DELETE", w.documentPath(w.mine, ""), admin, nil)
	read("with a deleted document", false)
	w.want(200, "POST", w.documentPath(w.mine, "/restore"), admin, nil)
	read("with a restored document", true)
	w.want(200, "POST", w.path(w.mine, "/publish"), admin, nil)
	w.want(200, "POST", w.path(w.mine, "/unpublish"), admin, nil)
	if r := w.want(403, "GET", url, who, nil); strings.Contains(r.body, mineWord) {
		t.Errorf("a private workspace tells %s", r.body)
	}
}
