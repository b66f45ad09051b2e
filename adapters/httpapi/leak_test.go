package httpapi_test

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// caller is somebody, or nobody, who tries every operation.
type caller struct {
	name    string
	who     func(*world) credential
	refused int            // status that the credential gets everywhere; 0: it is good
	actor   identity.Actor // what a good credential stands for; users are known by name
	limited bool           // an API key that is limited to the place theirs
}

// callers are all of them.
func callers() []caller {
	out := []caller{
		{name: "nobody", refused: 401, who: func(*world) credential { return credential{} }},
		{name: "unknown key", refused: 403, who: func(*world) credential { return apiKey("rk_nothing") }},
		{name: "revoked key", refused: 403, who: revokedKey},
		{name: "expired key", refused: 403, who: expiredKey},
		{name: "expired token", refused: 401, who: func(w *world) credential { return w.forge(jwt.SigningMethodHS256, jwtSecret, -time.Hour, "access", 0) }},
		{name: "revoked token", refused: 401, who: func(w *world) credential { return w.forge(jwt.SigningMethodHS256, jwtSecret, time.Hour, "access", -1) }},
		{name: "unsigned token", refused: 401, who: func(w *world) credential {
			return w.forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, time.Hour, "access", 0)
		}},
		{name: "token of another secret", refused: 401, who: func(w *world) credential {
			return w.forge(jwt.SigningMethodHS256, "another secret of tokens", time.Hour, "access", 0)
		}},
		{name: "token of another type", refused: 401, who: func(w *world) credential { return w.forge(jwt.SigningMethodHS256, jwtSecret, time.Hour, "refresh", 0) }},
		{name: "token of another algorithm", refused: 401, who: func(w *world) credential { return w.forge(jwt.SigningMethodHS512, jwtSecret, time.Hour, "access", 0) }},
		{name: "disabled user", refused: 403, who: disabledUser},
		{name: "limited key", limited: true, actor: service(identity.Everything), who: func(w *world) credential {
			_, c := w.key(identity.KeyDraft{Permissions: []identity.Permission{identity.Everything}, Workspaces: []uuid.UUID{w.theirs.workspace}})
			return c
		}},
	}
	for _, p := range identity.Permissions() {
		out = append(out, caller{name: "key with " + string(p), actor: service(p), who: func(w *world) credential {
			_, c := w.key(identity.KeyDraft{Permissions: []identity.Permission{p}})
			return c
		}})
	}
	for name, user := range map[string]func(*world) identity.User{
		"admin": func(w *world) identity.User { return w.admin }, "owner": func(w *world) identity.User { return w.owner },
		"member": func(w *world) identity.User { return w.member }, "foreign": func(w *world) identity.User { return w.foreign },
	} {
		role := identity.Employee
		if name == "admin" {
			role = identity.Admin
		}
		out = append(out, caller{
			name: name, actor: identity.Actor{Kind: identity.Person, Role: role}, who: func(w *world) credential { return w.as(user(w)) },
		})
	}
	slices.SortFunc(out, func(a, b caller) int { return strings.Compare(a.name, b.name) })
	return out
}

func service(p identity.Permission) identity.Actor {
	return identity.Actor{Kind: identity.ServiceActor, Permissions: []identity.Permission{p}}
}

func revokedKey(w *world) credential {
	k, c := w.key(identity.KeyDraft{Permissions: []identity.Permission{identity.Everything}})
	w.must(w.app.Accounts.RevokeKey(w.Context(), identity.System, k.ID))
	return c
}

func expiredKey(w *world) credential {
	_, c := w.key(identity.KeyDraft{Permissions: []identity.Permission{identity.Everything}, ExpiresAt: w.now().Add(time.Second)})
	w.pass(time.Second)
	return c
}

func disabledUser(w *world) credential {
	u := w.user("gone@example.org", identity.Admin)
	c := w.as(u)
	_, err := w.app.Accounts.Disable(w.Context(), identity.System, u.ID)
	w.must(err)
	return c
}

// forge makes a token that says the bearer is the admin.
func (w *world) forge(m jwt.SigningMethod, key any, life time.Duration, kind string, version int) credential {
	w.Helper()
	if s, ok := key.(string); ok {
		key = []byte(s)
	}
	raw, err := jwt.NewWithClaims(m, jwt.MapClaims{
		"sub": w.admin.ID.String(), "email": w.admin.Email, "role": "admin", "typ": kind, "ver": w.admin.TokenVersion + version,
		"iat": w.now().Add(-2 * time.Hour).Unix(), "exp": w.now().Add(life).Unix(),
	}).SignedString(key)
	w.must(err)
	return bearer(raw)
}

// variant is which ids stand in the path.
type variant struct {
	name                string
	workspace, document func(*world) uuid.UUID
	conversation        func(*world) place // whose conversation and message
	target              bool               // ids of users and keys are real
}

func variants() []variant {
	mineWS, mineDoc := func(w *world) uuid.UUID { return w.mine.workspace }, func(w *world) uuid.UUID { return w.mine.document }
	theirsWS, theirsDoc := func(w *world) uuid.UUID { return w.theirs.workspace }, func(w *world) uuid.UUID { return w.theirs.document }
	none := func(*world) uuid.UUID { return uuid.MustParse("0192f0c1-5f7e-7cc5-9d35-5d2b1a8f9b10") }
	mine, theirs := func(w *world) place { return w.mine }, func(w *world) place { return w.theirs }
	nothing := func(w *world) place { return place{conversation: none(w), message: none(w)} }
	return []variant{
		{"mine", mineWS, mineDoc, mine, true},
		{"theirs", theirsWS, theirsDoc, theirs, true},
		{"their document in my workspace", mineWS, theirsDoc, theirs, true},
		{"my document in their workspace", theirsWS, mineDoc, mine, true},
		{"no such workspace", none, mineDoc, mine, true},
		{"no such thing", mineWS, none, nothing, false},
	}
}

// attempt is one request and what must become of it.
type attempt struct {
	op     *huma.Operation
	method string
	rule   rule
	caller caller
	ids    variant
}

// decide is the whole law of access, once more and in other words than the code.
func (a attempt) decide() int {
	ok := a.rule.ok
	if ok == 0 {
		ok = http.StatusOK
	}
	switch {
	case a.rule.public:
		return ok
	case a.caller.refused != 0:
		if a.rule.person && strings.HasSuffix(a.caller.name, " key") {
			return http.StatusUnauthorized
		}
		return a.caller.refused
	case a.rule.person:
		if a.caller.actor.Kind != identity.Person {
			return http.StatusUnauthorized
		}
		return ok
	case a.rule.needs != "" && !a.caller.actor.Can(a.rule.needs), a.rule.whole && a.caller.limited:
		return http.StatusForbidden
	case a.rule.targets != "" && !a.ids.target:
		return http.StatusNotFound
	case a.rule.reach == nowhere:
		return ok
	}
	return a.decideWithin(ok)
}

// decideWithin decides about operations on a workspace.
func (a attempt) decideWithin(ok int) int {
	if a.ids.name == "no such workspace" {
		return http.StatusNotFound
	}
	theirs := a.ids.name == "theirs" || a.ids.name == "my document in their workspace"
	may := reading - 1
	switch {
	case a.caller.actor.Role == identity.Admin, a.caller.actor.Kind == identity.ServiceActor && !a.caller.limited:
		may = writing
	case a.caller.limited && theirs, a.caller.name == "owner" && !theirs, a.caller.name == "foreign" && theirs:
		may = writing
	case a.caller.name == "member" && !theirs:
		may = reading
	}
	switch {
	case may < a.rule.reach && a.rule.hidden:
		return http.StatusNotFound
	case may < a.rule.reach:
		return http.StatusForbidden
	case a.rule.private && (a.caller.name != "owner" || a.ids.name != "mine") && (a.caller.name != "foreign" || a.ids.name != "theirs"):
		return http.StatusNotFound
	case strings.Contains(a.op.Path, "{document_id}") && a.ids.name != "mine" && a.ids.name != "theirs":
		return http.StatusNotFound
	}
	return ok
}

// knows reports whether the caller may ever see a word.
func (c caller) knows(word string) bool {
	switch {
	case c.refused != 0:
		return false
	case c.limited:
		return word == theirsWord
	case c.actor.Role == identity.Admin || c.actor.Kind == identity.ServiceActor:
		return true
	case c.name == "foreign":
		return word == theirsWord
	}
	return word == mineWord
}

func (a attempt) path(w *world, key uuid.UUID) string {
	user := w.spare.ID
	if !a.ids.target {
		user, key = a.ids.document(w), a.ids.document(w)
	}
	return strings.NewReplacer(
		"{workspace_id}", a.ids.workspace(w).String(), "{document_id}", a.ids.document(w).String(),
		"{user_id}", user.String(), "{key_id}", key.String(),
		"{conversation_id}", a.ids.conversation(w).conversation.String(), "{message_id}", a.ids.conversation(w).message.String(),
	).Replace(a.op.Path)
}

// try makes the request and judges the response.
func (a attempt) try(t *testing.T, w *world, who credential, key uuid.UUID) {
	t.Helper()
	var body any
	if a.rule.body != nil {
		body = a.rule.body(w)
	}
	in := *w
	in.T = t
	r := in.do(a.method, a.path(w, key), who, body)
	where := fmt.Sprintf("%s %s by %s with %s", a.method, a.op.Path, a.caller.name, a.ids.name)
	if want := a.decide(); r.status != want {
		t.Errorf("%s = %d, want %d: %.300s", where, r.status, want, r.body)
	}
	said := strings.ToLower(r.body + fmt.Sprint(r.header))
	for _, word := range []string{mineWord, theirsWord, spareWord} {
		if strings.Contains(said, word) && (r.status >= 400 || !a.caller.knows(word)) {
			t.Errorf("%s = %d tells %s: %.500s", where, r.status, word, r.body)
		}
	}
	if strings.Contains(said, mineSecret) && (r.status >= 400 || a.caller.name != "owner" && !a.rule.asked) {
		t.Errorf("%s = %d tells what the owner has asked: %.500s", where, r.status, r.body)
	}
	if shown := strings.Contains(said, mineWord); a.rule.shows && a.ids.name == "mine" && r.status < 300 && a.caller.knows(mineWord) && !shown {
		t.Errorf("%s doesn't tell %s, so nothing is proved by that others don't see it: %.500s", where, mineWord, r.body)
	}
}

// changes reports whether the attempt may change anything, so that it needs a world of its own.
func (a attempt) changes() bool {
	return a.decide() < 400 && a.method != http.MethodGet && !a.rule.safe
}

// TestNothingLeaks tries every operation of the OpenAPI document as everybody, with ids of every kind. Whoever is turned away
// must not have changed anything, and nobody reads a word that isn't theirs to read.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := &leaks{guarded: w, playground: newWorld(t), who: map[string]credential{}}
	for _, c := range callers() {
		l.who[c.name] = c.who(w)
	}
	k, _ := w.key(identity.KeyDraft{Permissions: []identity.Permission{identity.QueryAsk}})
	l.key = k.ID
	before := w.state()
	t.Run("operations", func(t *testing.T) {
		for path, item := range w.api.OpenAPI().Paths {
			for method, op := range operations(item) {
				if op != nil {
					t.Run(method+" "+path, func(t *testing.T) {
						t.Parallel()
						tryAll(t, l, op)
					})
				}
			}
		}
	})
	if diff := cmp.Diff(before, w.state()); diff != "" {
		t.Errorf("those who were turned away have changed something (-before +after):\n%s", diff)
	}
}

func tryAll(t *testing.T, l *leaks, op *huma.Operation) {
	t.Helper()
	name := functionOf(op)
	r, ok := rules()[name]
	if !ok {
		t.Fatalf("nobody has decided who may use %s: add a row to the decision table", name)
	}
	for _, c := range callers() {
		for _, ids := range variants() {
			a := attempt{op: op, method: op.Method, rule: r, caller: c, ids: ids}
			switch {
			case raceEnabled && a.left(): // the whole table is tried without the race detector
			case !strings.Contains(op.Path, "{") && ids.name != "mine":
			case !a.changes():
				a.try(t, l.guarded, l.who[c.name], l.key)
			case !strings.HasPrefix(op.Path, "/api/v1") || c.name == "admin": // the same code as under /v1, so one is enough
				own, key := l.fresh(t, r.person)
				a.try(t, own, c.who(own), key)
			}
		}
	}
}

// left reports whether an attempt is one of the nine in ten that are left out of a sample, always the same.
func (a attempt) left() bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(a.method + a.op.Path + a.caller.name + a.ids.name))
	return h.Sum32()%10 != 0
}

// leaks is where operations are tried: in a world that must stay as it is, by those who are turned away, and in one in which
// everybody who may change something gets things of their own.
type leaks struct {
	guarded, playground *world
	who                 map[string]credential // in guarded
	key                 uuid.UUID             // in guarded
	count               atomic.Int64
}

// fresh makes things that nobody has changed yet; with people also new users.
func (l *leaks) fresh(t *testing.T, people bool) (w *world, key uuid.UUID) {
	t.Helper()
	if people {
		w = newWorld(t)
	} else {
		in := *l.playground
		in.T, in.number = t, l.count.Add(1)
		w = &in
		w.spare = w.user(fmt.Sprintf("%s-%d@example.org", spareWord, w.number), identity.Employee)
		w.places()
	}
	k, _ := w.key(identity.KeyDraft{Permissions: []identity.Permission{identity.QueryAsk}})
	return w, k.ID
}

// functionOf is the id of an operation without what follows the function's name.
func functionOf(op *huma.Operation) string {
	path := strings.NewReplacer("/", "_", "{", "_", "}", "_", "-", "_", ".", "_").Replace(op.Path)
	return strings.TrimSuffix(op.OperationID, path+"_"+strings.ToLower(op.Method))
}

// state is everything that somebody could have changed, but for who was turned away.
type state struct {
	Workspaces []workspace.Workspace
	Documents  []document.Document
	Users      []identity.User
	Keys       []identity.Key
	Events     []event.Event
	Asked      []chat.Message // in the conversations of mine and theirs
	Records    []chat.Record  // of their answers, with feedback
}

func (w *world) state() state {
	w.Helper()
	var s state
	var err error
	s.Workspaces, err = w.app.Workspaces.List(w.Context(), identity.System, workspace.Filter{Archived: true, Limit: 1000})
	w.must(err)
	for _, ws := range s.Workspaces {
		docs, _, err := w.app.Documents.List(w.Context(), identity.System, ws.ID, document.Query{Sort: document.NewestFirst, Limit: 1000})
		w.must(err)
		s.Documents = append(s.Documents, docs...)
	}
	s.Users, err = w.app.Accounts.Users(w.Context(), identity.System, identity.Page{Limit: 1000})
	w.must(err)
	s.Keys, err = w.app.Accounts.Keys(w.Context(), identity.System)
	w.must(err)
	for i := range s.Keys {
		s.Keys[i].LastUsedAt = time.Time{}
	}
	for _, p := range []place{w.mine, w.theirs} {
		owner := identity.Actor{Kind: identity.Person, User: w.owner.ID, Role: identity.Employee}
		if p == w.theirs {
			owner.User = w.foreign.ID
		}
		asked, err := w.app.Chat.Messages(w.Context(), owner, p.workspace, p.conversation, chat.MessagePage{Limit: 1000})
		w.must(err)
		s.Asked = append(s.Asked, asked...)
		records, err := w.app.Chat.Records(w.Context(), identity.System, chat.RecordSearch{Workspace: p.workspace, Actors: []string{owner.String()}, Limit: 1000})
		w.must(err)
		s.Records = append(s.Records, slices.DeleteFunc(records, func(r chat.Record) bool { return r.ID != p.message })...)
	}
	for e, err := range w.app.Audit.Export(w.Context(), identity.System, audit.Search{}) {
		w.must(err)
		if e.Name != "access.denied" && e.Name != "auth.login" && !strings.HasPrefix(e.Name, "chat.") {
			s.Events = append(s.Events, e)
		}
	}
	return s
}
