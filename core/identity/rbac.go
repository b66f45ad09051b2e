package identity

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// keyRole is a role of RBAC_CONFIG: a named set of permissions for API keys. It has nothing to do with a user's Role.
type keyRole struct {
	permissions []Permission
	parent      string // empty when it inherits from none
}

func builtinRoles() map[string]keyRole {
	return map[string]keyRole{
		"admin":       {permissions: []Permission{Everything}},
		"user":        {permissions: []Permission{DocumentsCreate, DocumentsRead, QuerySearch, QueryAsk, QueryStream}},
		"readonly":    {permissions: []Permission{DocumentsRead, QuerySearch, QueryAsk}},
		"ingest-only": {permissions: []Permission{DocumentsCreate}},
	}
}

// parseRBAC returns one key for each entry of key_roles.
func parseRBAC(text string) ([]StaticKey, error) {
	members, err := parseObject([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s %w", rbacVar, err)
	}
	var rolesRaw, keysRaw json.RawMessage
	for i, m := range members {
		switch m.name {
		case "roles":
			rolesRaw = m.value
		case "key_roles":
			keysRaw = m.value
		default:
			return nil, fmt.Errorf("%s: member %d is unknown; there are roles and key_roles", rbacVar, i+1)
		}
	}
	roles, err := parseRoles(rolesRaw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rbacVar, err)
	}
	keys, err := parseKeyRoles(keysRaw, roles)
	if err != nil {
		return nil, fmt.Errorf("%s: key_roles: %w", rbacVar, err)
	}
	return keys, nil
}

// parseRoles returns all roles with what they inherit, the custom ones taking the place of built-in ones of their name.
func parseRoles(raw json.RawMessage) (map[string][]Permission, error) {
	roles := builtinRoles()
	if raw != nil {
		entries, err := parseObject(raw)
		if err != nil {
			return nil, fmt.Errorf("roles %w", err)
		}
		for _, e := range entries {
			if roles[e.name], err = parseRole(e.value); err != nil {
				return nil, fmt.Errorf("role %q: %w", e.name, err)
			}
		}
	}
	resolved := make(map[string][]Permission, len(roles))
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		ps, err := inherited(name, roles)
		if err != nil {
			return nil, err
		}
		resolved[name] = ps
	}
	return resolved, nil
}

func parseRole(raw json.RawMessage) (keyRole, error) {
	members, err := parseObject(raw)
	if err != nil {
		return keyRole{}, fmt.Errorf("it %w", err)
	}
	var r keyRole
	for _, m := range members {
		switch m.name {
		case "permissions":
			r.permissions, err = parsePermissions(m.value)
		case "inherits_from":
			r.parent, err = parseName(m.value)
		case "description":
			_, err = parseName(m.value)
		default:
			return keyRole{}, fmt.Errorf("there is no member %q; there are permissions, inherits_from and description", m.name)
		}
		if err != nil {
			return keyRole{}, fmt.Errorf("%s %w", m.name, err)
		}
	}
	return r, nil
}

func parsePermissions(raw json.RawMessage) ([]Permission, error) {
	names, err := parseStrings(raw)
	if err != nil {
		return nil, err
	}
	ps := make([]Permission, len(names))
	for i, n := range names {
		ps[i] = Permission(n)
		if !slices.Contains(Permissions(), ps[i]) {
			return nil, fmt.Errorf("contain the unknown %q; there are %s", n, listed(Permissions()))
		}
	}
	return ps, nil
}

// inherited walks up from a role and collects permissions. An ancestor that doesn't exist, and a circle, are errors.
func inherited(name string, roles map[string]keyRole) ([]Permission, error) {
	var ps []Permission
	path := []string{name}
	for {
		r := roles[name]
		ps = append(ps, r.permissions...)
		if r.parent == "" {
			return inOrder(ps), nil
		}
		if _, ok := roles[r.parent]; !ok {
			return nil, fmt.Errorf("role %q inherits from %q, which does not exist", name, r.parent)
		}
		if slices.Contains(path, r.parent) {
			return nil, fmt.Errorf("roles inherit in a circle: %s", strings.Join(append(path, r.parent), " from "))
		}
		name = r.parent
		path = append(path, name)
	}
}

func parseKeyRoles(raw json.RawMessage, roles map[string][]Permission) ([]StaticKey, error) {
	if raw == nil {
		return nil, nil
	}
	entries, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	keys := make([]StaticKey, 0, len(entries))
	seen := make(map[string]bool, len(entries))
	for i, e := range entries {
		hash := strings.ToLower(e.name)
		if _, err := hex.DecodeString(hash); err != nil || len(hash) != idDigits && len(hash) != 64 {
			return nil, fmt.Errorf("entry %d is named by something else than %d or 64 hex digits of a SHA-256", i+1, idDigits)
		}
		id := hash[:idDigits]
		if seen[id] {
			return nil, fmt.Errorf("entry %d is about the same key as one before", i+1)
		}
		seen[id] = true
		name, err := parseName(e.value)
		if err != nil {
			return nil, fmt.Errorf("the role of %s %w", id, err)
		}
		ps, ok := roles[name]
		if !ok {
			return nil, fmt.Errorf("the role of %s is unknown; there are %s", id, listed(slices.Sorted(maps.Keys(roles))))
		}
		keys = append(keys, StaticKey{ID: id, Hash: hash, Role: name, Permissions: ps})
	}
	return keys, nil
}
