package audit

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/identity"
)

// Metadata returns an event's own details together with what is known of every event: principal_type; user_id and role of a
// user, or api_key_id or api_key_hash, and rbac_role, of a service; and workspace_id, when it is about one. What is known wins
// over details of the same name, but for the role: where an event is about a user, that is the role which its details name.
func Metadata(e event.Event) (map[string]any, error) {
	m := map[string]any{}
	if len(e.Data) > 0 {
		if err := json.Unmarshal(e.Data, &m); err != nil {
			return nil, fmt.Errorf("details of event %s: %w", e.ID, err)
		}
	}
	if m == nil { // the details were null
		m = map[string]any{}
	}
	kind, id, _ := strings.Cut(e.Actor, ":")
	m["principal_type"] = kind
	switch identity.ActorKind(kind) {
	case identity.Person:
		m["user_id"] = id
		known(m, "role", e.Role)
	case identity.ServiceActor:
		m[keyName(id)] = id
		known(m, "rbac_role", e.Role)
	case identity.Anonymous, identity.SystemActor:
	}
	if e.Workspace != uuid.Nil {
		m["workspace_id"] = e.Workspace.String()
	}
	return m, nil
}

// known notes a role, unless there is none or the details name the role of whoever the event is about.
func known(m map[string]any, name, role string) {
	if _, told := m[name]; role != "" && !told {
		m[name] = role
	}
}

// keyName tells keys of the database, which have a UUID, from those of the configuration, which are known by a part of their
// hash.
func keyName(id string) string {
	if _, err := uuid.Parse(id); err == nil {
		return "api_key_id"
	}
	return "api_key_hash"
}
