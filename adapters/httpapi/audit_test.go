package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

// trail reads a page of the audit trail.
func (w *world) trail(query string) httpapi.AuditRes {
	w.Helper()
	return decode[httpapi.AuditRes](w.T, w.want(200, "GET", "/v1/admin/audit?"+query, w.as(w.admin), nil))
}

func actions(events []httpapi.AuditEventRes) []string {
	out := []string{}
	for _, e := range events {
		out = append(out, e.Action)
	}
	return out
}

func TestEveryChangeIsInTheAuditTrail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin, owner := w.as(w.admin), w.as(w.owner)
	made := decode[httpapi.NewKeyRes](t, w.want(201, "POST", "/auth/keys", admin, `{"name":"k","permissions":["query:ask"]}`))
	for _, c := range []struct {
		action, method, path string
		who                  credential
		body                 any
	}{
		{"admin.users.disable", "POST", "/auth/users/" + w.spare.ID.String() + "/disable", admin, nil},
		{"admin.users.enable", "POST", "/auth/users/" + w.spare.ID.String() + "/enable", admin, nil},
		{"admin.users.reset_password", "POST", "/auth/users/" + w.spare.ID.String() + "/reset-password", admin, `{"password":"battery staple"}`},
		{"admin.users.create", "POST", "/auth/users", admin, `{"email":"n@example.org","password":"battery staple"}`},
		{"admin.keys.revoke", "DELETE", "/auth/keys/" + made.ID.String(), admin, nil},
		{"admin.workspaces.create", "POST", "/admin/workspaces", admin, map[string]any{"name": "n", "owner_user_id": w.spare.ID}},
		{"workspace.create", "POST", "/v1/workspaces", admin, `{"name":"n"}`},
		{"workspace.update", "PATCH", w.path(w.mine, ""), admin, `{"description":"n"}`},
		{"workspace.publish", "POST", w.path(w.mine, "/publish"), admin, nil},
		{"workspace.unpublish", "POST", w.path(w.mine, "/unpublish"), admin, nil},
		{"workspace.share", "POST", w.path(w.mine, "/share"), admin, map[string]any{"user_ids": []any{w.member.ID}}},
		{"document.upload", "POST", w.path(w.mine, "/documents/upload"), owner, form{name: "a.txt", content: "One."}},
		{"document.update", "PATCH", w.documentPath(w.mine, ""), owner, `{"title":"n"}`},
		{"document.reprocess", "POST", w.documentPath(w.mine, "/reprocess"), owner, nil},
		{"document.cancel", "POST", w.documentPath(w.mine, "/cancel"), owner, nil},
		{"document.delete", "DELETE", w.documentPath(w.mine, ""), owner, nil},
		{"document.restore", "POST", w.documentPath(w.mine, "/restore"), owner, nil},
		{"workspace.archive", "POST", w.path(w.mine, "/archive"), admin, nil},
		{"workspace.unarchive", "POST", w.path(w.mine, "/unarchive"), admin, nil},
		{"workspace.delete", "DELETE", w.path(w.mine, ""), admin, nil},
		{"auth.login", "POST", "/auth/login", credential{}, `{"email":"member@example.org","password":"correct horse"}`},
		{"auth.login_failed", "POST", "/auth/login", credential{}, `{"email":"member@example.org","password":"wrong"}`},
		{"auth.change_password", "POST", "/auth/password", owner, `{"current_password":"correct horse","new_password":"battery staple"}`},
		{"access.denied", "GET", "/auth/users", w.as(w.member), nil},
	} {
		w.pass(time.Millisecond)
		w.do(c.method, c.path, c.who, c.body)
		newest := w.trail("limit=2").Events[1] // the newest is the sign-in of who asks
		if newest.Action != c.action {
			t.Errorf("%s %s leaves %s, want %s", c.method, c.path, newest.Action, c.action)
		}
		if strings.HasPrefix(c.path, "/v1/workspaces/") && newest.Metadata["workspace_id"] != w.mine.workspace.String() {
			t.Errorf("%s has the details %v, want its workspace", c.action, newest.Metadata)
		}
		if strings.HasPrefix(newest.Actor, "user:") != (newest.Metadata["principal_type"] == "user") || newest.Metadata["principal_type"] == nil {
			t.Errorf("%s by %s has the details %v", c.action, newest.Actor, newest.Metadata)
		}
	}
}

func TestAuditTrailIsFilteredAndPaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.now()
	w.pass(time.Second)
	for i := range 5 {
		w.want(200, "PATCH", w.path(w.mine, ""), w.as(w.admin), fmt.Sprintf(`{"description":"%d"}`, i))
		w.pass(time.Second)
	}
	for query, want := range map[string]int{
		"action_prefix=workspace.update":                                                          5,
		"action_prefix=workspace_update":                                                          0,
		"action_prefix=%25":                                                                       0,
		"action_prefix=workspace.update&limit=2&offset=4":                                         1,
		"action_prefix=workspace.update&actor_id=" + w.admin.ID.String():                          5,
		"action_prefix=workspace.update&actor_id=user:" + w.admin.ID.String():                     5,
		"action_prefix=workspace.update&actor_id=" + w.owner.ID.String():                          0,
		"action_prefix=workspace.update&workspace_id=" + w.theirs.workspace.String():              0,
		"action_prefix=workspace.update&end_at=" + start.Add(2*time.Second).Format(time.RFC3339):  2,
		"action_prefix=workspace.update&start_at=2026-03-01T12:00:03&end_at=2026-03-01T12:00:04Z": 2, // UTC
		"action_prefix=workspace.update&start_at=" + url.QueryEscape(start.Add(5*time.Second).In(time.FixedZone("", 7200)).Format(time.RFC3339)): 1,
	} {
		if got := w.trail(query).Events; len(got) != want {
			t.Errorf("%s finds %q, want %d", query, actions(got), want)
		}
	}
	for _, bad := range []string{
		"start_at=2026-03-02T00:00:00Z&end_at=2026-03-01T00:00:00Z", "start_at=yesterday", "end_at=2026-03-01", "limit=0", "limit=201", "offset=-1",
		"offset=99999999999", "cursor=x", "workspace_id=x", "action_prefix=%00", "actor_id=%ff",
	} {
		w.want(422, "GET", "/v1/admin/audit?"+bad, w.as(w.admin), nil)
	}
}

func TestPagesAndExportOfTheAuditTrailAreTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	for i := range 25 {
		w.want(200, "PATCH", w.path(w.mine, ""), admin, fmt.Sprintf(`{"description":"%d"}`, i))
	}
	var byCursor []httpapi.AuditEventRes
	for next := ""; ; {
		r := w.want(200, "GET", "/v1/admin/audit?limit=10&action_prefix=workspace.&cursor="+next, admin, nil)
		page := decode[httpapi.AuditRes](t, r)
		byCursor = append(byCursor, page.Events...)
		if page.NextCursor == nil {
			if page.NextOffset != nil {
				t.Errorf("the last page has the offset %d for another one", *page.NextOffset)
			}
			break
		}
		next = *page.NextCursor
	}
	var exported []string
	for line := range strings.Lines(w.want(200, "GET", "/v1/admin/audit/export?action_prefix=workspace.", admin, nil).body) {
		var e httpapi.AuditEventRes
		w.must(json.Unmarshal([]byte(line), &e))
		exported = append(exported, e.ID.String())
	}
	var paged []string
	for _, e := range byCursor {
		paged = append(paged, e.ID.String())
	}
	if !slices.Equal(paged, exported) || len(paged) != 26 { // one was shared when the world was made
		t.Errorf("pages have %d events and the export %d, want the same 26", len(paged), len(exported))
	}
}

func TestDenialsAreRecordedButNeverFloodTheTrail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := w.as(w.foreign)
	for range 50 {
		w.want(403, "GET", w.path(w.mine, ""), foreign, nil)
		w.want(403, "GET", w.path(w.mine, "/documents"), apiKey("rk_wrong"), nil)
	}
	denied := w.trail("action_prefix=access.denied&workspace_id=" + w.mine.workspace.String()).Events
	if len(denied) != 2 {
		t.Fatalf("100 denials of two kinds left %d events, want 2", len(denied))
	}
	if e := denied[1]; e.Actor != "user:"+w.foreign.ID.String() || e.Metadata["operation"] != "GET /v1/workspaces/{workspace_id}" {
		t.Errorf("the denial reads %+v", e)
	}
	w.pass(time.Minute)
	w.want(403, "GET", w.path(w.mine, ""), foreign, nil)
	if e := w.trail("action_prefix=access.denied").Events[0]; e.Metadata["repeated"] != 49.0 {
		t.Errorf("the next denial reads %+v, want the 49 that were left out", e.Metadata)
	}
}
