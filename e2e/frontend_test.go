package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// frontEnd is a page of the predecessor's front end in a browser: it sends all requests to where it came from, and that place
// passes them on, cookies included, under other paths.
type frontEnd struct {
	*client

	cookie *http.Cookie // of the session; nil before signing in
}

func (s *shell) frontEnd() *frontEnd { return &frontEnd{client: s.anybody()} }

// passedOn is the path at the server of a path at the front end.
func passedOn(path string) string {
	if rest, ok := strings.CutPrefix(path, "/api/admin/"); ok {
		return "/admin/" + rest
	}
	if rest, ok := strings.CutPrefix(path, "/api/"); ok {
		return "/v1/" + rest
	}
	return path
}

// call sends what the browser would, and reads the response.
func (f *frontEnd) call(t *testing.T, method, path, contentType string, body []byte) reply {
	t.Helper()
	req := f.request(t, method, passedOn(path), bytes.NewReader(body))
	for name, value := range map[string]string{
		"Content-Type": contentType, "X-Request-Id": "page-42", "Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-origin", "Accept": "*/*",
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if f.cookie != nil {
		req.AddCookie(f.cookie)
	}
	r, err := f.send(t, req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if r.header.Get("X-Request-Id") != "page-42" {
		t.Errorf("%s %s has the id %q, want the page's", method, path, r.header.Get("X-Request-Id"))
	}
	return r
}

// page calls with JSON, wants this status and reads JSON.
func page[T any](t *testing.T, f *frontEnd, status int, method, path, body string) T {
	t.Helper()
	kind := ""
	if body != "" {
		kind = "application/json"
	}
	r := f.call(t, method, path, kind, []byte(body))
	if r.status != status {
		t.Fatalf("%s %s = %d, want %d: %s", method, path, r.status, status, r.body)
	}
	return parse[T](t, r)
}

func (f *frontEnd) signIn(t *testing.T, email, password string) {
	t.Helper()
	r := f.call(t, "POST", "/auth/login", "application/json", []byte(`{"email":"`+email+`","password":"`+password+`"}`))
	cookies := (&http.Response{Header: r.header}).Cookies()
	if r.status != http.StatusOK || len(cookies) != 1 || cookies[0].Name != "rag_access_token" {
		t.Fatalf("login = %d with %v: %s", r.status, cookies, r.body)
	}
	f.cookie = cookies[0]
	began := time.Now()
	me := page[map[string]any](t, f, http.StatusOK, "GET", "/auth/me", "")
	if took := time.Since(began); me["email"] != email || took > patience(1500*time.Millisecond) {
		t.Errorf("me = %v after %v; the front end waits 1.5 s", me, took)
	}
}

// place is what the front end reads of a workspace.
type place struct {
	ID, Name, Visibility string
	Owner                string `json:"owner_user_id"`
}

// provision is what an administrator does for a new employee; it returns the employee's workspaces.
func (f *frontEnd) provision(t *testing.T, email string, names ...string) (user string, made []place) {
	t.Helper()
	const password = "another long password"
	body := `{"email":"` + email + `","password":"` + password + `","role":"employee"}`
	user = page[struct{ ID string }](t, f, http.StatusCreated, "POST", "/auth/users", body).ID
	if p := page[problem](t, f, http.StatusConflict, "POST", "/auth/users", body); p.Code != "CONFLICT" || p.Detail == "" {
		t.Errorf("the same employee again: %+v", p)
	}
	page[any](t, f, http.StatusOK, "POST", "/auth/users/"+user+"/reset-password", `{"password":"`+password+`"}`)
	users := page[[]struct{ ID, Email, Role string }](t, f, http.StatusOK, "GET", "/auth/users", "")
	if len(users) == 0 || users[0].ID != user || users[0].Email != email || users[0].Role != "employee" {
		t.Errorf("the users are %+v, want the new one first", users)
	}
	for _, name := range names {
		w := page[place](t, f, http.StatusCreated, "POST", "/api/admin/workspaces", `{"owner_user_id":"`+user+`","name":"`+name+`"}`)
		if w.ID == "" || w.Owner != user || w.Visibility != "PRIVATE" {
			t.Errorf("the provisioned workspace is %+v", w)
		}
		made = append(made, w)
	}
	listed := page[struct{ Workspaces []place }](t, f, http.StatusOK, "GET", "/api/admin/users/"+user+"/workspaces", "").Workspaces
	if slices.Reverse(listed); !slices.Equal(listed, made) {
		t.Errorf("their workspaces are %+v, want %+v", listed, made)
	}
	return user, made
}

// upload sends a PDF as the form of the page does, and waits as the page does.
func (f *frontEnd) upload(t *testing.T, ws string) (id string) {
	t.Helper()
	l := &library{client: f.client, id: ws}
	file := testdata(t, "manual-es.pdf")
	file.mediaType, file.metadata = "application/pdf", `{"tags":["manual"]}`
	form := l.form(t, file)
	var body bytes.Buffer
	if _, err := body.ReadFrom(form.Body); err != nil {
		t.Fatal(err)
	}
	r := f.call(t, "POST", "/api/workspaces/"+ws+"/documents/upload", form.Header.Get("Content-Type"), body.Bytes())
	out := parse[map[string]any](t, r)
	if r.status != http.StatusAccepted || out["status"] != "PENDING" || out["file_name"] != "manual-es.pdf" || out["mime_type"] != "application/pdf" {
		t.Fatalf("upload = %d: %s", r.status, r.body)
	}
	id, _ = out["document_id"].(string)
	eventually(t, "the page shows READY", func() bool {
		d := page[map[string]any](t, f, http.StatusOK, "GET", "/api/workspaces/"+ws+"/documents/"+id, "")
		if d["status"] == "FAILED" {
			t.Fatalf("the document is %v", d)
		}
		return d["status"] == "READY"
	})
	return id
}

// listed are the documents that the page's filters choose; it sends all of them, empty ones too.
func (f *frontEnd) listed(t *testing.T, ws string, filters url.Values) (ids []string) {
	t.Helper()
	all := url.Values{"q": {""}, "status": {""}, "tag": {""}, "sort": {""}, "cursor": {""}, "limit": {"20"}}
	for name, value := range filters {
		all[name] = value
	}
	out := page[struct {
		Documents []map[string]any
		Next      *string `json:"next_cursor"`
	}](t, f, http.StatusOK, "GET", "/api/workspaces/"+ws+"/documents?"+all.Encode(), "")
	for _, d := range out.Documents {
		id, _ := d["id"].(string)
		ids = append(ids, id)
		if m, ok := d["metadata"].(map[string]any); !ok || m["tags"] == nil {
			t.Errorf("a document in the list has the metadata %v", d["metadata"])
		}
		for _, name := range []string{"title", "source", "metadata", "created_at", "file_name", "mime_type", "status", "tags"} {
			if _, ok := d[name]; !ok {
				t.Errorf("a document in the list has no %s: %v", name, d)
			}
		}
	}
	return ids
}

// chat asks as the page does, which gives up after 30 seconds, 2,000 events or 12,000 characters.
func (f *frontEnd) chat(t *testing.T, ws, question string) (answer string, sources []string) {
	t.Helper()
	began := time.Now()
	r := f.call(t, "POST", "/api/workspaces/"+ws+"/ask/stream", "application/json", []byte(`{"query":"`+question+`","top_k":5}`))
	if kind := r.header.Get("Content-Type"); r.status != http.StatusOK || kind != "text/event-stream; charset=utf-8" {
		t.Fatalf("stream = %d as %s: %s", r.status, kind, r.body)
	}
	tokens, events := "", strings.Split(strings.TrimSpace(string(r.body)), "\n\n")
	for _, e := range events {
		_, rest, _ := strings.Cut("\n"+e, "\nevent: ")
		name, rest, _ := strings.Cut(rest, "\n")
		data, ok := strings.CutPrefix(rest, "data: ")
		var v struct {
			Token, Answer string
			Sources       []struct {
				Chunk   string `json:"chunk_id"`
				Content string
			}
		}
		if ok && json.Unmarshal([]byte(data), &v) != nil {
			t.Errorf("the event %s has the data %s", name, data)
		}
		switch name {
		case "sources":
			for _, s := range v.Sources {
				if sources = append(sources, s.Chunk); s.Content == "" || len([]rune(s.Content)) > 200 {
					t.Errorf("a source shows %q", s.Content)
				}
			}
		case "token":
			tokens += v.Token
		case "done":
			answer = v.Answer
		case "error":
			t.Errorf("the stream ends with %s", data)
		}
	}
	if answer == "" || answer != tokens || len(events) > 2000 || len(r.body) > 12_000 || time.Since(began) > patience(30*time.Second) {
		t.Errorf("the stream of %d events and %d bytes says %q and then %q", len(events), len(r.body), tokens, answer)
	}
	return answer, sources
}

func TestTheFrontEndOfThePredecessorWorks(t *testing.T) {
	t.Parallel()
	s := start(t, "DEV_SEED_DEMO=1", "JWT_COOKIE_NAME=rag_access_token")
	admin, employee, other := s.frontEnd(), s.frontEnd(), s.frontEnd()
	admin.signIn(t, "admin@local", "admin")
	_, made := admin.provision(t, "eva@example.com", "One", "Two")
	employee.signIn(t, "eva@example.com", "another long password")
	other.signIn(t, "employee1@local", "employee1")

	seen := page[struct{ Workspaces []place }](t, employee, http.StatusOK, "GET", "/api/workspaces", "").Workspaces
	if slices.Reverse(seen); !slices.Equal(seen, made) {
		t.Errorf("the employee sees %+v, want %+v", seen, made)
	}
	for _, w := range made { // the same file in both
		id := employee.upload(t, w.ID)
		for _, filters := range []url.Values{nil, {"q": {"manual"}}, {"status": {"READY"}}, {"tag": {"manual"}}, {"sort": {"title_asc"}}} {
			if ids := employee.listed(t, w.ID, filters); !slices.Equal(ids, []string{id}) {
				t.Errorf("the list for %v is %v, want %s", filters, ids, id)
			}
		}
		if ids := employee.listed(t, w.ID, url.Values{"tag": {"other"}}); len(ids) > 0 {
			t.Errorf("the list for another tag is %v", ids)
		}
	}
	if answer, sources := employee.chat(t, made[0].ID, "¿Cuántos días de vacaciones tengo al año?"); len(sources) == 0 || !strings.Contains(answer, "días") {
		t.Errorf("the answer is %q from %v", answer, sources)
	}
	asked := page[struct {
		Answer       string
		Sources      []string
		Conversation string `json:"conversation_id"`
	}](t, employee, http.StatusOK, "POST", "/api/workspaces/"+made[1].ID+"/ask", `{"query":"¿Cuántos días de vacaciones tengo al año?","top_k":5,"use_mmr":false,"conversation_id":null}`)
	if asked.Answer == "" || len(asked.Sources) == 0 || asked.Conversation == "" {
		t.Errorf("the answer is %+v", asked)
	}
	for path, status := range map[string]int{"/api/workspaces/" + made[0].ID + "/documents": http.StatusForbidden, "/auth/users": http.StatusForbidden} {
		if p := page[problem](t, other, status, "GET", path, ""); p.Code != "FORBIDDEN" || p.Detail == "" {
			t.Errorf("another employee gets %+v", p)
		}
	}
	page[any](t, other, http.StatusOK, "GET", "/auth/me", "") // and is still signed in
	out := other.call(t, "POST", "/auth/logout", "", nil)
	if gone := out.header.Get("Set-Cookie"); out.status != http.StatusOK || !strings.Contains(gone, "rag_access_token=;") || !strings.Contains(gone, "Max-Age=0") {
		t.Errorf("logout = %d with %s", out.status, gone)
	}
}
