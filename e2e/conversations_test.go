package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// said is a message of a conversation.
type said struct {
	ID, Role, Content string
	Erased            bool
	Citations         []citation
}

type talk struct{ ID, Title string }

func (l *library) messages(t *testing.T, conversation string) []said {
	t.Helper()
	return expect[struct{ Messages []said }](t, l.client, http.StatusOK, "GET", l.path("/conversations/"+conversation+"/messages"), nil).Messages
}

// goOn asks in a conversation and returns the whole response.
func (l *library) goOn(t *testing.T, conversation, question string) (a struct {
	answer

	MessageID string `json:"message_id"`
	Trace     struct {
		Rewrite struct {
			Query   string `json:"rewritten_query"`
			Applied bool   `json:"rewrite_applied"`
		}
	}
},
) {
	t.Helper()
	in := map[string]any{"query": question, "conversation_id": conversation, "trace": true}
	r := l.do(t, "POST", l.path("/ask"), in)
	if err := json.Unmarshal(r.body, &a); r.status != http.StatusOK || err != nil {
		t.Fatalf("ask = %d %s", r.status, r.body)
	}
	return a
}

func TestAConversationGoesOnIsRatedAndOutlivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.http(t)
	l := first.admin(t).library(t, "talk")
	l.add(t, testdata(t, "handbook-en.pdf"))
	a := l.goOn(t, "", "How many days of annual leave can be carried into the next year?")
	b := l.goOn(t, a.ConversationID, "When do they expire?")
	if b.ConversationID != a.ConversationID || !strings.Contains(b.Answer, "31 March") || !b.Trace.Rewrite.Applied {
		t.Errorf("the follow-up, searched for as %q, is answered with %q", b.Trace.Rewrite.Query, b.Answer)
	}
	first.stop(t)
	again := w.http(t)
	l = l.as(again.admin(t))
	talks := expect[struct{ Conversations []talk }](t, l.client, http.StatusOK, "GET", l.path("/conversations"), nil).Conversations
	if len(talks) != 1 || talks[0].ID != a.ConversationID || !strings.HasPrefix(talks[0].Title, "How many days") {
		t.Errorf("after a restart the conversations are %+v", talks)
	}
	m := l.messages(t, a.ConversationID)
	if len(m) != 4 || m[3].Content != b.Answer || m[3].ID != b.MessageID || len(m[3].Citations) == 0 {
		t.Errorf("after a restart the messages are %+v", m)
	}
	rated := l.path("/conversations/" + a.ConversationID + "/messages/" + b.MessageID + "/feedback")
	expect[any](t, l.client, http.StatusOK, "PUT", rated, map[string]any{"vote": "down", "comment": "too long", "tags": []string{"style"}})
	expect[any](t, l.client, http.StatusOK, "PUT", rated, map[string]any{"vote": "up"})
	records := expect[struct {
		Records []struct {
			Query  string
			Rating string
		}
	}](t, l.client, http.StatusOK, "GET", "/v1/admin/answers?rating=up", nil).Records
	if len(records) != 1 || records[0].Query != "When do they expire?" {
		t.Errorf("the answers that were liked are %+v", records)
	}
	expect[any](t, l.client, http.StatusOK, "PATCH", l.path("/conversations/"+a.ConversationID), map[string]any{"title": "Leave"})
	expect[any](t, l.client, http.StatusOK, "DELETE", l.path("/conversations/"+a.ConversationID), nil)
	refused(t, l.client, http.StatusNotFound, "GET", l.path("/conversations/"+a.ConversationID+"/messages"), nil)
}

func TestADeletedDocumentTakesTheAnswersMadeFromItAlong(t *testing.T) {
	t.Parallel()
	l := start(t, "DOCUMENT_RESTORE_WINDOW=0").admin(t).library(t, "talk")
	d := l.add(t, testdata(t, "visitors-en.md"))[0]
	a := l.goOn(t, "", "How much does a lost badge cost?")
	if !strings.Contains(a.Answer, "12 pounds") {
		t.Fatalf("the answer is %q", a.Answer)
	}
	l.delete(t, d.ID)
	eventually(t, "the words of the answer are gone", func() bool {
		m := l.messages(t, a.ConversationID)
		return len(m) == 2 && m[1].Erased && m[1].Content == "" && len(m[1].Citations) == 0
	})
	export := l.do(t, "GET", "/v1/admin/answers/export", nil)
	if strings.Contains(string(export.body), "12 pounds") || !strings.Contains(string(export.body), "lost badge") {
		t.Errorf("the record still says %s", export.body)
	}
}
