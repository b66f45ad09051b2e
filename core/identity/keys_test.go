package identity_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

func TestACreatedKeyIsStoredHashedAndItsSecretShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	admin := w.user("admin@local", identity.Admin)
	only := uuid.Must(uuid.NewV7())
	k, secret, err := w.CreateKey(t.Context(), person(admin), identity.KeyDraft{
		Name:        "  crawler ",
		Permissions: []identity.Permission{identity.QueryAsk, identity.DocumentsRead, identity.QueryAsk},
		Workspaces:  []uuid.UUID{only, only},
		ExpiresAt:   noon.Add(time.Hour).In(time.FixedZone("east", 3600)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^rk_[0-9a-f]{64}$`).MatchString(secret) {
		t.Errorf("the secret has another form than rk_ and 64 hex digits")
	}
	want := identity.Key{
		ID: k.ID, Name: "crawler", Hash: w.hasher.Fingerprint(secret), CreatedBy: "user:" + admin.ID.String(),
		Permissions: []identity.Permission{identity.QueryAsk, identity.DocumentsRead}, Workspaces: []uuid.UUID{only},
		CreatedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
	keys, err := w.Keys(t.Context(), person(admin))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]identity.Key{want}, keys); diff != "" {
		t.Errorf("Keys mismatch (-want +got):\n%s", diff)
	}
	w.wantNews(1, happening{
		"admin.keys.create", "user:" + admin.ID.String(), k.ID.String(),
		`{"name":"crawler","permissions":["query:ask","documents:read"],"workspace_ids":["` + only.String() + `"]}`,
	})
	_, other, err := w.CreateKey(t.Context(), person(admin), identity.KeyDraft{Name: "x", Permissions: want.Permissions})
	if err != nil || other == secret {
		t.Errorf("CreateKey = the same secret again, or %v", err)
	}
}

func TestAKeyDraftThatBreaksRulesNamesTheFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	ask := []identity.Permission{identity.QueryAsk}
	for _, c := range []struct {
		draft identity.KeyDraft
		want  []string
	}{
		{identity.KeyDraft{Name: " ", Permissions: ask}, []string{"name"}},
		{identity.KeyDraft{Name: "a\x00b", Permissions: ask}, []string{"name"}},
		{identity.KeyDraft{Name: strings.Repeat("x", 256), Permissions: ask}, []string{"name"}},
		{identity.KeyDraft{Name: "k"}, []string{"permissions"}},
		{identity.KeyDraft{Name: "k", Permissions: []identity.Permission{"documents:burn"}}, []string{"permissions"}},
		{identity.KeyDraft{Name: "k", Permissions: ask, Workspaces: []uuid.UUID{uuid.Nil}}, []string{"workspace_ids"}},
		{identity.KeyDraft{Name: "k", Permissions: ask, ExpiresAt: noon}, []string{"expires_at"}},
		{identity.KeyDraft{ExpiresAt: noon.Add(-time.Hour)}, []string{"name", "permissions", "expires_at"}},
	} {
		_, _, err := w.CreateKey(t.Context(), identity.System, c.draft)
		wantFields(t, err, c.want...)
	}
}

func TestNobodyGivesAPermissionThatTheyDontHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	actor := service(identity.AdminConfig, identity.QueryAsk)
	for _, p := range identity.Permissions() {
		_, _, err := w.CreateKey(t.Context(), actor, identity.KeyDraft{Name: "k", Permissions: []identity.Permission{p}})
		if actor.Can(p) {
			if err != nil {
				t.Errorf("CreateKey with %s = %v, want none", p, err)
			}
			continue
		}
		wantKind(t, "CreateKey with "+string(p), err, fault.Denied)
	}
}

func TestRevokingAKeyIsRecordedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, identity.Options{})
	k, _, err := w.CreateKey(t.Context(), identity.System, identity.KeyDraft{
		Name: "k", Permissions: []identity.Permission{identity.QueryAsk},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.RevokeKey(t.Context(), identity.System, k.ID); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Hour)
	}
	w.wantNews(1, happening{"admin.keys.revoke", "system", k.ID.String(), "{}"})
	keys, err := w.Keys(t.Context(), identity.System)
	if err != nil || !keys[0].RevokedAt.Equal(noon) {
		t.Errorf("Keys = %+v, %v, want the key revoked at noon", keys, err)
	}
	wantKind(t, "RevokeKey of none", w.RevokeKey(t.Context(), identity.System, someID()), fault.NotFound)
}
