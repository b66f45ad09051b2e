package identity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/identity"
)

func fingerprint(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// permissionsOf parses and returns the permissions of each key, by the first 12 digits of its fingerprint.
func permissionsOf(t *testing.T, apiKeys, rbac string) map[string][]identity.Permission {
	t.Helper()
	keys, err := identity.ParseKeysConfig(apiKeys, rbac, fingerprint)
	if err != nil {
		t.Fatalf("ParseKeysConfig = %v, want none", err)
	}
	got := map[string][]identity.Permission{}
	for _, k := range keys {
		if !strings.HasPrefix(k.Hash, k.ID) || len(k.ID) != 12 {
			t.Errorf("key %+v is not named by the start of its fingerprint", k)
		}
		got[k.ID] = k.Permissions
	}
	return got
}

func TestKeysOfTheConfigurationHoldWhatScopesAndRolesGive(t *testing.T) {
	t.Parallel()
	one, two := fingerprint("one")[:12], fingerprint("two")[:12]
	type granted = map[string][]identity.Permission
	all := []identity.Permission{identity.Everything}
	ask := []identity.Permission{identity.DocumentsRead, identity.QuerySearch, identity.QueryAsk, identity.QueryStream}
	ingest := []identity.Permission{identity.DocumentsCreate, identity.DocumentsRead, identity.DocumentsDelete}
	for _, c := range []struct {
		name, apiKeys, rbac string
		want                granted
	}{
		{"nothing is set", "", " \n", granted{}},
		{"no keys", "{}", "", granted{}},
		{"ingest and ask", `{"one": ["ingest"], "two": ["ask"]}`, "", granted{one: ingest, two: ask}},
		{"metrics and everything", `{"one": ["metrics"], "two": ["*"]}`, "", granted{one: {identity.AdminMetrics}, two: all}},
		{"scopes add up", `{"one": ["ask", "metrics", "ask"]}`, "", granted{one: append(ask[:4:4], identity.AdminMetrics)}},
		{"no scopes", `{"one": []}`, "", granted{one: nil}},
		{
			"built-in roles", "", `{"key_roles": {"` + one + `": "readonly", "` + two + `": "admin"}}`,
			granted{one: ask[:3], two: all},
		},
		{"the whole fingerprint", "", `{"key_roles": {"` + strings.ToUpper(fingerprint("one")) + `": "admin"}}`, granted{one: all}},
		{
			"a custom role inherits, recursively", "",
			`{"roles": {"a": {"permissions": ["admin:health"], "inherits_from": "b", "description": "x"},
			            "b": {"permissions": ["documents:delete"], "inherits_from": "ingest-only"}},
			  "key_roles": {"` + one + `": "a"}}`,
			granted{one: {identity.DocumentsCreate, identity.DocumentsDelete, identity.AdminHealth}},
		},
		{
			"a custom role takes the place of a built-in one", "",
			`{"roles": {"admin": {"permissions": ["admin:health"], "inherits_from": null}}, "key_roles": {"` + one + `": "admin"}}`,
			granted{one: {identity.AdminHealth}},
		},
		{
			"with both, roles decide and a key without one has nothing", `{"one": ["*"], "two": ["*"]}`,
			`{"key_roles": {"` + one + `": "ingest-only"}}`,
			granted{one: {identity.DocumentsCreate}, two: nil},
		},
		{
			"with both, a key has to stand among the keys", `{"one": ["ask"]}`,
			`{"key_roles": {"` + one + `": "admin", "` + two + `": "admin"}}`,
			granted{one: all},
		},
		{"roles are set but empty", `{"one": ["*"]}`, `{}`, granted{one: nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, permissionsOf(t, c.apiKeys, c.rbac)); diff != "" {
				t.Errorf("permissions mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAConfigurationThatIsNotUnderstoodIsAnErrorThatShowsNoKey(t *testing.T) {
	t.Parallel()
	one := fingerprint("one")[:12]
	for _, c := range []struct{ name, apiKeys, rbac, says string }{
		{"cut off", `{"s3cret": ["ask"]`, "", "API_KEYS_CONFIG must be valid JSON"},
		{"text", `s3cret`, "", "API_KEYS_CONFIG must be valid JSON"},
		{"trailing comma", `{"s3cret": ["ask"],}`, "", "valid JSON"},
		{"two objects", `{"s3cret": ["ask"]} {}`, "", "valid JSON"},
		{"a list", `["s3cret"]`, "", "must be a JSON object"},
		{"null", `null`, "", "must be a JSON object"},
		{"scopes are a string", `{"s3cret": "ask"}`, "", "entry 1: the scopes must be a list of strings"},
		{"scopes are null", `{"s3cret": null}`, "", "must be a list of strings"},
		{"a scope is a number", `{"s3cret": [1]}`, "", "must be a list of strings"},
		{"a scope is null", `{"s3cret": [null]}`, "", "must be a list of strings"},
		{"the second key has an unknown scope", `{"x": ["ask"], "s3cret": ["ask", "ASK"]}`, "", "entry 2: scope 2 is unknown"},
		{"key and scope are swapped", `{"ask": ["s3cret"]}`, "", "entry 1: scope 1 is unknown"},
		{"a blank key", `{" ": ["ask"]}`, "", "entry 1 has a blank key"},
		{"one key twice", `{"s3cret": ["ask"], "s3cret": ["*"]}`, "", "member 2 repeats"},
		{"not UTF-8", "{\"s3cret\xff\": []}", "", "UTF-8"},
		{"roles cut off", "", `{"key_roles": {"s3cret`, "RBAC_CONFIG must be valid JSON"},
		{"roles are a list", "", `[]`, "RBAC_CONFIG must be a JSON object"},
		{"an unknown member", "", `{"s3cret": "admin"}`, "member 1 is unknown"},
		{"a member in another case", "", `{"KEY_ROLES": {}}`, "member 1 is unknown"},
		{"a key instead of its fingerprint", "", `{"key_roles": {"s3cret": "admin"}}`, "key_roles: entry 1"},
		{"a fingerprint of 13 digits", "", `{"key_roles": {"` + one + `0": "admin"}}`, "12 or 64 hex digits"},
		{"an unknown role", "", `{"key_roles": {"` + one + `": "root"}}`, "the role of " + one + " is unknown"},
		{"no role", "", `{"key_roles": {"` + one + `": null}}`, "is unknown"},
		{"a role that is a list", "", `{"key_roles": {"` + one + `": ["admin"]}}`, "must be a string"},
		{"two names of one key", "", `{"key_roles": {"` + one + `": "user", "` + fingerprint("one") + `": "admin"}}`, "same key"},
		{"an unknown permission", "", `{"roles": {"r": {"permissions": ["documents:burn"]}}}`, `role "r": permissions contain the unknown "documents:burn"`},
		{"permissions are a string", "", `{"roles": {"r": {"permissions": "*"}}}`, `role "r": permissions must be a list`},
		{"a role is a string", "", `{"roles": {"r": "admin"}}`, `role "r": it must be a JSON object`},
		{"an unknown member of a role", "", `{"roles": {"r": {"inherits": "admin"}}}`, `no member "inherits"`},
		{"an unknown parent", "", `{"roles": {"r": {"inherits_from": "root"}}}`, `role "r" inherits from "root"`},
		{"a role that is its own parent", "", `{"roles": {"r": {"inherits_from": "r"}}}`, "circle: r from r"},
		{
			"a circle of roles", "",
			`{"roles": {"a": {"inherits_from": "b"}, "b": {"inherits_from": "c"}, "c": {"inherits_from": "a"}}}`,
			"circle: a from b from c from a",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			keys, err := identity.ParseKeysConfig(c.apiKeys, c.rbac, fingerprint)
			if err == nil || keys != nil {
				t.Fatalf("ParseKeysConfig = %+v, %v, want an error and no keys", keys, err)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("err = %v, want it to say %q", err, c.says)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("err = %v, which shows a key", err)
			}
		})
	}
}

func FuzzNoConfigurationCrashesOrShowsItsKeys(f *testing.F) {
	f.Add(`{"s3cret": ["ask"]}`, `{"roles": {"a": {"inherits_from": "a"}}, "key_roles": {"0123456789ab": "a"}}`)
	f.Add(`{"s3cret": "ask"}`, `{"key_roles": {"s3cret": "admin"}}`)
	f.Add(`{"a":["ask"],}`, ``)
	f.Fuzz(func(t *testing.T, apiKeys, rbac string) {
		keys, err := identity.ParseKeysConfig(apiKeys, rbac, fingerprint)
		if err != nil && len(keys) > 0 {
			t.Errorf("ParseKeysConfig gives keys beside the error %v", err)
		}
		if err != nil && strings.TrimSpace(rbac) == "" && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("err = %v, which shows a key", err)
		}
		for _, k := range keys {
			if len(k.ID) != 12 || !strings.HasPrefix(k.Hash, k.ID) {
				t.Errorf("key %+v is not named by the start of its fingerprint", k)
			}
		}
	})
}
