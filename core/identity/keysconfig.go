package identity

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	apiKeysVar = "API_KEYS_CONFIG"
	rbacVar    = "RBAC_CONFIG"
	idDigits   = 12 // hex digits of a fingerprint that name a key
)

// ParseKeysConfig reads the API keys of the settings API_KEYS_CONFIG and RBAC_CONFIG. A blank setting is not set.
//
//	API_KEYS_CONFIG  {"<key>": ["ingest", "ask", "metrics", "*"]}
//	RBAC_CONFIG      {"roles": {"<role>": {"permissions": [...], "inherits_from": "<role>", "description": "..."}},
//	                  "key_roles": {"<fingerprint>": "<role>"}}
//
// With the first alone, the scopes of a key are its permissions. With both, a key has to stand in the first and its
// permissions are those of its role; without a role it has none. With the second alone, the fingerprint is the key. A
// fingerprint there is the first 12 hex digits of what the function fingerprint returns or, better, all of them: with 12,
// somebody who has read them in the audit trail can compute a key that has them too.
//
// Anything that is not understood is an error and no key works. Errors say what is wrong and never show a key, nor
// anything that could be one in the wrong place: they count entries instead.
func ParseKeysConfig(apiKeys, rbac string, fingerprint func(string) string) ([]StaticKey, error) {
	keys, err := parseAPIKeys(apiKeys, fingerprint)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(rbac) != "" {
		granted, err := parseRBAC(rbac)
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(apiKeys) == "" {
			keys = granted
		} else {
			govern(keys, granted)
		}
	}
	slices.SortFunc(keys, func(a, b StaticKey) int { return cmp.Compare(a.ID, b.ID) })
	return keys, nil
}

// govern replaces the permissions of keys by those that were granted to their fingerprints.
func govern(keys, granted []StaticKey) {
	for i := range keys {
		keys[i].Permissions = nil
		for _, g := range granted {
			if strings.HasPrefix(keys[i].Hash, g.Hash) {
				keys[i].Role, keys[i].Permissions = g.Role, g.Permissions
			}
		}
	}
}

func parseAPIKeys(text string, fingerprint func(string) string) ([]StaticKey, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	entries, err := parseObject([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s %w", apiKeysVar, err)
	}
	keys := make([]StaticKey, 0, len(entries))
	for i, e := range entries {
		if strings.TrimSpace(e.name) == "" {
			return nil, fmt.Errorf("%s: entry %d has a blank key", apiKeysVar, i+1)
		}
		ps, err := scopes(e.value)
		if err != nil {
			return nil, fmt.Errorf("%s: entry %d: %w", apiKeysVar, i+1, err)
		}
		hash := fingerprint(e.name)
		if len(hash) < idDigits {
			return nil, fmt.Errorf("%s: a fingerprint has fewer than %d digits", apiKeysVar, idDigits)
		}
		keys = append(keys, StaticKey{ID: hash[:idDigits], Hash: hash, Permissions: ps})
	}
	return keys, nil
}

// scopes turns the list of scopes of a key into permissions.
func scopes(raw json.RawMessage) ([]Permission, error) {
	names, err := parseStrings(raw)
	if err != nil {
		return nil, fmt.Errorf("the scopes %w", err)
	}
	var ps []Permission
	for i, n := range names {
		granted := scopePermissions(n)
		if granted == nil {
			return nil, fmt.Errorf("scope %d is unknown; there are ingest, ask, metrics and *", i+1)
		}
		ps = append(ps, granted...)
	}
	return inOrder(ps), nil
}

func scopePermissions(scope string) []Permission {
	switch scope {
	case "ingest":
		return []Permission{DocumentsCreate, DocumentsRead, DocumentsDelete}
	case "ask":
		return []Permission{DocumentsRead, QuerySearch, QueryAsk, QueryStream}
	case "metrics":
		return []Permission{AdminMetrics}
	case "*":
		return []Permission{Everything}
	}
	return nil
}

// inOrder returns the permissions once each, in the order of Permissions.
func inOrder(ps []Permission) []Permission {
	var out []Permission
	for _, p := range Permissions() {
		if slices.Contains(ps, p) {
			out = append(out, p)
		}
	}
	return out
}
