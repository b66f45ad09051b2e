package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/core/identity"
)

func TestAPIKeyIsMadeUsedAndRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	made := decode[httpapi.NewKeyRes](t, w.want(201, "POST", "/auth/keys", admin, map[string]any{
		"name": "crawler", "permissions": []string{"documents:read", "query:ask"}, "workspace_ids": []any{w.mine.workspace},
		"expires_at": w.now().Add(time.Hour),
	}))
	key := apiKey(made.Secret)
	w.want(200, "GET", w.documentPath(w.mine, ""), key, nil)
	w.want(403, "GET", w.documentPath(w.theirs, ""), key, nil)
	if r := w.want(200, "GET", "/v1/workspaces", key, nil); !strings.Contains(r.body, mineWord) || strings.Contains(r.body, theirsWord) {
		t.Errorf("a limited key lists %s", r.body)
	}
	if r := w.want(200, "POST", w.path(w.mine, "/ask"), key, `{"query":"Where is the code of the vault?"}`); !strings.Contains(r.body, mineWord) {
		t.Errorf("a key that may ask is answered %s", r.body)
	}
	if r := w.want(403, "POST", w.path(w.mine, "/ingest/text"), key, `{"title":"x","text":"y"}`); !strings.Contains(r.body, "scope") {
		t.Errorf("the refusal doesn't speak of a scope: %s", r.body)
	}
	list := w.want(200, "GET", "/auth/keys", admin, nil)
	if strings.Contains(list.body, made.Secret) || decode[httpapi.KeysRes](t, list).Keys[0].LastUsedAt == nil {
		t.Errorf("the list = %s, want the time of its last use and never its secret", list.body)
	}
	for range 2 { // revoking again changes nothing
		w.want(200, "DELETE", "/auth/keys/"+made.ID.String(), admin, nil)
		w.want(403, "GET", w.documentPath(w.mine, ""), key, nil)
	}
}

func TestAPIKeyEndsWhenItExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := decode[httpapi.NewKeyRes](t, w.want(201, "POST", "/auth/keys", w.as(w.admin), map[string]any{
		"name": "short", "permissions": []string{"*"}, "expires_at": w.now().Add(time.Minute),
	}))
	w.want(200, "GET", "/v1/workspaces", apiKey(made.Secret), nil)
	w.pass(time.Minute)
	w.want(403, "GET", "/v1/workspaces", apiKey(made.Secret), nil)
}

func TestAPIKeyThatBreaksARuleIsNotMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	for _, body := range []string{
		`{"name":" ","permissions":["*"]}`, `{"name":"k","permissions":[]}`, `{"name":"k","permissions":["documents:own"]}`,
		`{"name":"k"}`, `{"name":"k","permissions":["*"],"expires_at":"2020-01-01T00:00:00Z"}`,
		`{"name":"k","permissions":["*"],"workspace_ids":["x"]}`,
	} {
		w.want(422, "POST", "/auth/keys", admin, body)
	}
	config := decode[httpapi.NewKeyRes](t, w.want(201, "POST", "/auth/keys", admin, `{"name":"k","permissions":["admin:config"]}`))
	w.want(403, "POST", "/auth/keys", apiKey(config.Secret), `{"name":"more","permissions":["documents:read"]}`)
}

// askingKey is a key with what the scope ask gives.
func askingKey() identity.KeyDraft {
	return identity.KeyDraft{Permissions: []identity.Permission{identity.DocumentsRead, identity.QuerySearch, identity.QueryAsk, identity.QueryStream}}
}
