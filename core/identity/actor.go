// Package identity knows who is asking: users, roles, API keys, sessions, and the Actor that every use case takes.
//
// It decides who somebody is and what kind of thing they may do at all. What they may do to a given workspace or document
// is decided by package workspace.
package identity

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/event"
)

// Role is a user's role.
type Role string

// The roles.
const (
	Admin    Role = "admin"
	Employee Role = "employee"
)

// Permission is something that an actor may do at all, before any workspace is looked at.
type Permission string

// The permissions. Everything includes all others.
const (
	DocumentsCreate Permission = "documents:create"
	DocumentsRead   Permission = "documents:read"
	DocumentsDelete Permission = "documents:delete"
	QuerySearch     Permission = "query:search"
	QueryAsk        Permission = "query:ask"
	QueryStream     Permission = "query:stream"
	AdminMetrics    Permission = "admin:metrics"
	AdminHealth     Permission = "admin:health"
	AdminConfig     Permission = "admin:config"
	Everything      Permission = "*"
)

// Permissions lists every permission, Everything included.
func Permissions() []Permission {
	return []Permission{
		DocumentsCreate, DocumentsRead, DocumentsDelete, QuerySearch, QueryAsk, QueryStream,
		AdminMetrics, AdminHealth, AdminConfig, Everything,
	}
}

// ActorKind says what sort of actor somebody is.
type ActorKind string

// The kinds of actor.
const (
	Anonymous    ActorKind = "anonymous"
	Person       ActorKind = "user"
	ServiceActor ActorKind = "service"
	SystemActor  ActorKind = "system"
)

// Actor is who asks. Its zero value is nobody, who may do nothing.
type Actor struct {
	Kind        ActorKind
	User        uuid.UUID    // of a person
	Role        Role         // of a person
	Key         string       // id of a service's API key
	KeyRole     string       // of a service whose key has a role in the configuration; for the record only
	Permissions []Permission // of a service
	Workspaces  []uuid.UUID  // which workspaces a service is limited to; empty means no limit
}

// System is the program itself, or an embedder who needs no access control. It may do everything.
var System = Actor{Kind: SystemActor}

// String returns the actor as it stands in events.
func (a Actor) String() string {
	switch a.Kind {
	case Person:
		return "user:" + a.User.String()
	case ServiceActor:
		return "service:" + a.Key
	case SystemActor:
		return "system"
	case Anonymous:
	}
	return string(Anonymous)
}

// Event makes an event that the actor caused. Data must marshal to a JSON object, or be nil.
func (a Actor) Event(name string, at time.Time, data any) event.Event {
	e := event.New(name, a.String(), at, data)
	e.Role = a.KeyRole
	if a.Kind == Person {
		e.Role = string(a.Role)
	}
	return e
}

// IsAdmin reports whether the actor is a user with the role Admin, or System.
func (a Actor) IsAdmin() bool {
	return a.Kind == SystemActor || a.Kind == Person && a.Role == Admin
}

// Can reports whether the actor holds the permission. An employee holds those on documents and queries, an admin all.
func (a Actor) Can(p Permission) bool {
	switch a.Kind {
	case SystemActor:
		return true
	case Person:
		return a.Role == Admin || a.Role == Employee && slices.Contains(employeePermissions(), p)
	case ServiceActor:
		return slices.Contains(a.Permissions, p) || slices.Contains(a.Permissions, Everything)
	case Anonymous:
	}
	return false
}

// In reports whether the actor's limits let it into the workspace at all.
func (a Actor) In(workspace uuid.UUID) bool {
	return a.Kind != ServiceActor || len(a.Workspaces) == 0 || slices.Contains(a.Workspaces, workspace)
}

func employeePermissions() []Permission {
	return []Permission{DocumentsCreate, DocumentsRead, DocumentsDelete, QuerySearch, QueryAsk, QueryStream}
}
