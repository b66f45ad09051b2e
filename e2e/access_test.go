package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// secret stands in documents that an actor may not see, and nowhere else.
const secret = "Quetzalwurzel"

// hidden is a workspace of the admin's with a document that has the secret in it, in its text, title, name and metadata.
func hidden(t *testing.T, admin *client) (*library, document) {
	t.Helper()
	l := admin.library(t, secret+" plans")
	d := l.add(t, file{
		name: secret + ".txt", title: secret + " plan", metadata: `{"tags": ["` + secret + `"], "code": "` + secret + `"}`,
		content: []byte("The password of the vault is " + secret + ". Nobody may know it."),
	})[0]
	return l, d
}

func TestAnEmployeeSeesNothingOfAPrivateWorkspaceOnAnyRoute(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.admin(t)
	l, d := hidden(t, admin)
	e := newEmployee(t, admin, "eve@example.com")
	ids := map[string]string{"workspace_id": l.id, "document_id": d.ID, "user_id": e.id}
	spec := e.openAPI(t)
	for _, op := range spec.operations {
		if endsSessions(op) {
			continue
		}
		r, err := e.send(t, spec.request(t, e.client, fill(op, &ids, d.ID), ids, "vault"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(r.body), secret) {
			t.Errorf("%s %s = %d shows the secret: %s", op.method, op.path, r.status, r.body)
		}
		within := strings.Contains(op.path, "{workspace_id}") || strings.Contains(op.path, "/admin/")
		if within && !slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}, r.status) {
			t.Errorf("%s %s = %d, want 401, 403 or 404: %s", op.method, op.path, r.status, r.body)
		}
		if !within && strings.Contains(string(r.body), l.id) {
			t.Errorf("%s %s = %d names the workspace: %s", op.method, op.path, r.status, r.body)
		}
	}
	if after := l.get(t, d.ID); after.Status != "READY" || after.Run != 1 || after.Title != d.Title || len(l.all(t, nil)) != 1 {
		t.Errorf("after the visit the document is %+v", after)
	}
}

// endsSessions reports whether an operation would end the session of whoever tries all operations.
func endsSessions(op operation) bool {
	return op.path == "/auth/logout-everywhere" || op.path == "/auth/password"
}

// fill gives path parameters that the test has no thing for an id that exists elsewhere.
func fill(op operation, ids *map[string]string, id string) operation {
	for part := range strings.SplitSeq(op.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			if (*ids)[name] == "" {
				(*ids)[name] = id
			}
		}
	}
	return op
}

func TestWithoutCredentialsEverythingThatIsNotPublicIs401(t *testing.T) {
	t.Parallel()
	s := start(t)
	l, d := hidden(t, s.admin(t))
	ids := map[string]string{"workspace_id": l.id, "document_id": d.ID, "user_id": d.ID}
	public := []string{"/auth/login", "/auth/logout", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"}
	anybody := s.anybody()
	spec := anybody.openAPI(t)
	for _, op := range spec.operations {
		r, err := anybody.send(t, spec.request(t, anybody, fill(op, &ids, d.ID), ids, "vault"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(r.body), secret) || strings.Contains(string(r.body), l.id) && r.status < 400 {
			t.Errorf("%s %s = %d shows something: %s", op.method, op.path, r.status, r.body)
		}
		if slices.Contains(public, op.path) != (len(op.Security) == 0) {
			t.Errorf("%s %s declares the security %v", op.method, op.path, op.Security)
		}
		if len(op.Security) > 0 && (r.status != http.StatusUnauthorized || r.header.Get("WWW-Authenticate") == "") {
			t.Errorf("%s %s = %d, want 401 and how to sign in: %s", op.method, op.path, r.status, r.body)
		}
	}
	for _, credentials := range [][2]string{
		{"Authorization", "Bearer nonsense"}, {"Authorization", "Bearer "}, {"Cookie", "access_token=nonsense"},
	} {
		req := anybody.request(t, "GET", "/v1/workspaces", nil)
		req.Header.Set(credentials[0], credentials[1])
		if r, err := anybody.send(t, req); err != nil || r.status != http.StatusUnauthorized {
			t.Errorf("with %s: %s workspaces = %d, %v, want 401", credentials[0], credentials[1], r.status, err)
		}
	}
}

// vault adds a document for admins only, which has the secret in it, and one for everybody.
func vault(t *testing.T, admin *library) (closed, open document) {
	t.Helper()
	docs := admin.add(t, file{
		name: secret + ".txt", title: secret, metadata: `{"allowed_roles": ["admin"], "tags": ["x"]}`,
		content: []byte("The password of the vault is " + secret + ". Nobody may know it."),
	}, file{name: "open.txt", metadata: `{"tags": ["x"]}`, content: []byte("The vault is in the cellar. It is made of steel.")})
	return docs[0], docs[1]
}

// expectClosed tries every operation on a workspace whose reader may see the open document and not the closed one.
func (l *library) expectClosed(t *testing.T, closed, open document) {
	t.Helper()
	if all := l.all(t, nil); len(all) != 1 || all[0].ID != open.ID {
		t.Errorf("the list is %+v, want the open document only", all)
	}
	ids := map[string]string{"workspace_id": l.id, "document_id": closed.ID, "user_id": closed.ID}
	spec := l.openAPI(t)
	for _, op := range spec.operations {
		if endsSessions(op) || !strings.Contains(op.path, "{workspace_id}") || changesWorkspace(op) {
			continue
		}
		r, err := l.send(t, spec.request(t, l.client, fill(op, &ids, closed.ID), ids, "password of the vault"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(r.body), secret) || strings.Contains(string(r.body), closed.ID) && r.status < 400 {
			t.Errorf("%s %s = %d shows the document: %s", op.method, op.path, r.status, r.body)
		}
		if strings.Contains(op.path, "{document_id}") && r.status != http.StatusForbidden && r.status != http.StatusNotFound {
			t.Errorf("%s %s = %d, want 403 or 404: %s", op.method, op.path, r.status, r.body)
		}
	}
	if m := l.query(t, "vault", 20); len(m) == 0 || slices.ContainsFunc(m, func(m match) bool { return m.DocumentID == closed.ID }) {
		t.Errorf("the reader finds %+v, want the open document", m)
	}
}

func TestADocumentForAdminsStaysHiddenFromAnEmployeeWhoOwnsTheWorkspace(t *testing.T) {
	t.Parallel()
	root := start(t).admin(t)
	e := newEmployee(t, root, "owner@example.com")
	w := expect[struct{ ID string }](t, root, http.StatusCreated, "POST", "/admin/workspaces",
		map[string]string{"name": "owned", "owner_user_id": e.id})
	admin := &library{root, w.ID}
	owner := admin.as(e.client)
	closed, open := vault(t, admin)
	owner.expectClosed(t, closed, open)
	if a := admin.ask(t, "What is the password of the vault?"); !strings.Contains(a.Answer, secret) {
		t.Errorf("the admin is told %q", a.Answer)
	}
	guess := file{name: "guess.txt", content: []byte("The password of the vault is " + secret + ". Nobody may know it.")}
	if r := owner.offer(t, guess); r.status != http.StatusConflict {
		t.Errorf("an upload of the hidden bytes = %d, want 409: %s", r.status, r.body)
	}
}

func TestWhoeverMayReadAWorkspaceReadsWhatTheirRoleMayAndChangesNothing(t *testing.T) {
	t.Parallel()
	root := start(t).admin(t)
	e, stranger := newEmployee(t, root, "reader@example.com"), newEmployee(t, root, "stranger@example.com")
	admin := root.library(t, "readable")
	closed, open := vault(t, admin)
	reader := admin.as(e.client)
	for _, way := range []struct {
		verb string
		body any
	}{{"publish", nil}, {"share", map[string]any{"user_ids": []string{e.id}}}} {
		refused(t, e.client, http.StatusForbidden, "GET", admin.path(""), nil)
		expect[any](t, root, http.StatusOK, "POST", admin.path("/"+way.verb), way.body)
		reader.expectClosed(t, closed, open)
		for _, c := range []struct{ method, path string }{
			{"DELETE", reader.documentPath(open.ID, "")}, {"POST", reader.documentPath(open.ID, "/reprocess")}, {"POST", reader.path("/unpublish")},
		} {
			refused(t, e.client, http.StatusForbidden, c.method, c.path, nil)
		}
		if r := stranger.do(t, "GET", admin.path(""), nil); (r.status == http.StatusOK) != (way.verb == "publish") {
			t.Errorf("after %s, a stranger gets %d", way.verb, r.status)
		}
		expect[any](t, root, http.StatusOK, "POST", admin.path("/unpublish"), nil)
	}
}

// changesWorkspace reports whether an operation would take the workspace out of use.
func changesWorkspace(op operation) bool {
	return strings.HasSuffix(op.path, "/archive") || op.method == http.MethodDelete && strings.HasSuffix(op.path, "{workspace_id}")
}

func TestAKeyMayDoWhatItsScopesSayAndNothingElse(t *testing.T) {
	t.Parallel()
	s := start(t, `API_KEYS_CONFIG={"reader-key-reader-key": ["ask"], "writer-key-writer-key": ["ingest", "ask"]}`)
	l := s.admin(t).library(t, "keys")
	l.ingest(t, "Vault", "The vault is in the cellar.")
	for _, c := range []struct {
		key, method, path string
		body              any
		status            int
	}{
		{"reader-key-reader-key", "POST", l.path("/query"), map[string]any{"query": "vault"}, http.StatusOK},
		{"reader-key-reader-key", "POST", l.path("/ingest/text"), map[string]any{"title": "x", "text": "y"}, http.StatusForbidden},
		{"writer-key-writer-key", "POST", l.path("/ingest/text"), map[string]any{"title": "x", "text": "y"}, http.StatusOK},
		{"writer-key-writer-key", "GET", "/auth/users", nil, http.StatusForbidden},
		{"writer-key-writer-key", "GET", "/auth/me", nil, http.StatusUnauthorized},
		{"no-such-key-no-such-key", "POST", l.path("/query"), map[string]any{"query": "vault"}, http.StatusForbidden},
	} {
		r := (&client{url: s.url, key: c.key}).do(t, c.method, c.path, c.body)
		if r.status != c.status {
			t.Errorf("%s: %s %s = %d, want %d: %s", c.key, c.method, c.path, r.status, c.status, r.body)
		}
	}
}
