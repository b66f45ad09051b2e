package chat_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
)

// leaver is somebody with a conversation, and with another question to which the answer is on its way.
type leaver struct {
	*stage

	store        *sqlstore.Store
	conversation uuid.UUID
	listener     *chat.Listener
}

// leaving has an actor that prepare makes ask twice; with apart, the caller keeps the conversation.
func leaving(t *testing.T, prepare func(*leaver), apart bool) *leaver {
	t.Helper()
	l := &leaver{stage: &stage{T: t, tap: newTap()}, store: open(t)}
	l.app, l.ws = worldOn(t, l.store, l.tap, core.Options{})
	t.Cleanup(l.app.Close)
	prepare(l)
	c, err := l.app.Chat.Create(t.Context(), l.actor, l.ws, "Trains")
	must(t, err)
	l.conversation = c.ID
	q := chat.Question{Workspace: l.ws, Text: "Who books trains?", Conversation: c.ID}
	if apart {
		q.History = []chat.Message{}
	}
	l.run, err = l.app.Chat.Begin(t.Context(), l.actor, q)
	must(t, err)
	l.listener = l.listen(0)
	t.Cleanup(l.listener.Leave)
	l.tap.words <- "Trains are booked"
	l.wants(l.listener, "1 sources", "2 Trains are booked")
	return l
}

// finishes has the answer come to its end, which must not fail for whoever reads it.
func (l *leaver) finishes() {
	l.Helper()
	l.tap.words <- " by the travel desk [1]."
	close(l.tap.words)
	for p, _, err := l.listener.Next(l.Context()); !errors.Is(err, io.EOF); p, _, err = l.listener.Next(l.Context()) {
		must(l.T, err)
		if p.Done != nil && !p.Done.Grounded {
			l.Errorf("the answer is %+v", p.Done)
		}
	}
}

// left says how many conversations of the actor, and how many records with and without the actor's name there are.
func (l *leaver) left() (conversations, named, nameless int) {
	l.Helper()
	scope, err := l.app.Workspaces.Reading(l.Context(), identity.System, l.ws)
	must(l.T, err)
	list, err := l.store.Conversations().List(l.Context(), scope, l.actor.String(), chat.Page{Limit: 9})
	must(l.T, err)
	records, err := l.store.Conversations().Records(l.Context(), chat.RecordSearch{Limit: 9})
	must(l.T, err)
	for _, r := range records {
		if r.Actor == l.actor.String() {
			named++
		} else {
			nameless++
		}
	}
	return len(list), named, nameless
}

func (l *leaver) person() {
	u := identity.User{ID: uuid.New(), Email: "eva@example.org", Role: identity.Admin, Active: true}
	must(l.T, l.store.Users().Create(l.Context(), u))
	boss := identity.User{ID: uuid.New(), Email: "boss@example.org", Role: identity.Admin, Active: true}
	must(l.T, l.store.Users().Create(l.Context(), boss))
	l.actor = identity.Actor{Kind: identity.Person, User: u.ID, Role: u.Role}
}

// key is an API key of a person.
func (l *leaver) key() {
	l.person()
	k := identity.Key{ID: uuid.New(), Name: "k", Hash: "h", Permissions: []identity.Permission{identity.Everything}, CreatedBy: l.actor.String()}
	must(l.T, l.store.Keys().Create(l.Context(), k))
	l.actor = identity.Actor{Kind: identity.ServiceActor, User: l.actor.User, Key: k.ID.String(), Permissions: k.Permissions}
}

func TestOfWhoLeavesWhileTheAnswerRunsNothingIsStored(t *testing.T) {
	t.Parallel()
	remove := func(l *leaver) error { return l.app.Accounts.DeleteUser(l.Context(), identity.System, l.actor.User) }
	disable := func(l *leaver) error {
		_, err := l.app.Accounts.Disable(l.Context(), identity.System, l.actor.User)
		return err
	}
	revoke := func(l *leaver) error {
		return l.store.Keys().Revoke(l.Context(), uuid.MustParse(l.actor.Key), time.Now())
	}
	for name, c := range map[string]struct {
		prepare       func(*leaver)
		leave         func(*leaver) error
		conversations int
	}{
		"a deleted user": {(*leaver).person, remove, 0}, "the key of a deleted user": {(*leaver).key, remove, 0},
		"a disabled user": {(*leaver).person, disable, 1}, "a revoked key": {(*leaver).key, revoke, 1},
	} {
		for _, apart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, apart %v", name, apart), func(t *testing.T) {
				t.Parallel()
				l := leaving(t, c.prepare, apart)
				must(t, c.leave(l))
				l.finishes()
				if conversations, named, nameless := l.left(); conversations != c.conversations || named+nameless != 0 {
					t.Errorf("there are %d conversations, %d records with a name and %d without, want %d and none", conversations, named, nameless, c.conversations)
				}
				l.silent()
			})
		}
	}
}

// silent checks that the conversation, if it is still there, got no messages.
func (l *leaver) silent() {
	l.Helper()
	scope, err := l.app.Workspaces.Reading(l.Context(), identity.System, l.ws)
	must(l.T, err)
	found, _ := l.store.Conversations().Messages(l.Context(), scope, l.actor.String(), l.conversation, chat.MessagePage{Limit: 9})
	if len(found) != 0 {
		l.Errorf("the messages are %+v", found)
	}
}

func TestAWorkspaceThatIsArchivedWhileTheAnswerRunsKeepsNothingOfIt(t *testing.T) {
	t.Parallel()
	for _, apart := range []bool{false, true} {
		l := leaving(t, (*leaver).person, apart)
		_, err := l.app.Workspaces.Archive(t.Context(), identity.System, l.ws)
		must(t, err)
		l.finishes()
		_, err = l.app.Workspaces.Unarchive(t.Context(), identity.System, l.ws)
		must(t, err)
		if conversations, named, nameless := l.left(); conversations != 1 || named+nameless != 0 {
			t.Errorf("there are %d conversations, %d records with a name and %d without, want the one that was there", conversations, named, nameless)
		}
		l.silent()
	}
}

func TestAConversationThatIsDeletedWhileTheAnswerRunsIsNotMadeAnew(t *testing.T) {
	t.Parallel()
	l := leaving(t, (*leaver).person, false)
	must(t, l.app.Chat.Delete(t.Context(), l.actor, l.ws, l.conversation))
	l.finishes()
	conversations, named, nameless := l.left()
	if conversations != 0 || named != 1 || nameless != 0 {
		t.Errorf("there are %d conversations, %d records with a name and %d without, want the record alone", conversations, named, nameless)
	}
	records, err := l.store.Conversations().Records(t.Context(), chat.RecordSearch{Limit: 1})
	must(t, err)
	if records[0].Conversation != uuid.Nil {
		t.Errorf("the record is of conversation %s", records[0].Conversation)
	}
}

func TestWhomTheStoreNeverKnewMayAskLikeOthers(t *testing.T) {
	t.Parallel()
	stranger := func(l *leaver) {
		l.actor = identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Admin}
	}
	l := leaving(t, stranger, false)
	l.finishes()
	if conversations, named, _ := l.left(); conversations != 1 || named != 1 {
		t.Errorf("there are %d conversations and %d records, want one each", conversations, named)
	}
}

func TestDocumentsStayReadableWhenTheirUploaderIsDeleted(t *testing.T) {
	t.Parallel()
	l := &leaver{stage: &stage{T: t, tap: newTap()}, store: open(t)}
	l.app, l.ws = worldOn(t, l.store, l.tap, core.Options{})
	l.person()
	d, _, err := l.app.Documents.IngestText(t.Context(), l.actor, l.ws, document.TextDraft{Text: "Ferries sail at noon.", Details: document.Details{Title: "ferries"}})
	must(t, err)
	if d.Uploader != l.actor.User {
		t.Fatalf("the document was uploaded by %s, want %s", d.Uploader, l.actor.User)
	}
	must(t, l.app.Accounts.DeleteUser(t.Context(), identity.System, l.actor.User))
	got, err := l.app.Documents.Get(t.Context(), identity.System, l.ws, d.ID)
	if must(t, err); got.Uploader != uuid.Nil {
		t.Errorf("the document names %s", got.Uploader)
	}
	text, err := l.app.Documents.Text(t.Context(), identity.System, l.ws, d.ID)
	if must(t, err); !strings.Contains(text.Body, "Ferries sail at noon.") {
		t.Errorf("the text is %q", text.Body)
	}
	found, err := l.app.Search.Search(t.Context(), identity.System, l.ws, retrieval.Query{Text: "When do ferries sail?", K: 1})
	if must(t, err); len(found.Hits) != 1 || found.Hits[0].Document != d.ID {
		t.Errorf("the search finds %+v", found.Hits)
	}
}

func TestAnArchivedWorkspaceShowsNoConversationUntilItIsTakenBackAndItsRecordsStay(t *testing.T) {
	t.Parallel()
	app, ws := world(t, &scripted{pieces: []string{"Trains are booked by the travel desk [1]."}})
	a, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books trains?"})
	must(t, err)
	place := chat.Place{Workspace: ws, Conversation: a.Conversation, Message: a.ID}
	rated, err := app.Chat.Rate(t.Context(), identity.System, place, chat.Feedback{Vote: chat.VoteUp, Comment: "thanks"})
	must(t, err)
	reads := func() map[string]error {
		_, list := app.Chat.Conversations(t.Context(), identity.System, ws, chat.Page{Limit: 9})
		_, one := app.Chat.Conversation(t.Context(), identity.System, ws, a.Conversation)
		_, messages := app.Chat.Messages(t.Context(), identity.System, ws, a.Conversation, chat.MessagePage{Limit: 9})
		_, rating := app.Chat.Rating(t.Context(), identity.System, place)
		return map[string]error{"Conversations": list, "Conversation": one, "Messages": messages, "Rating": rating}
	}
	_, err = app.Workspaces.Delete(t.Context(), identity.System, ws)
	must(t, err)
	for what, err := range reads() {
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("%s of an archived workspace = %v, want %s", what, err, fault.NotFound)
		}
	}
	if err := app.Chat.Delete(t.Context(), identity.System, ws, a.Conversation); !errors.Is(err, fault.NotFound) {
		t.Errorf("Delete = %v, want %s", err, fault.NotFound)
	}
	records, err := app.Chat.Records(t.Context(), identity.System, chat.RecordSearch{Workspace: ws, Limit: 9})
	if must(t, err); len(records) != 1 || records[0].Rating != rated.Vote {
		t.Errorf("the records are %+v, want the one of the answer", records)
	}
	_, err = app.Workspaces.Unarchive(t.Context(), identity.System, ws)
	must(t, err)
	for what, err := range reads() {
		if err != nil {
			t.Errorf("%s after the workspace was taken back = %v", what, err)
		}
	}
}
