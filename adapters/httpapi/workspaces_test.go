package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/core/identity"
)

func (w *world) path(p place, rest string) string {
	return "/v1/workspaces/" + p.workspace.String() + rest
}

func (w *world) documentPath(p place, rest string) string {
	return w.path(p, "/documents/"+p.document.String()+rest)
}

func TestWorkspaceIsRenamedPublishedSharedAndMadePrivateAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	changed := decode[httpapi.WorkspaceRes](t, w.want(200, "PATCH", w.path(w.mine, ""), admin, map[string]any{
		"name": " Papers ", "description": "about us", "visibility": "ORG_READ", "acl": map[string]any{"allowed_roles": []string{"admin"}},
	}))
	if changed.Name != "Papers" || changed.Description == nil || *changed.Description != "about us" || changed.Visibility != "SHARED" {
		t.Errorf("PATCH = %+v, want name and description changed and the rest as it was", changed)
	}
	for _, step := range []struct {
		verb       string
		body       any
		visibility string
		reads      map[string]int
	}{
		{"unpublish", nil, "PRIVATE", map[string]int{"member": 403, "foreign": 403, "owner": 200}},
		{"publish", nil, "ORG_READ", map[string]int{"member": 200, "foreign": 200, "owner": 200}},
		{"publish", nil, "ORG_READ", map[string]int{"foreign": 200}}, // again
		{"share", map[string]any{"user_ids": []uuid.UUID{w.foreign.ID, w.foreign.ID}}, "SHARED", map[string]int{"member": 403, "foreign": 200, "owner": 200}},
	} {
		got := decode[httpapi.WorkspaceRes](t, w.want(200, "POST", w.path(w.mine, "/"+step.verb), admin, step.body))
		if got.Visibility != step.visibility {
			t.Errorf("%s makes it %s, want %s", step.verb, got.Visibility, step.visibility)
		}
		for name, status := range step.reads {
			who := map[string]identity.User{"member": w.member, "foreign": w.foreign, "owner": w.owner}[name]
			for _, rest := range []string{"", "/documents"} {
				w.want(status, "GET", w.path(w.mine, rest), w.as(who), nil)
			}
			w.want(status, "POST", w.path(w.mine, "/query"), w.as(who), `{"query":"vault"}`)
		}
	}
	members := decode[httpapi.MembersRes](t, w.want(200, "GET", w.path(w.mine, "/members"), w.as(w.owner), nil))
	if len(members.Members) != 1 || members.Members[0].UserID != w.foreign.ID {
		t.Errorf("members = %+v, want those that it was shared with last, each once", members)
	}
}

func TestWorkspaceChangesThatBreakARuleAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	w.want(201, "POST", "/admin/workspaces", admin, map[string]any{"owner_user_id": w.owner.ID, "name": "Taken"})
	for _, c := range []struct {
		status             int
		method, path, body string
	}{
		{422, "PATCH", w.path(w.mine, ""), `{}`},
		{422, "PATCH", w.path(w.mine, ""), `{"visibility":"ORG_READ"}`},
		{422, "PATCH", w.path(w.mine, ""), `{"name":"  "}`},
		{422, "PATCH", w.path(w.mine, ""), `{"name":"` + strings.Repeat("x", 201) + `"}`},
		{422, "PATCH", w.path(w.mine, ""), `{"name":"a\u0000b"}`},
		{409, "PATCH", w.path(w.mine, ""), `{"name":"tAKEN"}`},
		{422, "POST", w.path(w.mine, "/share"), `{"user_ids":[]}`},
		{422, "POST", w.path(w.mine, "/share"), `{}`},
		{422, "POST", w.path(w.mine, "/share"), `{"user_ids":["` + uuid.NewString() + `"]}`},
		{422, "POST", "/admin/workspaces", `{"owner_user_id":"` + w.owner.ID.String() + `","name":"  "}`},
		{422, "POST", "/admin/workspaces", `{"owner_user_id":"` + uuid.NewString() + `","name":"new"}`},
		{409, "POST", "/admin/workspaces", `{"owner_user_id":"` + w.owner.ID.String() + `","name":"taken"}`},
		{422, "POST", "/v1/workspaces", `{"name":"new","visibility":"SHARED"}`},
	} {
		w.want(c.status, c.method, c.path, admin, c.body)
	}
}

func TestArchivedWorkspaceAnswersNothingUntilItIsTakenBack(t *testing.T) {
	t.Parallel()
	for method, rest := range map[string]string{"POST": "/archive", "DELETE": ""} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			admin, owner := w.as(w.admin), w.as(w.owner)
			if r := w.want(200, method, w.path(w.mine, rest), admin, nil); decode[httpapi.ArchivedRes](t, r) != (httpapi.ArchivedRes{Archived: true}) {
				t.Errorf("%s%s = %s", method, rest, r.body)
			}
			w.want(404, method, w.path(w.mine, rest), admin, nil) // again
			for _, who := range []credential{admin, owner} {
				for _, path := range []string{w.path(w.mine, ""), w.path(w.mine, "/documents"), w.documentPath(w.mine, ""), w.documentPath(w.mine, "/text"), w.documentPath(w.mine, "/download")} {
					w.want(404, "GET", path, who, nil)
				}
				for _, verb := range []string{"/query", "/ask", "/ask/stream"} {
					w.want(404, "POST", w.path(w.mine, verb), who, `{"query":"vault"}`)
				}
				w.want(404, "POST", w.path(w.mine, "/ingest/text"), who, `{"title":"x","text":"y"}`)
			}
			if r := w.want(200, "GET", "/v1/workspaces", owner, nil); strings.Contains(r.body, mineWord) {
				t.Errorf("the list still has it: %s", r.body)
			}
			if r := w.want(200, "GET", "/v1/workspaces?include_archived=true", owner, nil); !strings.Contains(r.body, mineWord) {
				t.Errorf("the list with archived ones lacks it: %s", r.body)
			}
			w.want(200, "POST", w.path(w.mine, "/unarchive"), admin, nil)
			w.want(200, "GET", w.documentPath(w.mine, ""), owner, nil)
			if r := w.want(200, "POST", w.path(w.mine, "/query"), owner, `{"query":"vault"}`); !strings.Contains(r.body, mineWord) {
				t.Errorf("it answers nothing after it was taken back: %s", r.body)
			}
		})
	}
}

func TestAdministratorProvisionsWorkspacesForUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	r := w.want(201, "POST", "/admin/workspaces", admin, map[string]any{"owner_user_id": w.spare.ID, "name": "One", "description": nil})
	one := decode[httpapi.AdminWorkspaceRes](t, r)
	if one.OwnerUserID == nil || *one.OwnerUserID != w.spare.ID || one.Visibility != "PRIVATE" || !strings.Contains(r.body, `Z","updated_at"`) {
		t.Errorf("POST /admin/workspaces = %s", r.body)
	}
	w.pass(1)
	w.want(201, "POST", "/admin/workspaces", admin, map[string]any{"owner_user_id": w.spare.ID, "name": "Two"})
	w.want(200, "POST", "/v1/workspaces/"+one.ID.String()+"/archive", admin, nil)
	list := func(query string) []string {
		names := []string{}
		got := decode[httpapi.AdminWorkspacesRes](t, w.want(200, "GET", "/admin/users/"+w.spare.ID.String()+"/workspaces"+query, admin, nil))
		for _, ws := range got.Workspaces {
			names = append(names, ws.Name)
		}
		return names
	}
	if got := list(""); !slices.Equal(got, []string{"Two"}) {
		t.Errorf("workspaces in use = %q", got)
	}
	if got := list("?include_archived=true"); len(got) != 2 {
		t.Errorf("workspaces = %q", got)
	}
	for _, nobody := range []uuid.UUID{uuid.New(), uuid.Nil} {
		if r := w.want(200, "GET", "/admin/users/"+nobody.String()+"/workspaces", admin, nil); strings.Contains(r.body, "name") {
			t.Errorf("workspaces of nobody = %s", r.body)
		}
	}
	w.want(403, "POST", "/admin/workspaces", w.as(w.owner), map[string]any{"owner_user_id": w.owner.ID, "name": "Mine"})
}

func TestWorkspacesOfOneNameCantBeMadeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	var all sync.WaitGroup
	statuses := make([]int, 8)
	for i := range statuses {
		all.Go(func() {
			statuses[i] = w.do("POST", "/v1/workspaces", admin, fmt.Sprintf(`{"name":"%s"}`, []string{"Same", "sAME"}[i%2])).status
		})
	}
	all.Wait()
	slices.Sort(statuses)
	if statuses[0] != http.StatusCreated || statuses[1] != http.StatusConflict {
		t.Errorf("statuses = %v, want one 201 and else 409", statuses)
	}
}

func TestWorkspacesAreListedPageByPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	for i := range 7 {
		if i%2 == 0 { // some are of one moment
			w.pass(1)
		}
		w.want(201, "POST", "/admin/workspaces", admin, map[string]any{"owner_user_id": w.spare.ID, "name": fmt.Sprint("Room ", i)})
	}
	type listing struct {
		Workspaces []struct{ ID uuid.UUID }
		NextCursor *string `json:"next_cursor"`
	}
	for path, want := range map[string]int{
		"/v1/workspaces": 9, "/v1/workspaces?owner_user_id=" + w.spare.ID.String(): 7, "/admin/users/" + w.spare.ID.String() + "/workspaces": 7,
	} {
		more := map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]
		whole := decode[listing](t, w.want(200, "GET", path, admin, nil))
		var paged []struct{ ID uuid.UUID }
		for cursor := ""; ; {
			p := decode[listing](t, w.want(200, "GET", path+more+"limit=2&cursor="+cursor, admin, nil))
			if paged = append(paged, p.Workspaces...); p.NextCursor == nil {
				break
			}
			cursor = *p.NextCursor
		}
		if len(paged) != want || !slices.Equal(paged, whole.Workspaces) || whole.NextCursor != nil {
			t.Errorf("%s has %d workspaces, page by page %d, want the same %d", path, len(whole.Workspaces), len(paged), want)
		}
	}
	if r := w.want(200, "GET", "/v1/workspaces?offset=8", admin, nil); len(decode[listing](t, r).Workspaces) != 1 {
		t.Errorf("after 8 of 9 comes %s", r.body)
	}
	for _, bad := range []string{"limit=0", "limit=201", "offset=-1", "cursor=x", "owner_user_id=x"} {
		w.want(422, "GET", "/v1/workspaces?"+bad, admin, nil)
	}
}
