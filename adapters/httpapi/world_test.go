package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/adapters/token"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

const (
	password  = "correct horse"
	jwtSecret = "a secret for tests only"
)

// world is the whole API on stores in memory, with some people in it. Its clock stands still unless a test moves it.
type world struct {
	*testing.T

	app    *core.App
	api    *httpapi.Server
	tokens *token.JWT
	clock  *atomic.Int64 // microseconds
	reads  *atomic.Int64 // of rows of users and keys
	model  *fickle

	admin, owner, member, foreign, spare identity.User

	number int64 // tells names apart, in worlds that several tests share

	mine   place // belongs to owner, shared with member
	theirs place // belongs to foreign, private
}

// place is a workspace with a document in it. The word stands in everything that people wrote about it, and nowhere else.
type place struct {
	workspace, document   uuid.UUID
	conversation, message uuid.UUID // of whom the workspace belongs to, with an answer
	word                  string
}

const (
	mineWord   = "amaranth"
	theirsWord = "belladonna"
	spareWord  = "celandine" // in the address of a user, which is for administrators
	mineSecret = "dulcamara" // in what the owner of mine has asked, which is for nobody else
)

// newWorld makes a world; change may alter the options of its server.
func newWorld(t *testing.T, change ...func(*httpapi.Options)) *world {
	t.Helper()
	w := emptyWorld(t, change...)
	w.people()
	return w
}

// people makes users, and places for them.
func (w *world) people() {
	w.Helper()
	w.admin = w.user("admin@example.org", identity.Admin)
	w.owner = w.user("owner@example.org", identity.Employee)
	w.member = w.user("member@example.org", identity.Employee)
	w.foreign = w.user("foreign@example.org", identity.Employee)
	w.spare = w.user(spareWord+"@example.org", identity.Employee)
	w.places()
}

// places makes a new mine and a new theirs.
func (w *world) places() {
	w.Helper()
	w.mine, w.theirs = w.place(w.owner, mineWord), w.place(w.foreign, theirsWord)
	_, err := w.app.Workspaces.Share(w.Context(), identity.System, w.mine.workspace, []uuid.UUID{w.member.ID})
	w.must(err)
}

// emptyWorld is newWorld without anybody and anything in it.
func emptyWorld(t *testing.T, change ...func(*httpapi.Options)) *world {
	t.Helper()
	return worldWith(t, offline.NewGenerator(), chat.Options{}, change...)
}

// worldWith is emptyWorld with another model.
func worldWith(t *testing.T, g llm.Generator, chatting chat.Options, change ...func(*httpapi.Options)) *world {
	t.Helper()
	w := &world{T: t, clock: new(atomic.Int64), reads: new(atomic.Int64), model: &fickle{Embedder: offline.NewEmbedder()}}
	w.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	store, err := sqlstore.Open(t.Context(), "sqlite::memory:", &sqlstore.Options{Relaxed: true})
	w.must(err)
	blobs := bucket.Memory()
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	w.tokens, err = token.NewJWT(jwtSecret)
	w.must(err)
	hasher, err := token.NewArgon2(&token.Argon2Options{Time: 1, Memory: 8, Threads: 1})
	w.must(err)
	w.app, err = core.New(core.Ports{
		Store: countedStore{store, w.reads}, Blobs: blobs, Parser: parse.InProcess(parse.Options{}), Embedder: w.model,
		Generator: g, Tokens: w.tokens, Hasher: hasher, Reranker: offline.NewReranker(),
	}, &core.Options{Now: w.now, Chat: chatting, Search: retrieval.Options{Rerank: retrieval.RerankOptions{OnRequest: true}}})
	w.must(err)
	o := httpapi.Options{
		Version: "test", MaxBody: 1 << 20, MaxUpload: 1 << 20, MaxTopK: 20, CookieName: "access_token", MetricsAuth: true,
	}
	for _, f := range change {
		f(&o)
	}
	w.api = httpapi.New(httpapi.Deps{
		App: w.app, Metrics: metrics{}, Ready: func(ctx context.Context) map[string]error { return map[string]error{"database": store.Ping(ctx)} }, Log: zap.NewNop(),
	}, o)
	return w
}

// metrics is what a scraper would get.
type metrics struct{}

// ServeHTTP implements http.Handler.
func (metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	_, _ = io.WriteString(w, "rag_up 1\n")
}

func (w *world) now() time.Time { return time.UnixMicro(w.clock.Load()).UTC() }

func (w *world) pass(d time.Duration) { w.clock.Add(d.Microseconds()) }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) user(email string, role identity.Role) identity.User {
	w.Helper()
	u, err := w.app.Accounts.CreateUser(w.Context(), identity.System, identity.UserDraft{Email: email, Password: password, Role: role})
	w.must(err)
	return u
}

// place makes a workspace with a document in it.
func (w *world) place(owner identity.User, word string) place {
	w.Helper()
	ws, err := w.app.Workspaces.Create(w.Context(), identity.System, workspace.Draft{
		Name: fmt.Sprintf("%s papers %d", word, w.number), Description: "all about " + word, Owner: owner.ID,
	})
	w.must(err)
	d, _, err := w.app.Documents.IngestText(w.Context(), identity.Actor{Kind: identity.Person, User: owner.ID, Role: owner.Role}, ws.ID,
		document.TextDraft{
			Text: "The code of the vault is kept under the " + word + ".",
			Details: document.Details{
				Title: "The " + word + " vault", Source: "https://" + word + ".example.org/",
				Metadata: map[string]any{"tags": []any{word}, "note": word},
			},
		})
	w.must(err)
	if d.Status != document.Ready {
		w.Fatalf("the document of %s is %s, want READY", word, d.Status)
	}
	question := "Where is the code of the vault?"
	if word == mineWord {
		question = "Where is the code of the vault, " + mineSecret + "?"
	}
	a, err := w.app.Chat.Ask(w.Context(), identity.Actor{Kind: identity.Person, User: owner.ID, Role: owner.Role},
		chat.Question{Workspace: ws.ID, Text: question})
	w.must(err)
	_, err = w.app.Chat.Rate(w.Context(), identity.Actor{Kind: identity.Person, User: owner.ID, Role: owner.Role},
		chat.Place{Workspace: ws.ID, Conversation: a.Conversation, Message: a.ID}, chat.Feedback{Vote: chat.VoteUp})
	w.must(err)
	return place{workspace: ws.ID, document: d.ID, conversation: a.Conversation, message: a.ID, word: word}
}

// credential is a header that says who is asking.
type credential struct{ header, value string }

func bearer(token string) credential  { return credential{"Authorization", "Bearer " + token} }
func apiKey(secret string) credential { return credential{"X-Api-Key", secret} }

// as signs a user in.
func (w *world) as(u identity.User) credential {
	w.Helper()
	session, err := w.app.Accounts.SignIn(w.Context(), u.Email, password, "")
	w.must(err)
	return bearer(session.Token)
}

// key makes an API key.
func (w *world) key(d identity.KeyDraft) (identity.Key, credential) {
	w.Helper()
	if d.Name == "" {
		d.Name = "a key"
	}
	k, secret, err := w.app.Accounts.CreateKey(w.Context(), identity.System, d)
	w.must(err)
	return k, apiKey(secret)
}

// reply is a response, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// decode reads the body.
func decode[T any](t *testing.T, r reply) T {
	t.Helper()
	var out T
	if err := json.Unmarshal([]byte(r.body), &out); err != nil {
		t.Fatalf("read %.300s: %v", r.body, err)
	}
	return out
}

// do sends a request and holds the response to the OpenAPI document. body is nil, a string that is sent as it is, a form, or
// something that becomes JSON.
func (w *world) do(method, path string, who credential, body any) reply {
	w.Helper()
	return w.send(w.request(method, path, who, body))
}

// want is do for a response that must have this status.
func (w *world) want(status int, method, path string, who credential, body any) reply {
	w.Helper()
	r := w.do(method, path, who, body)
	if r.status != status {
		w.Errorf("%s %s = %d, want %d: %s", method, path, r.status, status, r.body)
	}
	return r
}

func (w *world) request(method, path string, who credential, body any) *http.Request {
	w.Helper()
	var raw io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
		kind = ""
	case string:
		raw = strings.NewReader(b)
	case form:
		raw, kind = b.encode(w)
	default:
		encoded, err := json.Marshal(b)
		w.must(err)
		raw = bytes.NewReader(encoded)
	}
	r := httptest.NewRequestWithContext(w.Context(), method, path, raw)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if who.header != "" {
		r.Header.Set(who.header, who.value)
	}
	return r
}

func (w *world) send(r *http.Request) reply {
	w.Helper()
	rec := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(rec, r)
	got := reply{rec.Code, rec.Header(), rec.Body.String()}
	w.contract(r, got)
	return got
}

// form is an upload.
type form struct {
	name, content string
	fields        map[string]string
}

func (f form) encode(w *world) (io.Reader, string) {
	w.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, value := range f.fields {
		w.must(m.WriteField(name, value))
	}
	part, err := m.CreateFormFile("file", f.name)
	w.must(err)
	_, err = io.WriteString(part, f.content)
	w.must(err)
	w.must(m.Close())
	return &b, m.FormDataContentType()
}
